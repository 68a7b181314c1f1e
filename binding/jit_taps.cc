// Hidden layers of a TorchScript module, read by rewriting a copy of its forward graph.
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <set>

#include "jit.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

// A function of its own compilation unit, which keeps it alive.
struct Taps {
  std::shared_ptr<torch::jit::CompilationUnit> unit;
  torch::jit::Function* function = nullptr;
  size_t count = 0;
};

// The attribute path from `self` to a value ('layer1.0'), or nothing where it comes from elsewhere.
std::optional<std::string> pathOf(const Value* value, const Value* self) {
  std::string path;
  while (value != self) {
    const Node* node = value->node();
    if (node->kind() != c10::prim::GetAttr) return std::nullopt;
    const std::string& name = node->s(c10::attr::name);
    path = path.empty() ? name : name + "." + path;
    value = node->input(0);
  }
  return path;
}

bool isAbove(const std::string& path, const std::string& wanted) {
  return path.empty() ? !wanted.empty()
                      : wanted.size() > path.size() && wanted.compare(0, path.size(), path) == 0 && wanted[path.size()] == '.';
}

bool isForward(const Node* node) { return node->s(c10::attr::name) == "forward"; }

// Inlines, at top level, every call on a module strictly above a wanted one, until only calls on wanted ones are left.
void exposeCalls(Graph& graph, const std::vector<std::string>& wanted) {
  const Value* self = graph.inputs()[0];
  for (bool changed = true; changed;) {
    changed = false;
    for (auto it = graph.block()->nodes().begin(); it != graph.block()->nodes().end();) {
      Node* node = *it++;
      if (node->kind() != c10::prim::CallMethod) continue;
      const auto path = pathOf(node->input(0), self);
      if (!path) continue;
      const bool isWanted = isForward(node) && std::find(wanted.begin(), wanted.end(), *path) != wanted.end();
      const bool leadsOn = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) { return isAbove(*path, name); });
      if (isWanted && leadsOn) continue;
      if (!leadsOn || isWanted) continue;
      const auto type = node->input(0)->type()->cast<c10::ClassType>();
      if (!type) continue;
      auto* callee = dynamic_cast<torch::jit::GraphFunction*>(&type->getMethod(node->s(c10::attr::name)));
      if (callee == nullptr) continue;
      torch::jit::inlineCallTo(node, callee, callee->graph().get());
      changed = true;
      break;
    }
  }
}

Value* lastCall(Graph& graph, const std::string& wanted) {
  Value* found = nullptr;
  for (Node* node : graph.block()->nodes()) {
    if (node->kind() != c10::prim::CallMethod || !isForward(node)) continue;
    const auto path = pathOf(node->input(0), graph.inputs()[0]);
    if (path && *path == wanted) found = node->output();
  }
  return found;
}

// True where a call on the wanted module, or on one above it, stands inside an if or a loop.
bool isInsideControlFlow(Block* block, const Value* self, const std::string& wanted, bool nested) {
  for (Node* node : block->nodes()) {
    if (nested && node->kind() == c10::prim::CallMethod) {
      const auto path = pathOf(node->input(0), self);
      if (path && (*path == wanted || isAbove(*path, wanted))) return true;
    }
    for (Block* inner : node->blocks()) {
      if (isInsideControlFlow(inner, self, wanted, true)) return true;
    }
  }
  return false;
}

