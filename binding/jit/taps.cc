// Hidden layers of a TorchScript module, read by rewriting a copy of its forward graph.
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "jit/jit.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

// A function and the compilation unit that keeps it alive.
struct Taps {
  std::shared_ptr<torch::jit::CompilationUnit> unit;
  torch::jit::Function* function = nullptr;
  std::vector<std::string> names;
};

// The schema of a forward, whose arguments keep their names and defaults, with another result.
c10::FunctionSchema schemaOf(const c10::FunctionSchema& forward, const c10::TypePtr& result) {
  return c10::FunctionSchema("taps", "", forward.arguments(), {c10::Argument("", result)});
}

// The attribute path from `self` to a value, such as 'layer1.0'; nothing if the value is not an attribute.
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

std::string joined(const std::string& above, const std::string& below) {
  return above.empty() || below.empty() ? above + below : above + "." + below;
}

// A requested layer. A shared module, such as one activation used twice, has several paths; calls by any of them count.
struct Wanted {
  std::string name;
  std::set<std::string> paths;
  // Methods, by function and module, and whether they lead to a call of the layer: a method may be called from many places.
  mutable std::map<std::pair<const torch::jit::Function*, std::string>, bool> callers;

  bool is(const std::string& path) const { return paths.count(path) != 0; }

  // The depth of the layer's deepest path. A module that contains the layer is always less deep.
  size_t depth() const {
    size_t deepest = 0;
    for (const auto& path : paths) deepest = std::max<size_t>(deepest, std::count(path.begin(), path.end(), '.'));
    return deepest;
  }

  bool isBelow(const std::string& path) const {
    return std::any_of(paths.begin(), paths.end(), [&](const std::string& own) {
      return path.empty() ? !own.empty() : own.size() > path.size() && own.compare(0, path.size(), path) == 0 && own[path.size()] == '.';
    });
  }
};

using Modules = std::map<std::string, torch::jit::Module>;

void collectModules(const torch::jit::Module& module, const std::string& path, Modules& modules) {
  modules.emplace(path, module);
  for (const auto& child : module.named_children()) collectModules(child.value, joined(path, child.name), modules);
}

Wanted wantedOf(const Modules& modules, const std::string& name) {
  const auto found = modules.find(name);
  if (found == modules.end()) throw Failure("JIT", "the module has no layer '" + name + "'");
  Wanted wanted{name, {}, {}};
  for (const auto& [path, module] : modules) {
    if (module._ivalue() == found->second._ivalue()) wanted.paths.insert(path);
  }
  return wanted;
}

std::vector<const void*> allTensorsOf(const torch::jit::Module& module) {
  std::vector<const void*> tensors;
  for (const auto& parameter : module.parameters()) tensors.push_back(parameter.unsafeGetTensorImpl());
  for (const auto& buffer : module.buffers()) tensors.push_back(buffer.unsafeGetTensorImpl());
  return tensors;
}

// For a shared module, tracing makes one object per path and calls only one of them; paths that share all tensors are the same module.
void addTiedPaths(const Modules& modules, Wanted& wanted) {
  const auto tensors = allTensorsOf(modules.at(wanted.name));
  if (tensors.empty()) return;
  for (const auto& [path, module] : modules) {
    if (allTensorsOf(module) == tensors) wanted.paths.insert(path);
  }
  wanted.callers.clear();
}

