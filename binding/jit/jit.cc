// TorchScript modules: files, methods, children and tensors.
#include "jit/jit.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/export.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "jit/archive.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

bool isNothing(Napi::Value value) { return value.IsNull() || value.IsUndefined(); }

// Debug files hold positions in Python's source, and are large pickles that have not been checked.
constexpr bool kLoadsDebugFiles = false;

template <typename Visit>
void forEachNode(const torch::jit::Block* block, const Visit& visit) {
  for (const torch::jit::Node* node : block->nodes()) {
    visit(node);
    for (const torch::jit::Block* inner : node->blocks()) forEachNode(inner, visit);
  }
}

const torch::jit::GraphFunction* withGraph(const torch::jit::Function& function) {
  return dynamic_cast<const torch::jit::GraphFunction*>(&function);
}

// Whether a function, or what it calls, has a `with`.
bool hasScopes(const torch::jit::Function& function, std::set<const torch::jit::Function*>& seen) {
  const auto* known = withGraph(function);
  if (known == nullptr || !seen.insert(&function).second) return false;
  bool has = false;
  forEachNode(known->graph()->block(), [&](const torch::jit::Node* node) {
    const auto* callee = calleeOf(node);
    has = has || node->kind() == c10::prim::Enter || (callee != nullptr && hasScopes(*callee, seen));
  });
  return has;
}

// More nodes than any network has: a function that calls another twice, and that another twice, grows to any size in few lines.
constexpr double kMostNodes = 2e6;

double inlinedSize(const torch::jit::Function& function, std::unordered_map<const torch::jit::Function*, double>& known) {
  const auto found = known.find(&function);
  if (found != known.end()) return found->second;
  known[&function] = 0;
  double size = 0;
  if (const auto* graphFunction = withGraph(function)) {
    forEachNode(graphFunction->graph()->block(), [&](const torch::jit::Node* node) {
      const auto* callee = calleeOf(node);
      size += callee == nullptr ? 1 : 1 + inlinedSize(*callee, known);
    });
  }
  known[&function] = size;
  return size;
}

void checkInlinedSize(const torch::jit::Function& function) {
  std::unordered_map<const torch::jit::Function*, double> known;
  if (inlinedSize(function, known) <= kMostNodes) return;
  throw Failure("JIT", "the function '" + function.name() + "' would have more than " + std::to_string(static_cast<int64_t>(kMostNodes)) +
                           " operations with all its calls inlined, more than any network has");
}

// A device with the index of the current one if it has none, because another thread has another current device.
c10::Device onCurrentDevice(c10::Device device) {
  if (device.is_cpu() || device.has_index() || !c10::impl::hasDeviceGuardImpl(device.type())) return device;
  return c10::impl::VirtualGuardImpl(device.type()).getDevice();
}

torch::jit::Module readyToRun(torch::jit::Module module) {
  checkSparseTensors(module._ivalue());
  std::set<const torch::jit::Function*> done;
  for (const auto& each : module.modules()) {
    for (const auto& method : each.get_methods()) {
      if (done.insert(&method.function()).second) castAutomatically(method.function());
    }
  }
  return module;
}

Napi::Value jitLoad(Info info) {
  Napi::Env env = info.Env();
  std::optional<c10::Device> device;
  if (!isNothing(info[1])) device = onCurrentDevice(parseDevice(stringOf(env, info[1], "a device")));
  // An archive's own reader, not its path: libtorch would guess the format of a path.
  const auto reader = std::make_shared<ArchiveReader>(env, info[0]);
  return wrapModule(env, onProgram([&] { return readyToRun(torch::jit::load(reader, device, kLoadsDebugFiles)); }));
}

constexpr size_t kWriteBytes = size_t{8} << 20;

Napi::Value jitSave(Info info) {
  Napi::Env env = info.Env();
  const napi_value write = info[1];
  // libtorch's writer finishes its archive in a destructor, where an exception would end the process, so failures are recorded here
  // instead.
  bool hasFailed = false;
  const auto writePiece = [&](const char* data, size_t size) {
    Napi::HandleScope scope(env);
    napi_value bytes = nullptr;
    napi_value undefined = nullptr;
    napi_value result = nullptr;
    if (napi_create_buffer_copy(env, size, data, nullptr, &bytes) != napi_ok) return false;
    if (napi_get_undefined(env, &undefined) != napi_ok) return false;
    return napi_call_function(env, undefined, write, 1, &bytes, &result) == napi_ok;
  };
  const auto writeAll = [&](const void* data, size_t size) {
    onCaller([&] {
      for (size_t done = 0; done < size && !hasFailed; done += kWriteBytes) {
        hasFailed = !writePiece(static_cast<const char*>(data) + done, std::min(kWriteBytes, size - done));
      }
    });
    return size;
  };
  torch::jit::ExtraFilesMap extraFiles;
  const uint32_t count = arrayLength(env, info[2], "extra files");
  for (uint32_t i = 0; i < count; ++i) {
    const Napi::Array pair = info[2].As<Napi::Array>().Get(i).As<Napi::Array>();
    const Napi::Uint8Array bytes = pair.Get(1u).As<Napi::Uint8Array>();
    extraFiles.emplace(stringOf(env, pair.Get(0u), "a file's name"),
                       std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength()));
  }
  const torch::jit::Module& module = moduleOf(info);
  checkCopyable(module._ivalue());
  withJitErrors([&] { onLargeStack([&] { torch::jit::ExportModule(module, writeAll, extraFiles); }); });
  if (hasFailed) throw PendingException();
  return env.Undefined();
}

