// Helpers shared by the TorchScript sources.
#pragma once

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "jit/large_stack.h"
#include "memory/device.h"
#include "runtime/calls.h"
#include "runtime/convert.h"
#include "runtime/handles.h"

namespace pixelcl {

inline torch::jit::Module& moduleOf(const Napi::CallbackInfo& info) {
  return objectOf<torch::jit::Module>(info.Env(), info[0], HandleTag::kModule, "TorchScript module");
}

inline Napi::Value wrapModule(Napi::Env env, torch::jit::Module module) {
  return Napi::Value(env, wrapObject<torch::jit::Module>(env, HandleTag::kModule, std::move(module)));
}

// Runs work of TorchScript and gives its errors the code JIT.
template <typename Work>
auto withJitErrors(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Failure&) {
    throw;
  } catch (const PendingException&) {
    throw;
  } catch (const JavaScriptError&) {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::Error& error) {
    throw Failure("JIT", error.what_without_backtrace());
  } catch (const std::exception& error) {
    // Errors of the compiler and errors raised by a program are not c10 errors.
    throw Failure("JIT", error.what());
  }
}

// Runs work that compiles, inlines or walks a program, none of which may call into JavaScript.
template <typename Work>
auto onProgram(Work work) -> decltype(work()) {
  std::optional<decltype(work())> result;
  withJitErrors([&] { onLargeStack([&] { result.emplace(work()); }); });
  return std::move(*result);
}

// Runs a program. A backward inside it, perhaps on threads that it starts, may call hooks in JavaScript, so this thread serves such calls
// while it waits for the future that `start` returns.
template <typename Start>
c10::IValue runProgram(napi_env env, Start start) {
  CallQueue& calls = *Environment::of(env).calls;
  c10::IValue result;
  withJitErrors([&] { calls.run(calls.hasFunctions() && deviceInUse(), [&] { result = calls.wait(start()); }); });
  return result;
}

// The arguments of a call, without the module.
struct Arguments {
  std::vector<c10::IValue> positional;
  std::unordered_map<std::string, c10::IValue> named;
};

// Converts an array of positional arguments and an object of named ones, or null, by a method's schema.
Arguments argumentsOf(napi_env env, napi_value positional, napi_value named, const c10::FunctionSchema& schema, const std::string& method);

// Inserts the casts of `with torch.autocast(…)` into what a function runs; the function's own graph, which is saved, stays as it is. The
// plain interpreter leaves them out.
void castAutomatically(torch::jit::Function& function);

// The function that a node calls; null if it calls none, or none that is known before the call.
torch::jit::GraphFunction* calleeOf(const torch::jit::Node* node);

// Throws JIT if copying or writing a value would never end, or overflow any stack.
void checkCopyable(const c10::IValue& root);

// Throws an error of libtorch for a sparse tensor with indices outside it, which libtorch's reader believes.
void checkSparseTensors(const c10::IValue& root);

void registerJitAttributes(Napi::Object exports);
// Puts a check before the integer divisions of programs, once in the process.
void checkIntegerDivisions();

void registerJitTaps(Napi::Object exports);
void registerJitDefine(Napi::Object exports);

}  // namespace pixelcl
