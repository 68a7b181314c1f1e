// What the files of TorchScript share.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>

#include "convert.h"
#include "handles.h"

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

void registerJitTaps(Napi::Object exports);
void registerJitDefine(Napi::Object exports);

}  // namespace pixelcl