Napi::Value jitDeepcopy(Info info) {
  const torch::jit::Module& module = moduleOf(info);
  checkCopyable(module._ivalue());
  return wrapModule(info.Env(), onProgram([&] { return module.deepcopy(); }));
}

Napi::Value jitTypeName(Info info) {
  const auto name = moduleOf(info).type()->name();
  return Napi::String::New(info.Env(), name ? name->name() : "");
}

Napi::Value jitMethodNames(Info info) {
  Napi::Array names = Napi::Array::New(info.Env());
  uint32_t i = 0;
  for (const auto& method : moduleOf(info).get_methods()) names.Set(i++, Napi::String::New(info.Env(), method.name()));
  return names;
}

Napi::Value jitCall(Info info) {
  Napi::Env env = info.Env();
  torch::jit::Module& module = moduleOf(info);
  const std::string name = stringOf(env, info[1], "a method's name");
  auto method = module.find_method(name);
  if (!method) throw Failure("JIT", "the module has no method '" + name + "'");
  const auto& schema = method->function().getSchema();
  Arguments arguments = argumentsOf(env, info[2], info[3], schema, name);
  const c10::IValue result =
      runProgram(env, [&] { return method->run_async(std::move(arguments.positional), std::move(arguments.named)); });
  if (schema.returns().empty()) return Napi::Value(env, fromIValue(env, result, nullptr));
  const ValueType type = readType(schema.returns()[0].type(), schema.returns()[0].real_type());
  return Napi::Value(env, fromIValue(env, result, &type));
}

