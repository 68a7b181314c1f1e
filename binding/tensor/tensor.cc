// Properties of a tensor, and copying raw bytes in and out.
#include <ATen/ops/_local_scalar_dense.h>
#include <ATen/ops/empty.h>
#include <c10/core/DefaultDtype.h>
#include <torch/csrc/autograd/variable.h>

#include <cstring>
#include <map>
#include <random>

#include "runtime/convert.h"
#include "runtime/handles.h"
#include "tensor/data.h"
#include "tensor/mkldnn.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

struct Bytes {
  const void* data = nullptr;
  size_t length = 0;
};

Bytes bytesOf(napi_env env, napi_value value) {
  Bytes bytes;
  void* data = nullptr;
  bool matches = false;
  check(napi_is_typedarray(env, value, &matches));
  if (matches) {
    napi_typedarray_type type{};
    size_t count = 0;
    check(napi_get_typedarray_info(env, value, &type, &count, &data, nullptr, nullptr));
    static constexpr size_t kSizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
    if (static_cast<size_t>(type) >= std::size(kSizes)) throw Failure("ARGUMENT", "expected one of the standard typed arrays");
    return {data, count * kSizes[type]};
  }
  check(napi_is_dataview(env, value, &matches));
  if (matches) {
    check(napi_get_dataview_info(env, value, &bytes.length, &data, nullptr, nullptr));
    bytes.data = data;
    return bytes;
  }
  throw Failure("ARGUMENT", "expected a typed array but received " + describeValue(env, value));
}

size_t checkedBytes(const std::vector<int64_t>& shape, size_t elementSize) {
  size_t total = elementSize;
  for (const int64_t size : shape) {
    if (size < 0) throw Failure("ARGUMENT", "a shape has the negative size " + std::to_string(size));
    if (__builtin_mul_overflow(total, static_cast<size_t>(size), &total) || total > (size_t{1} << 60))
      throw Failure("ARGUMENT", "a shape is too large for memory");
  }
  return total;
}

Napi::Value fromBytes(Info info) {
  Napi::Env env = info.Env();
  const Bytes bytes = bytesOf(env, info[0]);
  const auto shape = intsOf(env, info[1], "a shape");
  const c10::ScalarType dtype = parseDtype(stringOf(env, info[2], "a dtype"));
  const size_t expected = checkedBytes(shape, c10::elementSize(dtype));
  if (bytes.length != expected) {
    throw Failure("ARGUMENT",
                  "expected " + std::to_string(expected) + " bytes for this shape and dtype but received " + std::to_string(bytes.length));
  }
  const at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
  if (expected != 0) std::memcpy(mutableDataOf(tensor), bytes.data, expected);
  return Napi::Value(env, wrapTensor(env, tensor));
}

// Calls JavaScript's constructor, which throws if memory is exhausted; Node-API's function would end the process.
napi_value newArrayBuffer(napi_env env, size_t bytes, void** data) {
  napi_value global = nullptr;
  napi_value constructor = nullptr;
  napi_value length = nullptr;
  napi_value buffer = nullptr;
  check(napi_get_global(env, &global));
  check(napi_get_named_property(env, global, "ArrayBuffer", &constructor));
  check(napi_create_double(env, static_cast<double>(bytes), &length));
  check(napi_new_instance(env, constructor, 1, &length, &buffer));
  size_t given = 0;
  check(napi_get_arraybuffer_info(env, buffer, data, &given));
  if (given != bytes) throw Failure("ARGUMENT", "the global ArrayBuffer is not JavaScript's own");
  return buffer;
}

Napi::Value toBytes(Info info) {
  Napi::Env env = info.Env();
  const at::Tensor elements = elementsOnCpu(tensorOf(env, info[0]));
  const size_t bytes = static_cast<size_t>(elements.numel()) * elements.element_size();
  void* target = nullptr;
  const napi_value buffer = newArrayBuffer(env, bytes, &target);
  if (bytes != 0) std::memcpy(target, dataOf(elements), bytes);
  return Napi::Value(env, buffer);
}

Napi::Value storageFromBytes(Info info) {
  Napi::Env env = info.Env();
  const Bytes bytes = bytesOf(env, info[0]);
  const at::Tensor tensor = at::empty({static_cast<int64_t>(bytes.length)}, at::TensorOptions().dtype(c10::ScalarType::Byte));
  if (bytes.length != 0) std::memcpy(mutableDataOf(tensor), bytes.data, bytes.length);
  return Napi::Value(env, wrapTensor(env, tensor));
}

Napi::Value emptyStorage(Info info) {
  Napi::Env env = info.Env();
  const int64_t bytes = intOf(env, info[0], "a storage's size");
  if (bytes < 0) throw Failure("ARGUMENT", "a storage's size is negative");
  return Napi::Value(env, wrapTensor(env, at::empty({bytes}, at::TensorOptions().dtype(c10::ScalarType::Byte))));
}

Napi::Value writeStorage(Info info) {
  Napi::Env env = info.Env();
  const Bytes bytes = bytesOf(env, info[2]);
  char* const target = mutableStorageBytes(tensorOf(env, info[0]), intOf(env, info[1], "an offset"), bytes.length);
  if (bytes.length != 0) std::memcpy(target, bytes.data, bytes.length);
  return env.Undefined();
}

