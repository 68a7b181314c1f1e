// Builds TorchScript modules: registers tensors, children and attributes, and compiles methods from source.
#include <torch/csrc/jit/api/compilation_unit.h>

#include "jit/jit.h"
#include "tensor/data.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

Napi::Value jitCreate(Info info) {
  const std::string name = stringOf(info.Env(), info[0], "a type's name");
  return wrapModule(info.Env(), withJitErrors([&] {
                      return torch::jit::Module(c10::QualifiedName(name), std::make_shared<torch::jit::CompilationUnit>(), true);
                    }));
}

Napi::Value jitRegisterParameter(Info info) {
  const std::string name = stringOf(info.Env(), info[1], "a parameter's name");
  at::Tensor tensor = tensorOf(info.Env(), info[2]);
  if (isZeroTensor(tensor)) tensor = materialized(tensor);
  const bool requiresGrad = info[3].ToBoolean();
  // Keep the tensor itself if possible, so that a tensor shared by two modules is stored once in the file.
  if (!tensor.is_leaf() || tensor.requires_grad() != requiresGrad) tensor = tensor.detach().set_requires_grad(requiresGrad);
  withJitErrors([&] { moduleOf(info).register_parameter(name, tensor, false); });
  return info.Env().Undefined();
}

Napi::Value jitRegisterBuffer(Info info) {
  const std::string name = stringOf(info.Env(), info[1], "a buffer's name");
  at::Tensor tensor = tensorOf(info.Env(), info[2]);
  if (isZeroTensor(tensor)) tensor = materialized(tensor);
  withJitErrors([&] { moduleOf(info).register_buffer(name, tensor.requires_grad() ? tensor.detach() : tensor); });
  return info.Env().Undefined();
}

Napi::Value jitRegisterModule(Info info) {
  const std::string name = stringOf(info.Env(), info[1], "a child's name");
  const torch::jit::Module& child = objectOf<torch::jit::Module>(info.Env(), info[2], HandleTag::kModule, "TorchScript module");
  withJitErrors([&] { moduleOf(info).register_module(name, child); });
  return info.Env().Undefined();
}

Napi::Value jitRegisterAttribute(Info info) {
  Napi::Env env = info.Env();
  const std::string name = stringOf(env, info[1], "an attribute's name");
  const std::string kind = stringOf(env, info[2], "an attribute's type");
  torch::jit::Module& module = moduleOf(info);
  withJitErrors([&] {
    if (kind == "bool") {
      module.register_attribute(name, c10::BoolType::get(), info[3].ToBoolean().Value());
    } else if (kind == "int") {
      module.register_attribute(name, c10::IntType::get(), intOf(env, info[3], "an int"));
    } else if (kind == "float") {
      module.register_attribute(name, c10::FloatType::get(), info[3].ToNumber().DoubleValue());
    } else if (kind == "str") {
      module.register_attribute(name, c10::StringType::get(), stringOf(env, info[3], "a string"));
    } else {
      throw Failure("ARGUMENT", "unknown attribute type '" + kind + "'");
    }
  });
  return env.Undefined();
}

Napi::Value jitDefine(Info info) {
  const std::string source = stringOf(info.Env(), info[1], "TorchScript source");
  torch::jit::Module& module = moduleOf(info);
  withJitErrors([&] { onLargeStack([&] { module.define(source); }); });
  return info.Env().Undefined();
}

}  // namespace

void registerJitDefine(Napi::Object exports) {
  define<jitCreate>(exports, "jitCreate");
  define<jitRegisterParameter>(exports, "jitRegisterParameter");
  define<jitRegisterBuffer>(exports, "jitRegisterBuffer");
  define<jitRegisterModule>(exports, "jitRegisterModule");
  define<jitRegisterAttribute>(exports, "jitRegisterAttribute");
  define<jitDefine>(exports, "jitDefine");
}

}  // namespace pixelcl
