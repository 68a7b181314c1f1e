// libtorch's own engine: backward, gradients, hooks and the modes.
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include "autograd_modes.h"
#include "convert.h"
#include "handles.h"
#include "hooks.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

// Tells the environment when libtorch drops the hook, on whatever thread that happens.
class HookKey {
 public:
  HookKey(Environment& environment, int64_t key) : environment(environment), key(key) { environment.retain(); }
  ~HookKey() {
    environment.hooks->noteReleased(key);
    environment.release();
  }
  HookKey(const HookKey&) = delete;
  HookKey& operator=(const HookKey&) = delete;

  Environment& environment;
  const int64_t key;
};

// A graph with tensors of a device runs on the engine's own threads, whose hooks this thread must serve.
template <typename Work>
bool runEngine(napi_env env, const std::vector<at::Tensor>& roots, Work work) {
  HookQueue& hooks = *Environment::of(env).hooks;
  bool onDevice = false;
  for (const auto& root : roots) onDevice = onDevice || (root.defined() && !root.device().is_cpu());
  try {
    if (onDevice) {
      hooks.serveWhile(work);
    } else {
      work();
    }
  } catch (...) {
    if (hooks.rethrow(env)) throw PendingException();
    throw;
  }
  return true;
}

bool flagOf(Info info, size_t index) { return info[index].IsBoolean() && info[index].As<Napi::Boolean>().Value(); }

Napi::Value requiresGrad(Info info) { return Napi::Boolean::New(info.Env(), tensorOf(info.Env(), info[0]).requires_grad()); }

Napi::Value setRequiresGrad(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  const bool value = flagOf(info, 1);
  if (!tensor.is_leaf() && !value) {
    throw Failure("ARGUMENT", "requiresGrad can be switched off on leaves only: use detach() for a tensor of the graph");
  }
  if (value && !c10::isFloatingType(tensor.scalar_type()) && !c10::isComplexType(tensor.scalar_type())) {
    throw Failure("ARGUMENT", std::string("only floating-point and complex tensors can require gradients, but this one is ") +
                                  dtypeName(tensor.scalar_type()));
  }
  if (tensor.is_leaf()) tensor.set_requires_grad(value);
  return info.Env().Undefined();
}

Napi::Value isLeaf(Info info) { return Napi::Boolean::New(info.Env(), tensorOf(info.Env(), info[0]).is_leaf()); }

Napi::Value retainGrad(Info info) {
  tensorOf(info.Env(), info[0]).retain_grad();
  return info.Env().Undefined();
}

Napi::Value gradFnName(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  const auto& node = tensor.grad_fn();
  if (node == nullptr) return info.Env().Null();
  return Napi::String::New(info.Env(), node->name());
}

Napi::Value grad(Info info) {
  Napi::Env env = info.Env();
  const at::Tensor& grad = tensorOf(env, info[0]).grad();
  if (!grad.defined()) return env.Null();
  auto* known = static_cast<TensorHandle*>(handleOrNull(env, info[1], HandleTag::kTensor));
  if (known != nullptr && known->disposed == nullptr && known->tensor.is_same(grad)) return Napi::Boolean::New(env, true);
  return Napi::Value(env, wrapTensor(env, grad));
}

Napi::Value setGrad(Info info) {
  Napi::Env env = info.Env();
  const at::Tensor& tensor = tensorOf(env, info[0]);
  if (info[1].IsNull() || info[1].IsUndefined()) {
    tensor.mutable_grad().reset();
    return env.Undefined();
  }
  const at::Tensor& grad = tensorOf(env, info[1], "a gradient");
  if (!grad.sizes().equals(tensor.sizes()) || grad.scalar_type() != tensor.scalar_type() || grad.device() != tensor.device()) {
    throw Failure("ARGUMENT", "a gradient must have its tensor's shape, dtype and device: expected " + describeTensor(tensor) + " on " +
                                  tensor.device().str() + " but received " + describeTensor(grad) + " on " + grad.device().str());
  }
  tensor.mutable_grad() = grad;
  return env.Undefined();
}

Napi::Value detach(Info info) { return Napi::Value(info.Env(), wrapTensor(info.Env(), tensorOf(info.Env(), info[0]).detach())); }

Napi::Value backward(Info info) {
  Napi::Env env = info.Env();
  const auto tensors = tensorsOf(env, info[0], "backward");
  const auto gradients = tensorsOf(env, info[1], "a gradient");
  const auto inputs = info[4].IsArray() ? tensorsOf(env, info[4], "inputs") : std::vector<at::Tensor>{};
  if (info[4].IsArray() && inputs.empty())
    throw Failure("ARGUMENT", "the inputs of backward are an empty array: leave them out to reach every leaf");
  const bool retainGraph = flagOf(info, 2);
  const bool createGraph = flagOf(info, 3);
  runEngine(env, tensors, [&] { torch::autograd::backward(tensors, gradients, retainGraph, createGraph, inputs); });
  return env.Undefined();
}

