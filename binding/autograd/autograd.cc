// libtorch's autograd engine: backward, gradients, hooks and modes.
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>

#include "autograd/hooks.h"
#include "autograd/modes.h"
#include "memory/device.h"
#include "runtime/calls.h"
#include "runtime/handles.h"
#include "runtime/names.h"
#include "runtime/values.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

// The C++ side of a tensor hook.
class TensorHook : public JavaScriptFunction {
 public:
  using JavaScriptFunction::JavaScriptFunction;
  ~TensorHook() { environment.hookPlaces->remove(key); }
  TensorHook(const TensorHook&) = delete;
  TensorHook& operator=(const TensorHook&) = delete;

  // The gradient that replaces this one, or an undefined tensor if it is kept.
  at::Tensor replacementFor(const at::Tensor& grad) const {
    const Values results = call({grad});
    if (results.empty() || results.front().isNone()) return {};
    if (!results.front().isTensor()) throw Failure("ARGUMENT", "a tensor hook must return a Tensor or nothing");
    return results.front().toTensor();
  }
};

// The engine runs the CUDA part of a graph on its own threads and blocks the calling one. A graph with roots on the CPU may have a CUDA
// part.
void runEngine(napi_env env, const std::vector<at::Tensor>& roots, const std::function<void()>& work) {
  CallQueue& calls = *Environment::of(env).calls;
  const bool onDevice = std::any_of(roots.begin(), roots.end(), [](const auto& root) { return root.defined() && !root.device().is_cpu(); });
  calls.run(calls.hasFunctions() && (onDevice || deviceInUse()), work);
}

bool flagOf(Info info, size_t index, const char* what) {
  if (!info[index].IsBoolean()) {
    throw Failure("ARGUMENT", std::string(what) + ": expected true or false but received " + describeValue(info.Env(), info[index]));
  }
  return info[index].As<Napi::Boolean>().Value();
}

Napi::Value requiresGrad(Info info) { return Napi::Boolean::New(info.Env(), tensorOf(info.Env(), info[0]).requires_grad()); }

Napi::Value setRequiresGrad(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  const bool value = flagOf(info, 1, "requiresGrad");
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
  // Gradients are reference counted, so a tensor that is its own gradient would never be freed.
  if (grad.is_same(tensor)) throw Failure("ARGUMENT", "a tensor cannot be its own gradient: give a copy, x.detach().clone()");
  tensor.mutable_grad() = grad;
  return env.Undefined();
}

Napi::Value detach(Info info) { return Napi::Value(info.Env(), wrapTensor(info.Env(), tensorOf(info.Env(), info[0]).detach())); }

// Detached from the graph, with a version counter of its own, so that autograd does not notice in-place changes. Integers keep the
// counter: kernels of the backward trust the indices that the forward has checked, and would read and write beyond their memory.
Napi::Value data(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  const bool isInteger = c10::isIntegralType(tensor.scalar_type(), false);
  return Napi::Value(info.Env(), wrapTensor(info.Env(), isInteger ? tensor.detach() : tensor.variable_data()));
}

Napi::Value backward(Info info) {
  Napi::Env env = info.Env();
  const auto tensors = tensorsOf(env, info[0], "backward");
  const auto gradients = tensorsOf(env, info[1], "a gradient");
  const auto inputs = info[4].IsArray() ? tensorsOf(env, info[4], "inputs") : std::vector<at::Tensor>{};
  if (info[4].IsArray() && inputs.empty())
    throw Failure("ARGUMENT", "the inputs of backward are an empty array: leave them out to reach every leaf");
  const bool retainGraph = flagOf(info, 2, "retainGraph");
  const bool createGraph = flagOf(info, 3, "createGraph");
  runEngine(env, tensors, [&] { torch::autograd::backward(tensors, gradients, retainGraph, createGraph, inputs); });
  return env.Undefined();
}

Napi::Value autogradGrad(Info info) {
  Napi::Env env = info.Env();
  const auto outputs = tensorsOf(env, info[0], "outputs");
  const auto inputs = tensorsOf(env, info[1], "inputs");
  const auto gradients = tensorsOf(env, info[2], "gradients");
  const bool retainGraph = flagOf(info, 3, "retainGraph");
  const bool createGraph = flagOf(info, 4, "createGraph");
  const bool allowUnused = flagOf(info, 5, "allowUnused");
  std::vector<at::Tensor> results;
  runEngine(env, outputs, [&] { results = torch::autograd::grad(outputs, inputs, gradients, retainGraph, createGraph, allowUnused); });
  Napi::Array array = Napi::Array::New(env, results.size());
  for (size_t i = 0; i < results.size(); ++i) array.Set(static_cast<uint32_t>(i), Napi::Value(env, wrapTensor(env, results[i])));
  return array;
}

