// The generic call: every operator of the dispatcher through one callback, arguments converted by its schema.
#include <dlfcn.h>

#include <array>
#include <sstream>

#include "memory/device.h"
#include "runtime/calls.h"
#include "runtime/handles.h"
#include "runtime/operator.h"

namespace pixelcl {

namespace {

constexpr size_t kMaxArguments = 64;
// Node-API fills the whole argument array with undefined, so most calls pass a short one.
constexpr size_t kUsualArguments = 8;

std::unique_ptr<Operator> readOperator(Environment& environment, const c10::OperatorHandle& handle) {
  const c10::FunctionSchema& schema = handle.schema();
  std::ostringstream text;
  text << schema;
  auto result = std::unique_ptr<Operator>(new Operator{environment, handle, text.str(), {}, {}});
  result->callsEngine = schema.name() == "aten::_backward";
  for (const auto& argument : schema.arguments()) {
    OperatorArgument read;
    read.name = argument.name();
    read.type = readType(argument.type(), argument.real_type());
    if (argument.N()) read.type.length = *argument.N();
    if (argument.default_value()) {
      read.hasDefault = true;
      read.defaultValue = *argument.default_value();
    }
    result->arguments.push_back(std::move(read));
  }
  for (const auto& returned : schema.returns()) {
    OperatorReturn read;
    read.type = readType(returned.type(), returned.real_type());
    const auto* alias = returned.alias_info();
    if (alias != nullptr && alias->isWrite()) {
      for (size_t i = 0; i < schema.arguments().size(); ++i) {
        const auto* source = schema.arguments()[i].alias_info();
        if (source != nullptr && source->isWrite() && source->beforeSets() == alias->beforeSets()) read.written = static_cast<int>(i);
      }
    }
    result->returns.push_back(std::move(read));
  }
  return result;
}

c10::IValue argumentValue(napi_env env, const OperatorArgument& argument, napi_value value) {
  try {
    return toIValue(env, value, argument.type);
  } catch (const Failure& failure) {
    if (std::string_view(failure.code) != "ARGUMENT") throw;
    throw Failure("ARGUMENT", "argument '" + argument.name + "': " + failure.what());
  }
}

c10::IValue missingValue(const OperatorArgument& argument) {
  if (argument.hasDefault) return argument.defaultValue;
  if (argument.type.optional) return {};
  throw Failure("ARGUMENT", "argument '" + argument.name + "' is missing: expected " + argument.type.type->str());
}

napi_value resultOf(napi_env env, const Operator& op, size_t index, c10::IValue& value, size_t argc, const napi_value* argv) {
  const OperatorReturn& returned = op.returns[index];
  if (returned.written >= 0 && static_cast<size_t>(returned.written) < argc && value.isTensor() &&
      handleOrNull(env, argv[returned.written], HandleTag::kTensor) != nullptr) {
    return argv[returned.written];
  }
  if (value.isTensor() && value.toTensor().defined()) return wrapTensor(env, op.environment, std::move(value).toTensor());
  return fromIValue(env, value, &returned.type);
}

// Returns the stack's memory for the next call, even if an exception is thrown.
class BorrowedStack {
 public:
  explicit BorrowedStack(Environment& environment) : environment_(environment), stack(std::move(environment.spareStack)) { stack.clear(); }
  ~BorrowedStack() {
    stack.clear();
    environment_.spareStack = std::move(stack);
  }
  BorrowedStack(const BorrowedStack&) = delete;
  BorrowedStack& operator=(const BorrowedStack&) = delete;

 private:
  Environment& environment_;

