// What one JavaScript environment (main thread or worker) owns, and the guard around every entry into C++.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "node.h"

namespace pixelcl {

struct Operator;
class HookQueue;
class ModeGuard;

// Lives until the environment has ended and its last handle is gone, since finalizers may come after teardown.
class Environment {
 public:
  explicit Environment(napi_env env);

  static Environment& of(napi_env env);

  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();

  // Tells V8 how many bytes came or went since the last time; whatever this environment's calls changed is its share.
  void reportMemory(node_api_basic_env env, bool decreasesOnly);

  void close();

  const napi_env env;
  const std::thread::id thread;
  int64_t liveTensors = 0;
  napi_ref errorFactory = nullptr;
  napi_ref hookDispatcher = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Operator>> operators;
  torch::jit::Stack spareStack;
  std::vector<std::unique_ptr<ModeGuard>> modes;
  // Outlives the environment's end with it: a graph may drop its hooks later.
  const std::unique_ptr<HookQueue> hooks;
  std::atomic<bool> closed{false};

 private:
  ~Environment();

  void collectLate(node_api_basic_env env);

  // What this environment had told V8 when a collection last freed a handle, or the least since.
  int64_t shareWhenCollected_ = 0;
  // When the last late collection ended, and how long they take of late.
  std::chrono::steady_clock::time_point collected_{};
  std::chrono::steady_clock::duration collecting_{};
  std::atomic<int64_t> references_{1};
  std::atomic<int64_t> reportedBytes_{0};
};

// A failure of the shim's own, with a code of NativeFailure in src/native/binding.ts.
class Failure : public std::runtime_error {
 public:
  Failure(const char* code, const std::string& message) : std::runtime_error(message), code(code) {}
  const char* const code;
};

// A JavaScript exception is pending already, or the environment can run no more JavaScript: unwind and return.
class PendingException : public std::exception {};

inline void check(napi_status status) {
  if (status != napi_ok) throw PendingException();
}

struct CallContext {
  std::string schema;
  size_t argc = 0;
  const napi_value* argv = nullptr;
};

// Throws a JavaScript value; the caller returns to JavaScript at once.
void throwValue(napi_env env, napi_value error);

// Throws the exception in flight into JavaScript through the error factory; never throws C++.
void throwCurrentException(napi_env env, const CallContext* context) noexcept;

template <typename Body>
napi_value guarded(napi_env env, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    throwCurrentException(env, nullptr);
    return nullptr;
  }
}

using Entry = Napi::Value (*)(const Napi::CallbackInfo&);

template <Entry entry>
Napi::Value guardedEntry(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  try {
    Napi::Value result = entry(info);
    Environment::of(env).reportMemory(env, false);
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

void registerOperators(Napi::Object exports);
void registerTensor(Napi::Object exports);
void registerAutograd(Napi::Object exports);
void registerRandom(Napi::Object exports);
void registerMemory(Napi::Object exports);
void registerDevice(Napi::Object exports);
void registerJit(Napi::Object exports);
void registerSignals(Napi::Object exports);

}  // namespace pixelcl
