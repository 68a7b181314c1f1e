// libtorch's warnings, passed to JavaScript.
#pragma once

#include <c10/util/Exception.h>

#include <atomic>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "runtime/node.h"

namespace pixelcl {

// Collects the warnings of one environment's calls, each once, until its thread can call JavaScript. libtorch finds a handler by thread: a
// thread that works for another one takes over that one's handler.
class Warnings final : public c10::WarningHandler {
 public:
  // On any thread. Until there is a listener, warnings are printed.
  void process(const c10::Warning& warning) override;

  // The listener receives the message and whether it is about something deprecated.
  void setListener(napi_env env, napi_value listener);

  // On the environment's thread, when a native call ends.
  void deliver(napi_env env) noexcept {
    if (areWaiting_.load(std::memory_order_relaxed)) deliverWaiting(env);
  }

 private:
  struct Waiting {
    std::string message;
    bool isDeprecation;
  };

  void deliverWaiting(napi_env env) noexcept;

  std::atomic<bool> areWaiting_{false};
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<Waiting> waiting_;
  std::unordered_set<std::string> seen_;
  napi_ref listener_ = nullptr;
};

}  // namespace pixelcl