Napi::Value jitTrain(Info info) {
  moduleOf(info).train(info[1].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value jitIsTraining(Info info) { return Napi::Boolean::New(info.Env(), moduleOf(info).is_training()); }

Napi::Array pairOf(Napi::Env env, const std::string& name, Napi::Value value) {
  Napi::Array pair = Napi::Array::New(env, 2);
  pair.Set(0u, Napi::String::New(env, name));
  pair.Set(1u, value);
  return pair;
}

Napi::Value jitChildren(Info info) {
  Napi::Env env = info.Env();
  Napi::Array children = Napi::Array::New(env);
  uint32_t i = 0;
  for (const auto& child : moduleOf(info).named_children()) children.Set(i++, pairOf(env, child.name, wrapModule(env, child.value)));
  return children;
}

template <typename List>
Napi::Value namedTensors(Napi::Env env, const List& list) {
  Napi::Array tensors = Napi::Array::New(env);
  uint32_t i = 0;
  for (const auto& entry : list) tensors.Set(i++, pairOf(env, entry.name, Napi::Value(env, wrapTensor(env, entry.value))));
  return tensors;
}

Napi::Value jitParameters(Info info) { return namedTensors(info.Env(), moduleOf(info).named_parameters(info[1].ToBoolean())); }

Napi::Value jitBuffers(Info info) { return namedTensors(info.Env(), moduleOf(info).named_buffers(info[1].ToBoolean())); }

Napi::Value jitGraph(Info info) {
  const std::string name = stringOf(info.Env(), info[1], "a method's name");
  const auto method = moduleOf(info).find_method(name);
  if (!method) throw Failure("JIT", "the module has no method '" + name + "'");
  const bool isInlined = info[2].ToBoolean();
  return Napi::String::New(info.Env(), onProgram([&] {
                             auto graph = method->graph();
                             if (isInlined) {
                               checkInlinedSize(method->function());
                               graph = graph->copy();
                               torch::jit::Inline(*graph);
                             }
                             return graph->toString(false);
                           }));
}

// Names for messages, as 'x, flag'.
std::string namesOf(const c10::FunctionSchema& schema) {
  std::string names;
  for (size_t i = 1; i < schema.arguments().size(); ++i) names += (i == 1 ? "" : ", ") + schema.arguments()[i].name();
  return names;
}

// The arguments of a method as [name, whether an object may be its value].
Napi::Value jitArguments(Info info) {
  Napi::Env env = info.Env();
  const std::string name = stringOf(env, info[1], "a method's name");
  const auto method = moduleOf(info).find_method(name);
  if (!method) throw Failure("JIT", "the module has no method '" + name + "'");
  const auto& arguments = method->function().getSchema().arguments();
  Napi::Array result = Napi::Array::New(env);
  for (size_t i = 1; i < arguments.size(); ++i) {
    const bool takesObject = mayBeObject(readType(arguments[i].type(), arguments[i].real_type()));
    result.Set(static_cast<uint32_t>(i - 1), pairOf(env, arguments[i].name(), Napi::Boolean::New(env, takesObject)));
  }
  return result;
}

}  // namespace

Arguments argumentsOf(napi_env env, napi_value positional, napi_value named, const c10::FunctionSchema& schema, const std::string& method) {
  const auto& arguments = schema.arguments();
  const auto convert = [&](napi_value value, size_t i) {
    return toIValue(env, value, readType(arguments[i].type(), arguments[i].real_type()));
  };
  const uint32_t given = arrayLength(env, positional, "arguments");
  if (given + 1 > arguments.size()) {
    throw Failure("ARGUMENT", "the method '" + method + "' takes " + std::to_string(arguments.size() - 1) + " arguments but received " +
                                  std::to_string(given));
  }
  Arguments result;
  for (uint32_t i = 0; i < given; ++i) {
    napi_value value = nullptr;
    check(napi_get_element(env, positional, i, &value));
    result.positional.push_back(convert(value, i + 1));
  }
  if (isNullish(typeOf(env, named))) return result;
  const Napi::Object object(env, named);
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string name = keys.Get(i).As<Napi::String>().Utf8Value();
    const auto index = schema.argumentIndexWithName(name);
    if (!index || *index == 0) {
      throw Failure("ARGUMENT", "the method '" + method + "' has no argument '" + name + "': it takes (" + namesOf(schema) + ")");
    }
    if (static_cast<uint32_t>(*index) <= given)
      throw Failure("ARGUMENT", "the method '" + method + "' received its argument '" + name + "' twice");
    result.named.emplace(name, convert(object.Get(name), static_cast<size_t>(*index)));
  }
  return result;
}

torch::jit::GraphFunction* calleeOf(const torch::jit::Node* node) {
  if (node->kind() == c10::prim::CallMethod) {
    const auto type = node->input(0)->type()->cast<c10::ClassType>();
    return type == nullptr ? nullptr : dynamic_cast<torch::jit::GraphFunction*>(type->findMethod(node->s(c10::attr::name)));
  }
  if (node->kind() == c10::prim::CallFunction) {
    const auto type = node->input(0)->type()->cast<c10::FunctionType>();
    return type == nullptr ? nullptr : dynamic_cast<torch::jit::GraphFunction*>(type->function());
  }
  return nullptr;
}

void castAutomatically(torch::jit::Function& function) {
  auto* graphFunction = dynamic_cast<torch::jit::GraphFunction*>(&function);
  std::set<const torch::jit::Function*> seen;
  if (graphFunction == nullptr || !hasScopes(function, seen)) return;
  checkInlinedSize(function);
  // The graph that is made here is kept, and what the interpreter runs.
  const torch::jit::GraphOptimizerEnabledGuard optimize(true);
  graphFunction->optimized_graph();
}

void registerJit(Napi::Object exports) {
  // The plain interpreter runs the eager operators one by one, with the same results and memory as eager mode and without warm-up.
  torch::jit::setGraphExecutorOptimize(false);
  checkIntegerDivisions();
  define<jitLoad>(exports, "jitLoad");
  define<jitSave>(exports, "jitSave");
  define<jitDeepcopy>(exports, "jitDeepcopy");
  define<jitTypeName>(exports, "jitTypeName");
  define<jitMethodNames>(exports, "jitMethodNames");
  define<jitCall>(exports, "jitCall");
  define<jitTrain>(exports, "jitTrain");
  define<jitIsTraining>(exports, "jitIsTraining");
  define<jitChildren>(exports, "jitChildren");
  define<jitParameters>(exports, "jitParameters");
  define<jitBuffers>(exports, "jitBuffers");
  define<jitGraph>(exports, "jitGraph");
  define<jitArguments>(exports, "jitArguments");
  registerJitAttributes(exports);
  registerJitTaps(exports);
  registerJitDefine(exports);
}

}  // namespace pixelcl
