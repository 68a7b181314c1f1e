// Calls from the autograd engine into JavaScript, always on the environment's own thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "environment.h"

namespace pixelcl {

class HookQueue {
 public:
  explicit HookQueue(Environment& environment) : environment_(environment) {}

  // Calls the dispatcher with the gradient: at once on the environment's thread, else through the thread that serves.
  at::Tensor call(int64_t key, const at::Tensor& grad);

  // Runs `work` on another thread while this one, the environment's, serves calls from any thread.
  void serveWhile(const std::function<void()>& work);

  // Rethrows into JavaScript what a hook threw, if one did.
  bool rethrow(napi_env env);

  void noteReleased(int64_t key);
  std::vector<int64_t> takeReleased();

  int64_t nextKey() { return next_++; }

 private:
  struct Job {
    int64_t key;
    const at::Tensor* grad;
    at::Tensor result;
    std::exception_ptr error;
    bool done = false;
  };

  at::Tensor invoke(int64_t key, const at::Tensor& grad);

  Environment& environment_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job*> jobs_;
  std::vector<int64_t> released_;
  int64_t next_ = 1;
  napi_ref thrown_ = nullptr;
};

}  // namespace pixelcl
