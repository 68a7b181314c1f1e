// What the files of TorchScript share.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

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

// Runs what may fail inside TorchScript and gives its failures the code JIT.
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
    // The compiler's errors and those that a program raises are no c10 errors.
    throw Failure("JIT", error.what());
  }
}

// Runs a program, which may call JavaScript: by a backward of its own, also on other threads that it starts. `start` gives the future of
// the result, so that this thread serves where the program waits for those.
template <typename Start>
c10::IValue runProgram(napi_env env, Start start) {
  CallQueue& calls = *Environment::of(env).calls;
  c10::IValue result;
  withJitErrors([&] { calls.run(calls.hasFunctions() && deviceInUse(), [&] { result = calls.wait(start()); }); });
  return result;
}

void registerJitTaps(Napi::Object exports);
void registerJitDefine(Napi::Object exports);

}  // namespace pixelcl
