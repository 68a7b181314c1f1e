// The one way to the bytes of a tensor: no other code of the shim reads or writes through a raw pointer.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace pixelcl {

// Whether the tensor says that its values are zeros but has no memory for them. autograd makes such ZeroTensors, for example as the
// gradient of sgn; libtorch's kernels know them, a raw pointer does not.
bool isZeroTensor(const at::Tensor& tensor);

// The same values in memory of their own or the tensor's: zeros for a ZeroTensor, conjugated and negated where a view is only marked so.
at::Tensor materialized(const at::Tensor& tensor);

// The elements in order, as a contiguous strided tensor on the CPU, whose bytes `dataOf` gives.
at::Tensor elementsOnCpu(const at::Tensor& tensor);

// The first byte of a contiguous CPU tensor from `elementsOnCpu` or a factory.
const void* dataOf(const at::Tensor& tensor);
void* mutableDataOf(const at::Tensor& tensor);

// The first byte of a range of a CPU storage; throws for a range beyond it and for a storage without memory.
const char* storageBytes(const at::Tensor& tensor, int64_t offset, size_t length);
char* mutableStorageBytes(const at::Tensor& tensor, int64_t offset, size_t length);

}  // namespace pixelcl
