#include "tensor/data.h"

#include <ATen/ops/zeros.h>

#include "runtime/errors.h"
#include "runtime/handles.h"

namespace pixelcl {

namespace {

void checkRange(const at::Tensor& tensor, int64_t offset, size_t length) {
  if (tensor.device().type() != c10::DeviceType::CPU)
    throw Failure("ARGUMENT", "the bytes of a storage are read and written on the CPU: call cpu() first");
  const size_t bytes = tensor.storage().nbytes();
  if (offset < 0 || static_cast<size_t>(offset) > bytes || length > bytes - static_cast<size_t>(offset)) {
    throw Failure("ARGUMENT", "a range of bytes reaches beyond its storage");
  }
  if (length != 0 && tensor.storage().data() == nullptr) throw Failure("ARGUMENT", "a storage has no memory: call clone() first");
}

// Opaque tensors and wrappers have no memory that a pointer could reach.
void checkMemory(const at::Tensor& tensor) {
  if (!tensor.has_storage() || !tensor.is_cpu()) {
    throw Failure("ARGUMENT", "the values of " + describeTensor(tensor) + " on " + tensor.device().str() + " are not in the CPU's memory");
  }
  if (tensor.numel() != 0 && tensor.storage().data() == nullptr)
    throw Failure("ARGUMENT", "the values of " + describeTensor(tensor) + " have no memory");
}

}  // namespace

bool isZeroTensor(const at::Tensor& tensor) { return tensor._is_zerotensor(); }

at::Tensor materialized(const at::Tensor& tensor) {
  if (isZeroTensor(tensor)) return at::zeros(tensor.sizes(), tensor.options());
  return tensor.resolve_conj().resolve_neg();
}

at::Tensor elementsOnCpu(const at::Tensor& tensor) {
  at::Tensor elements = materialized(tensor.detach());
  if (elements.layout() != c10::Layout::Strided) elements = elements.to_dense();
  elements = elements.to(c10::Device(c10::DeviceType::CPU)).contiguous();
  checkMemory(elements);
  return elements;
}

const void* dataOf(const at::Tensor& tensor) { return tensor.const_data_ptr(); }

void* mutableDataOf(const at::Tensor& tensor) { return tensor.mutable_data_ptr(); }

const char* storageBytes(const at::Tensor& tensor, int64_t offset, size_t length) {
  checkRange(tensor, offset, length);
  return static_cast<const char*>(tensor.storage().data()) + offset;
}

char* mutableStorageBytes(const at::Tensor& tensor, int64_t offset, size_t length) {
  checkRange(tensor, offset, length);
  return static_cast<char*>(tensor.storage().mutable_data()) + offset;
}

}  // namespace pixelcl