Napi::Value readStorage(Info info) {
  Napi::Env env = info.Env();
  const Bytes bytes = bytesOf(env, info[2]);
  const char* const source = storageBytes(tensorOf(env, info[0]), intOf(env, info[1], "an offset"), bytes.length);
  if (bytes.length != 0) std::memcpy(const_cast<void*>(bytes.data), source, bytes.length);
  return env.Undefined();
}

Napi::Value viewOfStorage(Info info) {
  Napi::Env env = info.Env();
  const at::Tensor& base = tensorOf(env, info[0]);
  if (isZeroTensor(base)) throw Failure("ARGUMENT", "a storage has no memory: call clone() first");
  const c10::ScalarType dtype = parseDtype(stringOf(env, info[1], "a dtype"));
  const int64_t offset = intOf(env, info[2], "an offset");
  const auto shape = intsOf(env, info[3], "a shape");
  const auto stride = intsOf(env, info[4], "strides");
  const auto elementSize = static_cast<int64_t>(c10::elementSize(dtype));
  checkedBytes(shape, static_cast<size_t>(elementSize));
  if (shape.size() != stride.size()) throw Failure("ARGUMENT", "a shape and its strides have different lengths");
  if (offset < 0) throw Failure("ARGUMENT", "an offset is negative");
  int64_t last = offset;
  bool empty = false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (stride[i] < 0) throw Failure("ARGUMENT", "a stride is negative");
    if (shape[i] == 0) empty = true;
    int64_t reach = 0;
    if (shape[i] > 0 && (__builtin_mul_overflow(shape[i] - 1, stride[i], &reach) || __builtin_add_overflow(last, reach, &last))) {
      throw Failure("ARGUMENT", "a view reaches beyond its storage");
    }
  }
  const auto capacity = static_cast<int64_t>(base.storage().nbytes()) / elementSize;
  if (!empty && last >= capacity) throw Failure("ARGUMENT", "a view reaches beyond its storage");
  // A new tensor of this dtype adopts the storage, so that it has a version counter of its own.
  at::Tensor view = at::empty({0}, at::TensorOptions().dtype(dtype).device(base.device()));
  view.set_(base.storage(), offset, shape, stride);
  return Napi::Value(env, wrapTensor(env, view));
}

Napi::Value shape(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  return Napi::Value(info.Env(), intsValue(info.Env(), tensor.sizes()));
}

Napi::Value stride(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  return Napi::Value(info.Env(), intsValue(info.Env(), tensor.strides()));
}

Napi::Value storageOffset(Info info) {
  return Napi::Number::New(info.Env(), static_cast<double>(tensorOf(info.Env(), info[0]).storage_offset()));
}

Napi::Value dim(Info info) { return Napi::Number::New(info.Env(), static_cast<double>(tensorOf(info.Env(), info[0]).dim())); }

Napi::Value numel(Info info) { return Napi::Number::New(info.Env(), static_cast<double>(tensorOf(info.Env(), info[0]).numel())); }

Napi::Value dtype(Info info) { return Napi::String::New(info.Env(), dtypeName(tensorOf(info.Env(), info[0]).scalar_type())); }

Napi::Value device(Info info) { return Napi::String::New(info.Env(), tensorOf(info.Env(), info[0]).device().str()); }

Napi::Value layout(Info info) { return Napi::String::New(info.Env(), layoutName(tensorOf(info.Env(), info[0]).layout())); }

Napi::Value elementSize(Info info) {
  return Napi::Number::New(info.Env(), static_cast<double>(tensorOf(info.Env(), info[0]).element_size()));
}

Napi::Value identity(Info info) {
  const auto address = reinterpret_cast<uintptr_t>(tensorOf(info.Env(), info[0]).unsafeGetTensorImpl());
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(address));
}

Napi::Value storageIdentity(Info info) {
  const auto address = reinterpret_cast<uintptr_t>(tensorOf(info.Env(), info[0]).storage().unsafeGetStorageImpl());
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(address));
}

Napi::Value storageSize(Info info) {
  return Napi::Number::New(info.Env(), static_cast<double>(tensorOf(info.Env(), info[0]).storage().nbytes()));
}

Napi::Value dispose(Info info) {
  TensorHandle& handle = tensorHandle(info.Env(), info[0], "dispose");
  if (handle.disposed == nullptr) {
    handle.disposed = std::make_unique<std::string>(describeTensor(handle.tensor));
    handle.tensor.reset();
    --handle.environment->liveTensors;
  }
  return info.Env().Undefined();
}

Napi::Value isDisposed(Info info) {
  return Napi::Boolean::New(info.Env(), tensorHandle(info.Env(), info[0], "isDisposed").disposed != nullptr);
}

// Whether resize_ may enlarge the tensor; checked first, because libtorch changes the sizes before it fails.
Napi::Value isResizable(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  return Napi::Boolean::New(info.Env(), !tensor.has_storage() || tensor.storage().resizable());
}