Napi::Value autogradGrad(Info info) {
  Napi::Env env = info.Env();
  const auto outputs = tensorsOf(env, info[0], "outputs");
  const auto inputs = tensorsOf(env, info[1], "inputs");
  const auto gradients = tensorsOf(env, info[2], "gradients");
  const bool retainGraph = flagOf(info, 3);
  const bool createGraph = flagOf(info, 4);
  const bool allowUnused = flagOf(info, 5);
  std::vector<at::Tensor> results;
  runEngine(env, outputs, [&] { results = torch::autograd::grad(outputs, inputs, gradients, retainGraph, createGraph, allowUnused); });
  Napi::Array array = Napi::Array::New(env, results.size());
  for (size_t i = 0; i < results.size(); ++i) array.Set(static_cast<uint32_t>(i), Napi::Value(env, wrapTensor(env, results[i])));
  return array;
}

Napi::Value isGradEnabled(Info info) { return Napi::Boolean::New(info.Env(), c10::GradMode::is_enabled()); }

Napi::Value setGradEnabled(Info info) {
  c10::GradMode::set_enabled(flagOf(info, 0));
  return info.Env().Undefined();
}

Napi::Value isInferenceMode(Info info) { return Napi::Boolean::New(info.Env(), c10::InferenceMode::is_enabled()); }

Napi::Value enterInferenceMode(Info info) {
  Environment::of(info.Env()).modes.push_back(std::make_unique<ModeGuard>());
  return info.Env().Undefined();
}

Napi::Value leaveInferenceMode(Info info) {
  auto& modes = Environment::of(info.Env()).modes;
  if (modes.empty()) throw Failure("ARGUMENT", "inference mode was left without having been entered");
  modes.pop_back();
  return info.Env().Undefined();
}

Napi::Value setHookDispatcher(Info info) {
  check(napi_create_reference(info.Env(), info[0], 1, &Environment::of(info.Env()).hookDispatcher));
  return info.Env().Undefined();
}

// libtorch removes a hook by its position; a tombstone is kept there, so positions of later hooks stay.
Napi::Value registerHook(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  if (!tensor.requires_grad()) throw Failure("ARGUMENT", "a hook needs a tensor that requires a gradient");
  Environment& environment = Environment::of(info.Env());
  const auto key = std::make_shared<HookKey>(environment, environment.hooks->nextKey());
  const unsigned position =
      tensor.register_hook([key](const at::Tensor& grad) -> at::Tensor { return key->environment.hooks->call(key->key, grad); });
  environment.hookPositions[key->key] = position;
  return Napi::Number::New(info.Env(), static_cast<double>(key->key));
}

// A graph that uses the tensor holds its node, or for a leaf the tensor itself; so does another handle.
Napi::Value isHeldElsewhere(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  const auto& node = tensor.grad_fn();
  return Napi::Boolean::New(info.Env(), tensor.use_count() > 1 || (node != nullptr && node.use_count() > 1));
}

Napi::Value removeHook(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  const int64_t key = intOf(info.Env(), info[1], "a hook's key");
  auto& positions = Environment::of(info.Env()).hookPositions;
  const auto found = positions.find(key);
  if (found == positions.end()) return info.Env().Undefined();
  tensor.remove_hook(found->second);
  positions.erase(found);
  return info.Env().Undefined();
}

Napi::Value takeReleasedHooks(Info info) {
  Environment& environment = Environment::of(info.Env());
  const auto released = environment.hooks->takeReleased();
  for (const int64_t key : released) environment.hookPositions.erase(key);
  return Napi::Value(info.Env(), intsValue(info.Env(), released));
}

}  // namespace

void registerAutograd(Napi::Object exports) {
  define<requiresGrad>(exports, "requiresGrad");
  define<setRequiresGrad>(exports, "setRequiresGrad");
  define<isLeaf>(exports, "isLeaf");
  define<retainGrad>(exports, "retainGrad");
  define<gradFnName>(exports, "gradFnName");
  define<grad>(exports, "grad");
  define<setGrad>(exports, "setGrad");
  define<detach>(exports, "detach");
  define<backward>(exports, "backward");
  define<autogradGrad>(exports, "autogradGrad");
  define<isGradEnabled>(exports, "isGradEnabled");
  define<setGradEnabled>(exports, "setGradEnabled");
  define<isInferenceMode>(exports, "isInferenceMode");
  define<enterInferenceMode>(exports, "enterInferenceMode");
  define<leaveInferenceMode>(exports, "leaveInferenceMode");
  define<setHookDispatcher>(exports, "setHookDispatcher");
  define<registerHook>(exports, "registerHook");
  define<isHeldElsewhere>(exports, "isHeldElsewhere");
  define<removeHook>(exports, "removeHook");
  define<takeReleasedHooks>(exports, "takeReleasedHooks");
}

}  // namespace pixelcl