Napi::Value jitTaps(Info info) {
  Napi::Env env = info.Env();
  torch::jit::Module& module = moduleOf(info);
  const auto method = module.find_method("forward");
  if (!method) throw Failure("JIT", "the module has no method 'forward', so no hidden layer can be read");
  std::vector<std::string> wanted;
  const uint32_t count = arrayLength(env, info[1], "paths");
  for (uint32_t i = 0; i < count; ++i) {
    napi_value path = nullptr;
    check(napi_get_element(env, info[1], i, &path));
    wanted.push_back(stringOf(env, path, "a layer's name"));
  }
  Taps taps = withJitErrors([&] {
    auto graph = method->graph()->copy();
    // A tap that another tap lies beneath would be inlined away; its output is then found in the other's graph, so each
    // gets a marker of its own: the shallower ones are read first, from the call before it is inlined.
    std::vector<std::string> order = wanted;
    std::sort(order.begin(), order.end(), [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
    std::map<std::string, Value*> found;
    std::vector<Value*> original(graph->outputs().begin(), graph->outputs().end());
    for (const auto& path : order) {
      if (path.empty() || found.count(path) != 0) continue;
      exposeCalls(*graph, {path});
      Value* value = lastCall(*graph, path);
      if (value == nullptr) {
        if (isInsideControlFlow(graph->block(), graph->inputs()[0], path, false)) {
          throw Failure("JIT", "the layer '" + path +
                                   "' is called inside an if or a loop of the TorchScript code, where its output cannot be read; choose a "
                                   "layer that is always called once, at top level");
        }
        throw Failure("JIT", "forward never calls the layer '" + path +
                                 "' (or only through another method than forward), so it has no output to read");
      }
      found[path] = value;
      // An identity of the value, which stays in place when a deeper tap inlines the call.
      graph->registerOutput(value);
    }
    std::vector<Value*> outputs;
    size_t at = original.size();
    std::map<std::string, Value*> values;
    for (const auto& path : order) {
      if (path.empty() || values.count(path) != 0) continue;
      values[path] = graph->outputs()[at++];
    }
    for (const auto& path : wanted) outputs.push_back(path.empty() ? graph->outputs()[0] : values[path]);
    for (Value* output : outputs) {
      if (!output->type()->isSubtypeOf(*c10::TensorType::get())) {
        throw Failure("JIT", "a tapped layer gives " + output->type()->str() + " where a Tensor is needed; choose another layer");
      }
    }
    // The module's own output stays among the results: layers beyond the taps must run, for their buffers advance.
    outputs.push_back(graph->outputs()[0]);
    Node* tuple = graph->createTuple(outputs);
    graph->appendNode(tuple);
    while (!graph->outputs().empty()) graph->eraseOutput(graph->outputs().size() - 1);
    graph->registerOutput(tuple->output());
    Taps result;
    result.unit = std::make_shared<torch::jit::CompilationUnit>();
    result.function = result.unit->create_function(c10::QualifiedName("taps"), graph);
    result.count = wanted.size();
    return result;
  });
  return Napi::Value(env, wrapObject<Taps>(env, HandleTag::kTaps, std::move(taps)));
}

Napi::Value jitRunTaps(Info info) {
  Napi::Env env = info.Env();
  Taps& taps = objectOf<Taps>(env, info[0], HandleTag::kTaps, "set of taps");
  torch::jit::Module& module = objectOf<torch::jit::Module>(env, info[1], HandleTag::kModule, "TorchScript module");
  const auto& schema = taps.function->getSchema();
  std::vector<c10::IValue> stack{module._ivalue()};
  const uint32_t given = arrayLength(env, info[2], "arguments");
  if (given + 1 > schema.arguments().size()) throw Failure("ARGUMENT", "forward takes fewer arguments than were given");
  for (uint32_t i = 0; i < given; ++i) {
    napi_value value = nullptr;
    check(napi_get_element(env, info[2], i, &value));
    const auto& argument = schema.arguments()[i + 1];
    stack.push_back(toIValue(env, value, readType(argument.type(), argument.real_type())));
  }
  c10::IValue result = withJitErrors([&] { return (*taps.function)(std::move(stack)); });
  const auto elements = result.toTupleRef().elements();
  Napi::Array outputs = Napi::Array::New(env, taps.count);
  for (size_t i = 0; i < taps.count; ++i) outputs.Set(static_cast<uint32_t>(i), Napi::Value(env, wrapTensor(env, elements[i].toTensor())));
  return outputs;
}

void findFrozen(const torch::jit::Module& module, const std::string& path, std::vector<std::string>& found) {
  for (const auto& method : module.get_methods()) {
    auto* function = dynamic_cast<torch::jit::GraphFunction*>(&method.function());
    if (function == nullptr) continue;
    for (const Node* node : function->graph()->nodes()) {
      if (node->kind() != c10::Symbol::fromQualString("aten::batch_norm")) continue;
      const auto training = torch::jit::toIValue(node->input(5));
      const bool hasStatistics = node->input(3)->type()->kind() != c10::TypeKind::NoneType;
      if (training && training->isBool() && !training->toBool() && hasStatistics) found.push_back(path);
    }
  }
  for (const auto& child : module.named_children()) findFrozen(child.value, path.empty() ? child.name : path + "." + child.name, found);
}

Napi::Value jitFrozenBatchNorms(Info info) {
  std::vector<std::string> found;
  findFrozen(moduleOf(info), "", found);
  Napi::Array names = Napi::Array::New(info.Env());
  for (size_t i = 0; i < found.size(); ++i) names.Set(static_cast<uint32_t>(i), Napi::String::New(info.Env(), found[i]));
  return names;
}

}  // namespace

void registerJitTaps(Napi::Object exports) {
  define<jitTaps>(exports, "jitTaps");
  define<jitRunTaps>(exports, "jitRunTaps");
  define<jitFrozenBatchNorms>(exports, "jitFrozenBatchNorms");
}

}  // namespace pixelcl
