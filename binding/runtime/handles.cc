#include "runtime/handles.h"

#include <sstream>

#include "memory/device.h"
#include "memory/small_blocks.h"
#include "runtime/names.h"
#include "runtime/values.h"

namespace pixelcl {

namespace {

void finalizeTensor(node_api_basic_env env, void* data, void*) {
  auto* handle = static_cast<TensorHandle*>(data);
  Environment* environment = handle->environment;
  if (handle->disposed == nullptr) --environment->liveTensors;
  delete handle;
  if (!environment->closed.load(std::memory_order_relaxed)) environment->reportMemory(env, true);
  environment->release();
}

SmallBlocks& handleBlocks() {
  static auto* const blocks = new SmallBlocks();
  return *blocks;
}

constexpr size_t kHandleBytes = SmallBlocks::blockBytes(sizeof(TensorHandle));

}  // namespace

void* TensorHandle::operator new(size_t) {
  void* const block = handleBlocks().take(kHandleBytes);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void TensorHandle::operator delete(void* handle) { handleBlocks().give(handle, kHandleBytes); }

std::string describeTensor(const at::Tensor& tensor) {
  std::ostringstream text;
  text << dtypeName(tensor.scalar_type()) << " [";
  for (int64_t i = 0; i < tensor.dim(); ++i) text << (i == 0 ? "" : ", ") << tensor.size(i);
  text << "]";
  return text.str();
}

HandleHeader* handleOrNull(napi_env env, napi_value value, HandleTag tag) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == nullptr) return nullptr;
  auto* header = static_cast<HandleHeader*>(data);
  return header->tag == tag ? header : nullptr;
}

const at::Tensor* tensorOrNull(napi_env env, napi_value value) {
  auto* handle = static_cast<TensorHandle*>(handleOrNull(env, value, HandleTag::kTensor));
  if (handle == nullptr) return nullptr;
  if (handle->disposed != nullptr) {
    throw Failure("DISPOSED",
                  "the tensor " + *handle->disposed +
                      " was used after it had been disposed; keep it with a clone(), return it from the scope, or dispose it later");
  }
  return &handle->tensor;
}

TensorHandle& tensorHandle(napi_env env, napi_value value, const char* what) {
  auto* handle = static_cast<TensorHandle*>(handleOrNull(env, value, HandleTag::kTensor));
  if (handle == nullptr)
    throw Failure("ARGUMENT", std::string("expected a Tensor for ") + what + " but received " + describeValue(env, value));
  return *handle;
}

const at::Tensor& tensorOf(napi_env env, napi_value value, const char* what) {
  const at::Tensor* tensor = tensorOrNull(env, value);
  if (tensor == nullptr)
    throw Failure("ARGUMENT", std::string("expected a Tensor for ") + what + " but received " + describeValue(env, value));
  return *tensor;
}

std::vector<at::Tensor> tensorsOf(napi_env env, napi_value array, const char* what) {
  const uint32_t length = arrayLength(env, array, what);
  std::vector<at::Tensor> tensors;
  tensors.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    check(napi_get_element(env, array, i, &element));
    napi_valuetype type = napi_undefined;
    check(napi_typeof(env, element, &type));
    if (type == napi_null || type == napi_undefined) {
      tensors.emplace_back();
    } else {
      tensors.push_back(tensorOf(env, element, what));
    }
  }
  return tensors;
}

napi_value wrapTensor(napi_env env, at::Tensor tensor) {
  if (tensor.defined()) return wrapTensor(env, Environment::of(env), std::move(tensor));
  napi_value value = nullptr;
  check(napi_get_null(env, &value));
  return value;
}

napi_value wrapTensor(napi_env env, Environment& environment, at::Tensor&& tensor) {
  if (!tensor.is_cpu()) noteDeviceUse(tensor.device());
  auto handle = std::unique_ptr<TensorHandle>(new TensorHandle{{HandleTag::kTensor, &environment}, std::move(tensor), nullptr});
  napi_value value = nullptr;
  check(napi_create_external(env, handle.get(), &finalizeTensor, nullptr, &value));
  handle.release();
  environment.retain();
  ++environment.liveTensors;
  return value;
}

}  // namespace pixelcl