// Tracing names the second and later calls of a module forward1, forward2, …
bool isForward(const Node* node) {
  const std::string& name = node->s(c10::attr::name);
  return name.compare(0, 7, "forward") == 0 &&
         std::all_of(name.begin() + 7, name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool callsWanted(const Block* block, const Value* self, const std::string& selfPath, const Wanted& wanted);

// Whether a node calls the wanted layer, directly or in a method that it calls; `selfPath` is the path of the method's module.
bool leadsToWanted(const Node* node, const Value* self, const std::string& selfPath, const Wanted& wanted) {
  for (const Block* inner : node->blocks()) {
    if (callsWanted(inner, self, selfPath, wanted)) return true;
  }
  if (node->kind() != c10::prim::CallMethod) return false;
  const auto relative = pathOf(node->input(0), self);
  if (!relative) return false;
  const std::string path = joined(selfPath, *relative);
  if (wanted.is(path) && isForward(node)) return true;
  // The forward may also be called by another method of the wanted module or of a module that contains it.
  if (!wanted.isBelow(path) && !wanted.is(path)) return false;
  auto* callee = calleeOf(node);
  if (callee == nullptr) return false;
  const auto [known, isNew] = wanted.callers.try_emplace({callee, path}, false);
  if (!isNew) return known->second;
  const auto graph = callee->graph();
  // The map may grow meanwhile, which moves no entry of it.
  known->second = callsWanted(graph->block(), graph->inputs()[0], path, wanted);
  return known->second;
}

bool callsWanted(const Block* block, const Value* self, const std::string& selfPath, const Wanted& wanted) {
  for (const Node* node : block->nodes()) {
    if (leadsToWanted(node, self, selfPath, wanted)) return true;
  }
  return false;
}

// More calls than lead to a layer of any network: methods that call one another twice would be inlined without end.
constexpr size_t kMostInlined = 20'000;

// Inlines every call that leads to the wanted layer, also inside ifs and loops, until only calls of the layer's forward are left.
void exposeCalls(Block* block, const Value* self, const Wanted& wanted, size_t& inlined) {
  Node* node = block->param_node()->next();
  while (node != block->return_node()) {
    for (Block* inner : node->blocks()) exposeCalls(inner, self, wanted, inlined);
    const auto path = node->kind() == c10::prim::CallMethod ? pathOf(node->input(0), self) : std::nullopt;
    const bool isExposed = !path || (wanted.is(*path) && isForward(node));
    if (isExposed || !leadsToWanted(node, self, "", wanted)) {
      node = node->next();
      continue;
    }
    if (++inlined > kMostInlined) {
      throw Failure("JIT",
                    "the layer '" + wanted.name + "' is called in more than " + std::to_string(kMostInlined) + " ways; choose another");
    }
    Node* before = node->prev();
    auto* callee = calleeOf(node);
    torch::jit::inlineCallTo(node, callee, callee->graph().get());
    // What was inlined may call the layer, too.
    node = before->next();
  }
}

bool isTensorValue(const Value* value) { return value->type()->isSubtypeOf(*c10::TensorType::get()); }

// Carries the output of a layer's last call out of ifs and loops, as a further result of them: an Optional[Tensor], which is None where the
// layer has not been called.
class LastCall {
 public:
  LastCall(Graph& graph, const Wanted& wanted) : graph_(graph), self_(graph.inputs()[0]), wanted_(wanted) {}

  Value* find() {
    Value* found = after(graph_.block(), nullptr);
    if (found == nullptr)
      throw Failure("JIT", "forward never calls the layer '" + wanted_.name + "', so it has no output to read; choose another");
    return found;
  }

 private:
  // The output of the last call at the end of a block; `before` is the last one before it, null if there was none.
  Value* after(Block* block, Value* before) {
    Value* last = before;
    for (Node* node : block->nodes()) {
      if (node->kind() == c10::prim::CallMethod && isForward(node)) {
        const auto path = pathOf(node->input(0), self_);
        if (path && wanted_.is(*path)) {
          last = node->output();
          checkTensor(last);
          continue;
        }
      }
      if (!leadsToWanted(node, self_, "", wanted_)) continue;
      if (node->kind() == c10::prim::If) {
        last = afterIf(node, orNone(last));
      } else if (node->kind() == c10::prim::Loop) {
        last = afterLoop(node, orNone(last));
      } else {
        throw Failure("JIT", "the layer '" + wanted_.name + "' is called inside " + node->kind().toUnqualString() +
                                 " of the TorchScript code, where its output cannot be read; choose another");
      }
    }
    return last;
  }

  Value* afterIf(Node* node, Value* before) {
    bool isAlways = true;
    for (Block* branch : node->blocks()) {
      Value* last = after(branch, before);
      isAlways = isAlways && isTensorValue(last);
      branch->registerOutput(last);
    }
    return node->addOutput()->setType(typeOf(isAlways));
  }

  Value* afterLoop(Node* node, Value* before) {
    const bool isAlways = isTensorValue(before);
    Block* body = node->blocks()[0];
    node->addInput(before);
    Value* carried = body->addInput()->setType(typeOf(isAlways));
    body->registerOutput(after(body, carried));
    return node->addOutput()->setType(typeOf(isAlways));
  }

  Value* orNone(Value* value) {
    if (value != nullptr) return value;
    if (none_ == nullptr) {
      torch::jit::WithInsertPoint atStart(graph_.block()->param_node()->next());
      none_ = graph_.insertConstant(c10::IValue());
    }
    return none_;
  }

  void checkTensor(const Value* output) const {
    if (isTensorValue(output)) return;
    throw Failure("JIT",
                  "the layer '" + wanted_.name + "' gives " + output->type()->str() + " where a Tensor is needed; choose another layer");
  }

  static c10::TypePtr typeOf(bool isAlways) {
    if (isAlways) return c10::TensorType::get();
    return c10::OptionalType::create(c10::TensorType::get());
  }

  Graph& graph_;
  const Value* self_;
  const Wanted& wanted_;
  Value* none_ = nullptr;
};

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
  Taps taps = onProgram([&] {
    auto graph = method->graph()->copy();
    Modules modules;
    collectModules(module, "", modules);
    // Read a tap before those inside it, because reading a deeper one inlines the call. Registered as an output of the graph, the value is
    // kept.
    std::vector<Wanted> order;
    for (const auto& path : std::set<std::string>(wanted.begin(), wanted.end())) {
      if (path.empty()) continue;
      Wanted layer = wantedOf(modules, path);
      if (!callsWanted(graph->block(), graph->inputs()[0], "", layer)) addTiedPaths(modules, layer);
      order.push_back(std::move(layer));
    }
    std::stable_sort(order.begin(), order.end(), [](const Wanted& a, const Wanted& b) { return a.depth() < b.depth(); });
    std::map<std::string, size_t> positions{{"", 0}};
    for (const auto& layer : order) {
      size_t inlined = 0;
      exposeCalls(graph->block(), graph->inputs()[0], layer, inlined);
      positions[layer.name] = graph->registerOutput(LastCall(*graph, layer).find());
    }
    std::vector<Value*> outputs;
    for (const auto& path : wanted) {
      outputs.push_back(graph->outputs()[positions[path]]);
      if (path.empty() && !isTensorValue(outputs.back())) {
        throw Failure("JIT", "the module gives " + outputs.back()->type()->str() + " where a Tensor is needed; choose a layer");
      }
    }
    // Keep the module's output among the results, so that layers after the taps run and their buffers are updated.
    outputs.push_back(graph->outputs()[0]);
    Node* tuple = graph->createTuple(outputs);
    graph->appendNode(tuple);
    while (!graph->outputs().empty()) graph->eraseOutput(graph->outputs().size() - 1);
    graph->registerOutput(tuple->output());
    Taps result;
    result.unit = std::make_shared<torch::jit::CompilationUnit>();
    auto* function = result.unit->create_function(c10::QualifiedName("taps"), graph);
    function->setSchema(schemaOf(method->function().getSchema(), tuple->output()->type()));
    castAutomatically(*function);
    result.function = function;
    result.names = wanted;
    return result;
  });
  return Napi::Value(env, wrapObject<Taps>(env, HandleTag::kTaps, std::move(taps)));
}

Napi::Value jitRunTaps(Info info) {
  Napi::Env env = info.Env();
  Taps& taps = objectOf<Taps>(env, info[0], HandleTag::kTaps, "set of taps");
  torch::jit::Module& module = objectOf<torch::jit::Module>(env, info[1], HandleTag::kModule, "TorchScript module");
  Arguments arguments = argumentsOf(env, info[2], info[3], taps.function->getSchema(), "forward");
  arguments.positional.insert(arguments.positional.begin(), module._ivalue());
  const c10::IValue result = runProgram(env, [&] {
    taps.function->getSchema().checkAndNormalizeInputs(arguments.positional, arguments.named);
    return taps.function->runAsync(arguments.positional, at::launch);
  });
  const auto elements = result.toTupleRef().elements();
  Napi::Array outputs = Napi::Array::New(env, taps.names.size());
  for (size_t i = 0; i < taps.names.size(); ++i) {
    if (elements[i].isNone()) {
      throw Failure("JIT", "the layer '" + taps.names[i] + "' was not called: an if or a loop of the TorchScript code left it out");
    }
    outputs.Set(static_cast<uint32_t>(i), Napi::Value(env, wrapTensor(env, elements[i].toTensor())));
  }
  return outputs;
}

bool hasFrozenBatchNorm(const Block* block) {
  for (const Node* node : block->nodes()) {
    for (const Block* inner : node->blocks()) {
      if (hasFrozenBatchNorm(inner)) return true;
    }
    if (node->kind() != c10::Symbol::fromQualString("aten::batch_norm")) continue;
    const auto training = torch::jit::toIValue(node->input(5));
    const bool hasStatistics = node->input(3)->type()->kind() != c10::TypeKind::NoneType;
    if (training && training->isBool() && !training->toBool() && hasStatistics) return true;
  }
  return false;
}

void findFrozen(const torch::jit::Module& module, const std::string& path, std::vector<std::string>& found) {
  for (const auto& method : module.get_methods()) {
    const auto* function = dynamic_cast<torch::jit::GraphFunction*>(&method.function());
    if (function == nullptr || !hasFrozenBatchNorm(function->graph()->block())) continue;
    found.push_back(path);
    break;
  }
  for (const auto& child : module.named_children()) findFrozen(child.value, joined(path, child.name), found);
}

Napi::Value jitFrozenBatchNorms(Info info) {
  const torch::jit::Module& module = moduleOf(info);
  const std::vector<std::string> found = onProgram([&] {
    std::vector<std::string> names;
    findFrozen(module, "", names);
    return names;
  });
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