 public:
  torch::jit::Stack stack;
};

// Accounts: whether to report bytes to V8; only benchmarks omit it, to show its cost.
template <bool Accounts>
napi_value call(napi_env env, const Operator& op, size_t argc, const napi_value* argv) {
  if (argc > op.arguments.size()) {
    throw Failure("ARGUMENT",
                  "expected at most " + std::to_string(op.arguments.size()) + " arguments but received " + std::to_string(argc));
  }
  Environment& environment = op.environment;
  BorrowedStack borrowed(environment);
  auto& stack = borrowed.stack;
  for (size_t i = 0; i < op.arguments.size(); ++i) {
    const OperatorArgument& argument = op.arguments[i];
    if (i >= argc) {
      stack.push_back(missingValue(argument));
      continue;
    }
    if (argument.type.kind == ValueKind::kTensor) {
      if (const at::Tensor* tensor = tensorOrNull(env, argv[i])) {
        stack.emplace_back(*tensor);
        continue;
      }
    }
    napi_valuetype type = napi_undefined;
    check(napi_typeof(env, argv[i], &type));
    stack.push_back(type == napi_undefined ? missingValue(argument) : argumentValue(env, argument, argv[i]));
  }
  if (op.callsEngine) {
    CallQueue& calls = *environment.calls;
    calls.run(calls.hasFunctions() && deviceInUse(), [&] { op.handle.callBoxed(stack); });
  } else {
    op.handle.callBoxed(stack);
  }
  napi_value result = nullptr;
  if (stack.size() == 1) {
    result = resultOf(env, op, 0, stack.front(), argc, argv);
  } else if (stack.empty()) {
    check(napi_get_undefined(env, &result));
  } else {
    check(napi_create_array_with_length(env, stack.size(), &result));
    for (size_t i = 0; i < stack.size(); ++i) {
      check(napi_set_element(env, result, static_cast<uint32_t>(i), resultOf(env, op, i, stack[i], argc, argv)));
    }
  }
  stack.clear();
  if constexpr (Accounts) environment.reportMemory(env, false);
  environment.warnings.deliver(env);
  return result;
}

struct Arguments {
  std::array<napi_value, kMaxArguments> values;
  size_t count = kUsualArguments;
  void* data = nullptr;
};

bool readArguments(napi_env env, napi_callback_info info, Arguments& arguments) {
  if (napi_get_cb_info(env, info, &arguments.count, arguments.values.data(), nullptr, &arguments.data) != napi_ok) return false;
  if (arguments.count <= kUsualArguments) return true;
  arguments.count = kMaxArguments;
  if (napi_get_cb_info(env, info, &arguments.count, arguments.values.data(), nullptr, nullptr) != napi_ok) return false;
  arguments.count = std::min(arguments.count, kMaxArguments);
  return true;
}

template <bool Accounts>
napi_value callOperator(napi_env env, napi_callback_info info) {
  Arguments arguments;
  if (!readArguments(env, info, arguments)) return nullptr;
  const auto& op = *static_cast<const Operator*>(arguments.data);
  try {
    return call<Accounts>(env, op, arguments.count, arguments.values.data());
  } catch (...) {
    const CallContext context{op.schema, arguments.count, arguments.values.data()};
    throwCurrentException(env, &context);
    return nullptr;
  }
}

napi_value emptyCallback(napi_env env, napi_callback_info info) {
  Arguments arguments;
  readArguments(env, info, arguments);
  return nullptr;
}

std::string qualified(const std::string& name, const std::string& overload) { return overload.empty() ? name : name + "." + overload; }

template <bool Accounts>
Napi::Value operatorFunction(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::string name = stringOf(env, info[0], "an operator's name");
  const std::string overload = stringOf(env, info[1], "an overload's name");
  Environment& environment = Environment::of(env);
  auto& slot = environment.operators[qualified(name, overload)];
  if (slot == nullptr) {
    const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!found) {
      environment.operators.erase(qualified(name, overload));
      throw Failure("OPERATOR_NOT_FOUND", "the loaded libtorch has no operator " + qualified(name, overload));
    }
    slot = readOperator(environment, *found);
    if (slot->arguments.size() > kMaxArguments) throw Failure("NATIVE", "the operator takes too many arguments");
  }
  napi_value function = nullptr;
  check(napi_create_function(env, name.data(), name.size(), &callOperator<Accounts>, slot.get(), &function));
  return Napi::Value(env, function);
}

Napi::Value schemaText(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto found =
      c10::Dispatcher::singleton().findSchema({stringOf(env, info[0], "an operator's name"), stringOf(env, info[1], "an overload's name")});
  if (!found) return env.Null();
  std::ostringstream text;
  text << found->schema();
  return Napi::String::New(env, text.str());
}

Napi::Value operatorNames(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto names = c10::Dispatcher::singleton().getAllOpNames();
  Napi::Array result = Napi::Array::New(env);
  uint32_t i = 0;
  for (const auto& name : names) {
    if (c10::Dispatcher::singleton().findSchema(name)) result.Set(i++, Napi::String::New(env, qualified(name.name, name.overload_name)));
  }
  return result;
}

// Loads a library whose initialisers register operators, for the whole process and for good.
Napi::Value loadLibrary(const Napi::CallbackInfo& info) {
  const std::string path = stringOf(info.Env(), info[0], "a path");
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* reason = dlerror();
    throw Failure("NATIVE", reason == nullptr ? "the library cannot be loaded" : reason);
  }
  return info.Env().Undefined();
}

}  // namespace

void registerOperators(Napi::Object exports) {
  define<loadLibrary>(exports, "loadLibrary");
  define<operatorFunction<true>>(exports, "operator");
  define<operatorFunction<false>>(exports, "operatorWithoutAccounting");
  define<schemaText>(exports, "schema");
  define<operatorNames>(exports, "operatorNames");
  napi_value function = nullptr;
  check(napi_create_function(exports.Env(), "emptyCall", NAPI_AUTO_LENGTH, &emptyCallback, nullptr, &function));
  exports.Set("emptyCall", Napi::Value(exports.Env(), function));
}

}  // namespace pixelcl
