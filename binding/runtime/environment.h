// The state of one JavaScript environment (the main thread or a worker).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "runtime/errors.h"
#include "runtime/warnings.h"

namespace c10 {
struct IValue;
}

namespace pixelcl {

struct Operator;
class CallQueue;
class HookPlaces;
class ModeGuard;

// Lives until the environment has ended and its last handle is finalized, because finalizers may run after teardown.
class Environment {
 public:
  explicit Environment(napi_env env);

  static Environment& of(napi_env env);

  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();

  // Reports to V8 how many bytes were allocated or freed since the last report; this environment reports what its own calls changed.
  void reportMemory(node_api_basic_env env, bool decreasesOnly);

  void close();

  const napi_env env;
  const std::thread::id thread;
  int64_t liveTensors = 0;
  napi_ref errorFactory = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Operator>> operators;
  std::vector<c10::IValue> spareStack;
  std::vector<std::unique_ptr<ModeGuard>> modes;
  // Used even after the environment has ended, because a graph of another thread may still call and drop its functions.
  const std::unique_ptr<CallQueue> calls;
  const std::unique_ptr<HookPlaces> hookPlaces;
  Warnings warnings;
  std::atomic<bool> closed{false};

 private:
  ~Environment();

  void collectLate(node_api_basic_env env);

  // The bytes that this environment had reported when a collection last freed a handle, or the minimum since then.
  int64_t shareWhenCollected_ = 0;
  // When the last forced collection ended, and how long recent ones took.
  std::chrono::steady_clock::time_point collected_{};
  std::chrono::steady_clock::duration collecting_{};
  std::atomic<int64_t> references_{1};
  std::atomic<int64_t> reportedBytes_{0};
};

template <Entry entry>
Napi::Value guardedEntry(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  try {
    Napi::Value result = entry(info);
    Environment& environment = Environment::of(env);
    environment.reportMemory(env, false);
    environment.warnings.deliver(env);
    return result;
  } catch (...) {
    throwCurrentException(env, nullptr);
    return Napi::Value();
  }
}

template <Entry entry>
void define(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<guardedEntry<entry>>(exports.Env(), name));
}

void registerCalls(Napi::Object exports);
void registerErrors(Napi::Object exports);
void registerOperators(Napi::Object exports);
void registerTensor(Napi::Object exports);
void registerAutograd(Napi::Object exports);
void registerRandom(Napi::Object exports);
void registerMemory(Napi::Object exports);
void registerDevice(Napi::Object exports);
void registerJit(Napi::Object exports);
void registerSignals(Napi::Object exports);
void registerWarnings(Napi::Object exports);

}  // namespace pixelcl
