// Attributes of TorchScript modules and objects that are neither tensors nor modules, and the constants of their classes.
#include "jit/jit.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

// Parameters, buffers and children are read as such; None is a parameter or a child that was left out.
bool isPlain(const c10::ClassType& type, size_t slot) {
  const auto& attribute = type.getAttribute(slot);
  return !type.is_parameter(slot) && !attribute->is_module() && !attribute->isSubtypeOf(*c10::TensorType::get());
}

Napi::Value jitAttributeNames(Info info) {
  Napi::Env env = info.Env();
  const auto type = moduleOf(info).type();
  Napi::Array names = Napi::Array::New(env);
  uint32_t count = 0;
  for (size_t slot = 0; slot < type->numAttributes(); ++slot) {
    if (!type->is_module() || isPlain(*type, slot)) names.Set(count++, Napi::String::New(env, type->getAttributeName(slot)));
  }
  for (size_t slot = 0; slot < type->numConstants(); ++slot) names.Set(count++, Napi::String::New(env, type->getConstantName(slot)));
  return names;
}

Napi::Value jitGetAttribute(Info info) {
  Napi::Env env = info.Env();
  torch::jit::Module& module = moduleOf(info);
  const std::string name = stringOf(env, info[1], "an attribute's name");
  const auto type = module.type();
  if (const auto slot = type->findAttributeSlot(name)) {
    const ValueType valueType = readType(type->getAttribute(*slot), type->getAttribute(*slot));
    return Napi::Value(env, fromIValue(env, module._ivalue()->getSlot(*slot), &valueType));
  }
  if (const auto constant = type->findConstant(name)) return Napi::Value(env, fromIValue(env, *constant, nullptr));
  throw Failure("JIT", "the module has no attribute '" + name + "'");
}

Napi::Value jitSetAttribute(Info info) {
  Napi::Env env = info.Env();
  torch::jit::Module& module = moduleOf(info);
  const std::string name = stringOf(env, info[1], "an attribute's name");
  const auto type = module.type();
  const auto slot = type->findAttributeSlot(name);
  if (!slot) {
    const bool isConstant = type->findConstantSlot(name).has_value();
    throw Failure("ARGUMENT",
                  isConstant ? "'" + name + "' is a constant of the TorchScript code" : "the module has no attribute '" + name + "'");
  }
  const auto& attribute = type->getAttribute(*slot);
  c10::IValue value = toIValue(env, info[2], readType(attribute, attribute));
  module._ivalue()->setSlot(*slot, std::move(value));
  return env.Undefined();
}

}  // namespace

void registerJitAttributes(Napi::Object exports) {
  define<jitAttributeNames>(exports, "jitAttributeNames");
  define<jitGetAttribute>(exports, "jitGetAttribute");
  define<jitSetAttribute>(exports, "jitSetAttribute");
}

}  // namespace pixelcl
