// TorchScript modules: files, methods, children and tensors.
#include "jit/jit.h"

#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/export.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

bool isNothing(Napi::Value value) { return value.IsNull() || value.IsUndefined(); }

// Reads a file's bytes from memory; the caller keeps them alive.
class BytesReader : public caffe2::serialize::ReadAdapterInterface {
 public:
  BytesReader(const uint8_t* data, size_t length) : data_(data), length_(length) {}

  size_t size() const override { return length_; }

  size_t read(uint64_t position, void* into, size_t count, const char*) const override {
    if (position >= length_) return 0;
    const size_t available = std::min<size_t>(count, length_ - position);
    std::memcpy(into, data_ + position, available);
    return available;
  }

 private:
  const uint8_t* const data_;
  const size_t length_;
};

// Debug files hold positions in Python's source, and are large pickles that have not been checked.
constexpr bool kLoadsDebugFiles = false;

torch::jit::Module readyToRun(torch::jit::Module module) {
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
  if (!isNothing(info[1])) device = parseDevice(stringOf(env, info[1], "a device"));
  if (info[0].IsTypedArray()) {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    return wrapModule(
        env, withJitErrors([&] {
          return readyToRun(torch::jit::load(std::make_shared<BytesReader>(bytes.Data(), bytes.ByteLength()), device, kLoadsDebugFiles));
        }));
  }
  const std::string path = stringOf(env, info[0], "a path");
  return wrapModule(env, withJitErrors([&] { return readyToRun(torch::jit::load(path, device, kLoadsDebugFiles)); }));
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
    for (size_t done = 0; done < size && !hasFailed; done += kWriteBytes) {
      hasFailed = !writePiece(static_cast<const char*>(data) + done, std::min(kWriteBytes, size - done));
    }
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
  withJitErrors([&] { torch::jit::ExportModule(moduleOf(info), writeAll, extraFiles); });
  if (hasFailed) throw PendingException();
  return env.Undefined();
}

Napi::Value jitDeepcopy(Info info) {
  return wrapModule(info.Env(), withJitErrors([&] { return moduleOf(info).deepcopy(); }));
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
  auto graph = method->graph();
  if (info[2].ToBoolean()) {
    graph = graph->copy();
    torch::jit::Inline(*graph);
  }
  return Napi::String::New(info.Env(), graph->toString(false));
}

bool hasScopes(const torch::jit::Function& function, std::set<const torch::jit::Function*>& seen);

// Whether a block, or what it calls, has a `with`.
bool hasScopes(const torch::jit::Block* block, std::set<const torch::jit::Function*>& seen) {
  for (const torch::jit::Node* node : block->nodes()) {
    if (node->kind() == c10::prim::Enter) return true;
    for (const torch::jit::Block* inner : node->blocks()) {
      if (hasScopes(inner, seen)) return true;
    }
    const torch::jit::Function* callee = nullptr;
    if (node->kind() == c10::prim::CallMethod) {
      const auto type = node->input(0)->type()->cast<c10::ClassType>();
      if (type != nullptr) callee = type->findMethod(node->s(c10::attr::name));
    } else if (node->kind() == c10::prim::CallFunction) {
      const auto type = node->input(0)->type()->cast<c10::FunctionType>();
      if (type != nullptr) callee = type->function();
    }
    if (callee != nullptr && hasScopes(*callee, seen)) return true;
  }
  return false;
}

bool hasScopes(const torch::jit::Function& function, std::set<const torch::jit::Function*>& seen) {
  if (!seen.insert(&function).second) return false;
  const auto* withGraph = dynamic_cast<const torch::jit::GraphFunction*>(&function);
  return withGraph != nullptr && hasScopes(withGraph->graph()->block(), seen);
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

void castAutomatically(torch::jit::Function& function) {
  auto* withGraph = dynamic_cast<torch::jit::GraphFunction*>(&function);
  std::set<const torch::jit::Function*> seen;
  if (withGraph == nullptr || !hasScopes(function, seen)) return;
  // The graph that is made here is kept, and what the interpreter runs.
  const torch::jit::GraphOptimizerEnabledGuard optimize(true);
  withGraph->optimized_graph();
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
