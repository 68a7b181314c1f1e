// What the files of TorchScript share.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

#include "convert.h"
#include "handles.h"
#include "hooks.h"

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

// Runs a program, which may call the engine itself, and so hooks.
template <typename Program>
c10::IValue runProgram(napi_env env, Program program) {
  HookQueue& hooks = *Environment::of(env).hooks;
  c10::IValue result;
  withJitErrors([&] { hooks.run(env, deviceInUse() && !hooks.places.empty(), [&] { result = program(); }); });
  return result;
}

void registerJitTaps(Napi::Object exports);
void registerJitDefine(Napi::Object exports);

}  // namespace pixelcl