Napi::Value hasMemory(Info info) { return Napi::Boolean::New(info.Env(), !isZeroTensor(tensorOf(info.Env(), info[0]))); }

Napi::Value materialize(Info info) {
  Napi::Env env = info.Env();
  const at::Tensor& tensor = tensorOf(env, info[0]);
  return isZeroTensor(tensor) ? Napi::Value(env, wrapTensor(env, materialized(tensor))) : info[0];
}

Napi::Value setData(Info info) {
  const at::Tensor target = tensorOf(info.Env(), info[0]);
  const auto sizes = target.sizes().vec();
  target.set_data(tensorOf(info.Env(), info[1]));
  // A backward that has saved the tensor must fail rather than read it at the old size, or read indices that nobody has checked.
  if (!target.sizes().equals(sizes) || c10::isIntegralType(target.scalar_type(), false)) torch::autograd::impl::bump_version(target);
  return info.Env().Undefined();
}

Napi::Value item(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  if (tensor.numel() != 1) {
    throw Failure("ARGUMENT",
                  "item() takes a tensor of one element but this is " + describeTensor(tensor) + "; use tolist() or toTypedArray()");
  }
  const at::Scalar scalar = tensor.item();
  if (tensor.scalar_type() == c10::ScalarType::UInt64) {
    const uint64_t number = scalar.toUInt64();
    if (number >> 53 != 0) return Napi::BigInt::New(info.Env(), number);
    return Napi::Number::New(info.Env(), static_cast<double>(number));
  }
  return Napi::Value(info.Env(), fromIValue(info.Env(), c10::IValue(scalar), nullptr));
}

Napi::Value defaultDtype(Info info) {
  return Napi::String::New(info.Env(), dtypeName(c10::typeMetaToScalarType(c10::get_default_dtype())));
}

Napi::Value setDefaultDtype(Info info) {
  const c10::ScalarType type = parseDtype(stringOf(info.Env(), info[0], "a dtype"));
  if (!c10::isFloatingType(type)) throw Failure("ARGUMENT", "the default dtype must be a floating-point one");
  c10::set_default_dtype(c10::scalarTypeToTypeMeta(type));
  return info.Env().Undefined();
}

// Tensors being passed between threads of the process; each token can be redeemed once.
std::mutex sharedMutex;
std::map<std::string, at::Tensor>& sharedTensors() {
  static auto* const tensors = new std::map<std::string, at::Tensor>();
  return *tensors;
}

Napi::Value share(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  static std::random_device random;
  // Another thread may read the storage while this one resizes it.
  if (tensor.has_storage()) tensor.storage().unsafeGetStorageImpl()->set_resizable(false);
  const std::lock_guard<std::mutex> lock(sharedMutex);
  const std::string token = "tensor-" + std::to_string((static_cast<uint64_t>(random()) << 32) | random());
  sharedTensors()[token] = tensor.detach().requires_grad_(tensor.is_leaf() && tensor.requires_grad());
  return Napi::String::New(info.Env(), token);
}

Napi::Value fromShared(Info info) {
  const std::string token = stringOf(info.Env(), info[0], "a token of tensor.share()");
  const std::lock_guard<std::mutex> lock(sharedMutex);
  const auto found = sharedTensors().find(token);
  if (found == sharedTensors().end())
    throw Failure("ARGUMENT", "no tensor is shared under this token; each token of tensor.share() serves once");
  at::Tensor tensor = std::move(found->second);
  sharedTensors().erase(found);
  return Napi::Value(info.Env(), wrapTensor(info.Env(), std::move(tensor)));
}

}  // namespace

void registerTensor(Napi::Object exports) {
  refuseUnknownMkldnn();
  define<fromBytes>(exports, "fromBytes");
  define<toBytes>(exports, "toBytes");
  define<storageFromBytes>(exports, "storageFromBytes");
  define<emptyStorage>(exports, "emptyStorage");
  define<writeStorage>(exports, "writeStorage");
  define<readStorage>(exports, "readStorage");
  define<viewOfStorage>(exports, "viewOfStorage");
  define<shape>(exports, "shape");
  define<stride>(exports, "stride");
  define<storageOffset>(exports, "storageOffset");
  define<dim>(exports, "dim");
  define<numel>(exports, "numel");
  define<dtype>(exports, "dtype");
  define<device>(exports, "device");
  define<layout>(exports, "layout");
  define<elementSize>(exports, "elementSize");
  define<identity>(exports, "identity");
  define<storageIdentity>(exports, "storageIdentity");
  define<storageSize>(exports, "storageSize");
  define<dispose>(exports, "dispose");
  define<isDisposed>(exports, "isDisposed");
  define<setData>(exports, "setData");
  define<isResizable>(exports, "isResizable");
  define<hasMemory>(exports, "hasMemory");
  define<materialize>(exports, "materialize");
  define<item>(exports, "item");
  define<defaultDtype>(exports, "defaultDtype");
  define<setDefaultDtype>(exports, "setDefaultDtype");
  define<share>(exports, "share");
  define<fromShared>(exports, "fromShared");
}

}  // namespace pixelcl
