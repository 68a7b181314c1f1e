// Externals that own objects of libtorch. Finalizers are raw Node-API and touch no engine state except the byte count.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/environment.h"

namespace pixelcl {

// A tag at the start of every handle, which recognises foreign externals as reliably as a type tag and is cheaper to read.
enum class HandleTag : uint64_t {
  kTensor = 0x706978656c743031,
  kGenerator = 0x706978656c673031,
  kModule = 0x706978656c6d3031,
  kTaps = 0x706978656c703031,
  kError = 0x706978656c653031,
  kFunction = 0x706978656c663031,
};

struct HandleHeader {
  HandleTag tag;
  Environment* environment;
};

struct TensorHandle : HandleHeader {
  at::Tensor tensor;
  // A description of the disposed tensor for the error of later uses; null while it is alive.
  std::unique_ptr<std::string> disposed;

  static void* operator new(size_t bytes);
  static void operator delete(void* handle);
};

// Null if the value is not a handle with this tag.
HandleHeader* handleOrNull(napi_env env, napi_value value, HandleTag tag);

// Throws DISPOSED for a disposed tensor; null if the value is not a tensor handle.
const at::Tensor* tensorOrNull(napi_env env, napi_value value);
TensorHandle& tensorHandle(napi_env env, napi_value value, const char* what);
const at::Tensor& tensorOf(napi_env env, napi_value value, const char* what = "tensor");
std::vector<at::Tensor> tensorsOf(napi_env env, napi_value array, const char* what);

// An undefined tensor becomes null.
napi_value wrapTensor(napi_env env, at::Tensor tensor);
napi_value wrapTensor(napi_env env, Environment& environment, at::Tensor&& tensor);

// An external that owns any other object of libtorch.
template <typename T>
struct ObjectHandle : HandleHeader {
  T object;
};

template <typename T>
void finalizeObject(node_api_basic_env, void* data, void*) {
  auto* handle = static_cast<ObjectHandle<T>*>(data);
  Environment* environment = handle->environment;
  delete handle;
  environment->release();
}

template <typename T>
napi_value wrapObject(napi_env env, HandleTag tag, T object) {
  Environment& environment = Environment::of(env);
  auto handle = std::unique_ptr<ObjectHandle<T>>(new ObjectHandle<T>{{tag, &environment}, std::move(object)});
  napi_value value = nullptr;
  check(napi_create_external(env, handle.get(), &finalizeObject<T>, nullptr, &value));
  environment.retain();
  handle.release();
  return value;
}

template <typename T>
T& objectOf(napi_env env, napi_value value, HandleTag tag, const char* what) {
  HandleHeader* header = handleOrNull(env, value, tag);
  if (header == nullptr) throw Failure("ARGUMENT", std::string("expected a ") + what + " of this package");
  return static_cast<ObjectHandle<T>*>(header)->object;
}

std::string describeTensor(const at::Tensor& tensor);

}  // namespace pixelcl
