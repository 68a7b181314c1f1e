// Calls from the autograd engine into JavaScript, always on the environment's own thread.
#pragma once

#include <ATen/ThreadLocalState.h>
#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/cpp_hook.h>
#include <torch/csrc/autograd/function.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "environment.h"

namespace pixelcl {

class HookQueue {
 public:
  explicit HookQueue(Environment& environment) : environment_(environment) {}

  // Where libtorch keeps a hook. A tensor that is changed in place gets a new node and a new list; the hooks stay with the old ones.
  struct Place {
    std::weak_ptr<torch::autograd::hooks_list> list;
    unsigned position;
    // There while the list is; null for a leaf.
    const torch::autograd::Node* node;
  };
  std::unordered_map<int64_t, Place> places;

  // Calls the dispatcher with the gradient: at once on the environment's thread, else through the thread that serves.
  at::Tensor call(int64_t key, const at::Tensor& grad);

  // Runs `work`, which may call hooks, and rethrows into JavaScript what they threw. Where the engine's own threads may call them
  // the work is done on another thread, while this one, the environment's, serves.
  void run(napi_env env, bool onOtherThreads, const std::function<void()>& work);

  void noteReleased(int64_t key);
  std::vector<int64_t> takeReleased();

  int64_t nextKey() { return next_++; }

 private:
  // What another thread does while this one serves.
  struct Work {
    explicit Work(const std::function<void()>& body) : body(body) {}
    const std::function<void()>& body;
    const at::ThreadLocalState state;
    std::exception_ptr failure;
    bool finished = false;
  };

  // A hook's call that a thread of the engine waits for.
  struct Job {
    Job(int64_t key, const at::Tensor& grad) : key(key), grad(grad) {}
    const int64_t key;
    const at::Tensor& grad;
    // The engine's modes are the hook's.
    const at::ThreadLocalState state;
    // Work that the hook starts: the engine's thread does it itself, since it would wait for itself otherwise.
    Work* nested = nullptr;
    at::Tensor result;
    std::exception_ptr error;
    bool done = false;
  };

  at::Tensor invoke(int64_t key, const at::Tensor& grad);
  void runBeside(const std::function<void()>& body);
  void runWithin(Job& job, const std::function<void()>& body);
  void perform(Work& work);
  void serve(Work& work);
  void answer(Job& job);
  bool rethrow(napi_env env);
  void forgetThrown(napi_env env);

  Environment& environment_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job*> jobs_;
  std::vector<int64_t> released_;
  int64_t next_ = 1;
  napi_ref thrown_ = nullptr;
  // The environment's thread only: the job that it answers, and how deep its runs are nested.
  Job* answered_ = nullptr;
  int depth_ = 0;
};

}  // namespace pixelcl
