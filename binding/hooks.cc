#include "hooks.h"

#include <ATen/ThreadLocalState.h>

#include <thread>

#include "convert.h"
#include "handles.h"

namespace pixelcl {

at::Tensor HookQueue::call(int64_t key, const at::Tensor& grad) {
  if (std::this_thread::get_id() == environment_.thread) return invoke(key, grad);
  Job job{key, &grad, {}, nullptr, false};
  std::unique_lock<std::mutex> lock(mutex_);
  jobs_.push_back(&job);
  changed_.notify_all();
  changed_.wait(lock, [&job] { return job.done; });
  if (job.error) std::rethrow_exception(job.error);
  return job.result;
}

void HookQueue::serveWhile(const std::function<void()>& work) {
  bool finished = false;
  std::exception_ptr failure;
  const at::ThreadLocalState state;
  std::thread worker([&] {
    const at::ThreadLocalStateGuard guard(state);
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    finished = true;
    changed_.notify_all();
  });
  {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return finished || !jobs_.empty(); });
      if (jobs_.empty()) break;
      Job* job = jobs_.front();
      jobs_.pop_front();
      lock.unlock();
      try {
        job->result = invoke(job->key, *job->grad);
      } catch (...) {
        job->error = std::current_exception();
      }
      lock.lock();
      job->done = true;
      changed_.notify_all();
    }
  }
  worker.join();
  if (failure) std::rethrow_exception(failure);
}

at::Tensor HookQueue::invoke(int64_t key, const at::Tensor& grad) {
  if (environment_.hookDispatcher == nullptr) return {};
  napi_env env = environment_.env;
  const Napi::HandleScope scope{Napi::Env(env)};
  napi_value dispatcher = nullptr;
  napi_value undefined = nullptr;
  napi_value result = nullptr;
  check(napi_get_reference_value(env, environment_.hookDispatcher, &dispatcher));
  check(napi_get_undefined(env, &undefined));
  const napi_value args[] = {intValue(env, key), wrapTensor(env, grad)};
  if (napi_call_function(env, undefined, dispatcher, 2, args, &result) != napi_ok) {
    napi_value error = nullptr;
    if (thrown_ == nullptr && napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_create_reference(env, error, 1, &thrown_);
    throw std::runtime_error("a tensor hook threw");
  }
  napi_valuetype type = napi_undefined;
  check(napi_typeof(env, result, &type));
  if (type == napi_undefined || type == napi_null) return {};
  return tensorOf(env, result, "the gradient that a hook returns");
}

bool HookQueue::rethrow(napi_env env) {
  if (thrown_ == nullptr) return false;
  napi_value error = nullptr;
  napi_get_reference_value(env, thrown_, &error);
  napi_delete_reference(env, thrown_);
  thrown_ = nullptr;
  // An error can only be referenced as an object; anything else that was thrown has become undefined.
  if (error == nullptr)
    napi_throw_error(env, "HOOK", "a tensor hook threw a value that is no Error");
  else
    napi_throw(env, error);
  return true;
}

void HookQueue::noteReleased(int64_t key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  released_.push_back(key);
}

std::vector<int64_t> HookQueue::takeReleased() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(released_, {});
}

}  // namespace pixelcl
