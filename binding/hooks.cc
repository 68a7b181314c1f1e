#include "hooks.h"

#include <thread>

#include "convert.h"
#include "handles.h"

namespace pixelcl {

at::Tensor HookQueue::call(int64_t key, const at::Tensor& grad) {
  // An output that nothing used has no gradient, and so nothing to call the hook with.
  if (!grad.defined()) return {};
  if (std::this_thread::get_id() == environment_.thread) return invoke(key, grad);
  Job job(key, grad);
  std::unique_lock<std::mutex> lock(mutex_);
  jobs_.push_back(&job);
  changed_.notify_all();
  while (true) {
    changed_.wait(lock, [&job] { return job.done || job.nested != nullptr; });
    Work* nested = std::exchange(job.nested, nullptr);
    if (nested == nullptr) break;
    lock.unlock();
    perform(*nested);
    lock.lock();
  }
  if (job.error) std::rethrow_exception(job.error);
  return job.result;
}

void HookQueue::run(napi_env env, bool onOtherThreads, const std::function<void()>& work) {
  if (depth_ == 0) forgetThrown(env);
  ++depth_;
  const auto leave = [this] { --depth_; };
  try {
    if (answered_ != nullptr) {
      runWithin(*answered_, work);
    } else if (onOtherThreads) {
      runBeside(work);
    } else {
      work();
    }
  } catch (...) {
    leave();
    if (rethrow(env)) throw PendingException();
    throw;
  }
  leave();
}

void HookQueue::runBeside(const std::function<void()>& body) {
  Work work(body);
  std::thread worker([&] { perform(work); });
  serve(work);
  worker.join();
  if (work.failure) std::rethrow_exception(work.failure);
}

void HookQueue::runWithin(Job& job, const std::function<void()>& body) {
  Work work(body);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    job.nested = &work;
    changed_.notify_all();
  }
  serve(work);
  if (work.failure) std::rethrow_exception(work.failure);
}

void HookQueue::perform(Work& work) {
  {
    const at::ThreadLocalStateGuard guard(work.state);
    try {
      work.body();
    } catch (...) {
      work.failure = std::current_exception();
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  work.finished = true;
  changed_.notify_all();
}

void HookQueue::serve(Work& work) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return work.finished || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job* job = jobs_.front();
    jobs_.pop_front();
    lock.unlock();
    answer(*job);
    lock.lock();
    job->done = true;
    changed_.notify_all();
  }
}

void HookQueue::answer(Job& job) {
  Job* const outer = std::exchange(answered_, &job);
  const at::ThreadLocalStateGuard guard(job.state);
  try {
    job.result = invoke(job.key, job.grad);
  } catch (...) {
    job.error = std::current_exception();
  }
  answered_ = outer;
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

void HookQueue::forgetThrown(napi_env env) {
  if (thrown_ != nullptr) napi_delete_reference(env, std::exchange(thrown_, nullptr));
}

bool HookQueue::rethrow(napi_env env) {
  if (thrown_ == nullptr) return false;
  napi_value error = nullptr;
  napi_get_reference_value(env, thrown_, &error);
  forgetThrown(env);
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