Napi::Value isGradEnabled(Info info) { return Napi::Boolean::New(info.Env(), c10::GradMode::is_enabled()); }

Napi::Value setGradEnabled(Info info) {
  c10::GradMode::set_enabled(flagOf(info, 0, "setGradEnabled"));
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

std::shared_ptr<torch::autograd::hooks_list> hooksOf(const at::Tensor& tensor) {
  const auto* meta = torch::autograd::impl::get_autograd_meta(tensor);
  return meta == nullptr ? nullptr : meta->cpp_hooks_list_;
}

Napi::Value registerHook(Info info) {
  const at::Tensor& tensor = tensorOf(info.Env(), info[0]);
  if (!tensor.requires_grad()) throw Failure("ARGUMENT", "a hook needs a tensor that requires a gradient");
  Environment& environment = Environment::of(info.Env());
  const auto hook = std::make_shared<TensorHook>(environment);
  const unsigned position = tensor.register_hook([hook](const at::Tensor& grad) -> at::Tensor {
    // An unused output has no gradient.
    if (!grad.defined()) return {};
    // The hook may remove itself and thereby destroy this closure.
    const auto kept = hook;
    return kept->replacementFor(grad);
  });
  environment.hookPlaces->add(hook->key, {hooksOf(tensor), position, tensor.grad_fn().get()});
  return Napi::Number::New(info.Env(), static_cast<double>(hook->key));
}

// Whether a node that a tensor had before in-place changes has other owners than the nodes added by these changes, from `top` down.
template <typename NodePointer>
bool isHeldBelow(const NodePointer& top, const torch::autograd::Node* old) {
  constexpr int kChanges = 100;
  const NodePointer* node = &top;
  for (int i = 0; i < kChanges && *node != nullptr && node->use_count() == 1; ++i) {
    if (node->get() == old) return false;
    if ((*node)->num_outputs() == 0) return true;
    node = &(*node)->next_edge(0).function;
  }
  return true;
}

// Whether the tensor's hooks can be reached without its own handle: through another handle or a graph. A graph holds the tensor's node (for
// a leaf the tensor itself), or the node from before an in-place change.
Napi::Value isHeldElsewhere(Info info) {
  Napi::Env env = info.Env();
  const at::Tensor& tensor = tensorOf(env, info[0]);
  const auto& node = tensor.grad_fn();
  if (tensor.use_count() > 1 || (node != nullptr && node.use_count() > 1)) return Napi::Boolean::New(env, true);
  const auto current = hooksOf(tensor).get();
  const HookPlaces& places = *Environment::of(env).hookPlaces;
  for (const int64_t key : intsOf(env, info[1], "the keys of hooks")) {
    const auto place = places.find(key);
    if (!place) continue;
    const auto list = place->list.lock();
    // Owners of the list: this pointer, plus two by the tensor if it is current (also after detach_); any more means the node is alive.
    const bool isNodeAlive = list != nullptr && list.use_count() > (list.get() == current ? 3 : 1);
    if (isNodeAlive && place->node != node.get() && isHeldBelow(node, place->node)) return Napi::Boolean::New(env, true);
  }
  return Napi::Boolean::New(env, false);
}

// libtorch identifies hooks by position, so an empty function remains in the list.
Napi::Value removeHook(Info info) {
  const auto place = Environment::of(info.Env()).hookPlaces->find(intOf(info.Env(), info[0], "a hook's key"));
  if (!place) return info.Env().Undefined();
  if (const auto list = place->list.lock()) list->at(place->position) = nullptr;
  return info.Env().Undefined();
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
  define<data>(exports, "data");
  define<backward>(exports, "backward");
  define<autogradGrad>(exports, "autogradGrad");
  define<isGradEnabled>(exports, "isGradEnabled");
  define<setGradEnabled>(exports, "setGradEnabled");
  define<isInferenceMode>(exports, "isInferenceMode");
  define<enterInferenceMode>(exports, "enterInferenceMode");
  define<leaveInferenceMode>(exports, "leaveInferenceMode");
  define<registerHook>(exports, "registerHook");
  define<isHeldElsewhere>(exports, "isHeldElsewhere");
  define<removeHook>(exports, "removeHook");
}

}  // namespace pixelcl
