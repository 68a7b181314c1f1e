#include "runtime/calls.h"

#include <c10/util/SmallVector.h>

#include <future>
#include <thread>

#include "runtime/convert.h"
#include "runtime/handles.h"

namespace pixelcl {

namespace {

// At 60 nested backwards the engine would continue on a thread of its own and block this one.
constexpr int kDeepest = 50;

class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env) { check(napi_open_handle_scope(env, &scope_)); }
  ~HandleScope() { napi_close_handle_scope(env_, scope_); }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

std::runtime_error ended() {
  return std::runtime_error("a JavaScript function was called after its environment, a worker or the process, had ended");
}

Values valuesOf(napi_env env, napi_value result) {
  if (typeOf(env, result) == napi_undefined) return {};
  bool isArray = false;
  check(napi_is_array(env, result, &isArray));
  if (!isArray) return {inferIValue(env, result)};
  const uint32_t length = arrayLength(env, result, "results");
  Values values;
  values.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item = nullptr;
    check(napi_get_element(env, result, i, &item));
    values.push_back(inferIValue(env, item));
  }
  return values;
}

Napi::Value setDispatcher(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).calls->setDispatcher(info.Env(), info[0], info[1]);
  return info.Env().Undefined();
}

Napi::Value releaseFunctions(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).calls->drain(info.Env());
  return info.Env().Undefined();
}

using FunctionPointer = std::shared_ptr<JavaScriptFunction>;

Napi::Value createFunction(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const auto function = std::make_shared<JavaScriptFunction>(Environment::of(env));
  Napi::Array result = Napi::Array::New(env, 2);
  result.Set(0u, Napi::Value(env, intValue(env, function->key)));
  result.Set(1u, Napi::Value(env, wrapObject<FunctionPointer>(env, HandleTag::kFunction, function)));
  return result;
}

Napi::Value callFunction(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const FunctionPointer function = objectOf<FunctionPointer>(env, info[0], HandleTag::kFunction, "function");
  const int64_t threads = intOf(env, info[2], "a number of threads");
  Values values;
  for (uint32_t i = 0; i < arrayLength(env, info[1], "values"); ++i) {
    napi_value value = nullptr;
    check(napi_get_element(env, info[1], i, &value));
    values.push_back(inferIValue(env, value));
  }
  std::vector<Values> results(std::max<int64_t>(threads, 1));
  Environment::of(env).calls->run(threads > 0, [&] {
    std::vector<std::future<Values>> calls;
    for (int64_t i = 1; i < threads; ++i) calls.push_back(std::async(std::launch::async, [&] { return function->call(values); }));
    results[0] = function->call(values);
    for (size_t i = 0; i < calls.size(); ++i) results[i + 1] = calls[i].get();
  });
  Napi::Array lists = Napi::Array::New(env, results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    Napi::Array list = Napi::Array::New(env, results[i].size());
    for (size_t j = 0; j < results[i].size(); ++j) {
      list.Set(static_cast<uint32_t>(j), Napi::Value(env, fromIValue(env, results[i][j], nullptr)));
    }
    lists.Set(static_cast<uint32_t>(i), list);
  }
  return lists;
}

napi_value referenced(napi_env env, napi_ref reference) {
  napi_value value = nullptr;
  check(napi_get_reference_value(env, reference, &value));
  return value;
}

}  // namespace

ThrownValue::ThrownValue(Environment& environment, napi_ref reference, int64_t number)
    : environment(environment),
      reference(reference),
      mark("[JavaScript error " + std::to_string(number) + "]"),
      text("a JavaScript function threw " + mark) {
  environment.retain();
}

ThrownValue::~ThrownValue() {
  environment.calls->dropReference(reference);
  environment.release();
}

napi_value JavaScriptError::valueIn(napi_env env) const noexcept {
  napi_value value = nullptr;
  if (env != thrown_->environment.env || napi_get_reference_value(env, thrown_->reference, &value) != napi_ok) return nullptr;
  return value;
}

JavaScriptFunction::JavaScriptFunction(Environment& environment) : environment(environment), key(environment.calls->addFunction()) {
  environment.retain();
}

JavaScriptFunction::~JavaScriptFunction() {
  environment.calls->dropFunction(key);
  environment.release();
}

void CallQueue::setDispatcher(napi_env env, napi_value call, napi_value release) {
  napi_value name = nullptr;
  napi_threadsafe_function eventLoop = nullptr;
  const auto wake = [](napi_env env, napi_value, void* queue, void*) {
    // Without an environment Node is emptying its queue at the end.
    if (env != nullptr) static_cast<CallQueue*>(queue)->serveFromEventLoop(env);
  };
  check(napi_create_string_utf8(env, "pixelcl.calls", NAPI_AUTO_LENGTH, &name));
  check(napi_create_reference(env, call, 1, &call_));
  check(napi_create_reference(env, release, 1, &release_));
  check(napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, wake, &eventLoop));
  check(napi_unref_threadsafe_function(env, eventLoop));
  const std::lock_guard<std::mutex> lock(mutex_);
  eventLoop_ = eventLoop;
}

bool CallQueue::isOnItsThread() const { return std::this_thread::get_id() == environment_.thread; }

Values CallQueue::call(int64_t key, c10::ArrayRef<c10::IValue> values) {
  if (environment_.closed.load()) throw ended();
  if (isOnItsThread()) return invoke(key, values);
  Job job(key, values);
  std::unique_lock<std::mutex> lock(mutex_);
  if (isClosed_) throw ended();
  jobs_.push_back(&job);
  if (serving_ == 0) wakeEventLoop();
  changed_.notify_all();
  while (true) {
    changed_.wait(lock, [&job] { return job.done || job.nested != nullptr; });
    Work* const nested = std::exchange(job.nested, nullptr);
    if (nested == nullptr) break;
    lock.unlock();
    perform(*nested);
    lock.lock();
  }
  if (job.error) std::rethrow_exception(job.error);
  return std::move(job.results);
}

// Keeps thrown values until the outermost run has ended, because libtorch may turn an exception into text on the way.
class CallQueue::Running {
 public:
  explicit Running(CallQueue& queue) : queue_(queue), isOutermost_(!std::exchange(queue.isRunning_, true)) {}
  ~Running() {
    if (!isOutermost_) return;
    queue_.isRunning_ = false;
    queue_.thrown_.clear();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  CallQueue& queue_;
  const bool isOutermost_;
};

void CallQueue::run(bool onOtherThread, const std::function<void()>& work) {
  const Running running(*this);
  try {
    if (answered_ != nullptr)
      runOnThreadOf(*answered_, work);
    else if (onOtherThread)
      runOnNewThread(work);
    else
      work();
  } catch (const JavaScriptError&) {
    throw;
  } catch (const std::exception& error) {
    if (auto thrown = findThrown(error)) throw JavaScriptError(std::move(thrown));
    throw;
  }
}

c10::IValue CallQueue::wait(const c10::intrusive_ptr<c10::ivalue::Future>& future) {
  if (isOnItsThread() && !future->completed()) {
    bool finished = false;
    future->addCallback([this, &finished](c10::ivalue::Future&) {
      const std::lock_guard<std::mutex> lock(mutex_);
      finished = true;
      changed_.notify_all();
    });
    serveUntil(finished);
  }
  future->waitAndThrow();
  return future->value();
}

void CallQueue::runOnNewThread(const std::function<void()>& body) {
  Work work(body);
  std::thread worker([&] { perform(work); });
  serveUntil(work.finished);
  worker.join();
  if (work.failure) std::rethrow_exception(work.failure);
}

void CallQueue::runOnThreadOf(Job& job, const std::function<void()>& body) {
  Work work(body);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    job.nested = &work;
    changed_.notify_all();
  }
  serveUntil(work.finished);
  if (work.failure) std::rethrow_exception(work.failure);
}

void CallQueue::perform(Work& work) {
  {
    const at::ThreadLocalStateGuard guard(work.state);
    const c10::WarningUtils::WarningHandlerGuard warningGuard(work.warningHandler);
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

void CallQueue::serveUntil(const bool& finished) {
  std::unique_lock<std::mutex> lock(mutex_);
  ++serving_;
  while (true) {
    changed_.wait(lock, [&] { return finished || !jobs_.empty(); });
    if (jobs_.empty()) break;
    answerNext(lock);
  }
  --serving_;
}

void CallQueue::answerNext(std::unique_lock<std::mutex>& lock) {
  Job* const job = jobs_.front();
  jobs_.pop_front();
  lock.unlock();
  answer(*job);
  lock.lock();
  job->done = true;
  changed_.notify_all();
}

void CallQueue::answer(Job& job) {
  Job* const outer = std::exchange(answered_, &job);
  {
    const at::ThreadLocalStateGuard guard(job.state);
    try {
      job.results = invoke(job.key, job.values);
    } catch (...) {
      job.error = std::current_exception();
    }
  }
  answered_ = outer;
}

Values CallQueue::invoke(int64_t key, c10::ArrayRef<c10::IValue> values) {
  if (call_ == nullptr) return {};
  napi_env env = environment_.env;
  const HandleScope scope(env);
  try {
    return invokeDispatcher(env, key, values);
  } catch (const Failure&) {
    // As a JavaScript error it keeps its class and code, even if libtorch turns the exception into text.
    throw thrown(env, currentExceptionValue(env, nullptr));
  }
}

Values CallQueue::invokeDispatcher(napi_env env, int64_t key, c10::ArrayRef<c10::IValue> values) {
  if (depth_ >= kDeepest) {
    throw Failure("ARGUMENT", "a JavaScript function is called in hooks of hooks, " + std::to_string(kDeepest) +
                                  " deep: does a hook start the backward that calls it?");
  }
  const napi_value dispatcher = referenced(env, call_);
  napi_value undefined = nullptr;
  napi_value result = nullptr;
  check(napi_get_undefined(env, &undefined));
  c10::SmallVector<napi_value, 8> args{intValue(env, key)};
  for (const auto& value : values) args.push_back(fromIValue(env, value, nullptr));
  ++depth_;
  const napi_status status = napi_call_function(env, undefined, dispatcher, args.size(), args.data(), &result);
  --depth_;
  if (status == napi_ok) return valuesOf(env, result);
  bool isPending = false;
  napi_value error = nullptr;
  check(napi_is_exception_pending(env, &isPending));
  // A terminating worker runs no more JavaScript.
  if (!isPending) throw PendingException();
  check(napi_get_and_clear_last_exception(env, &error));
  throw thrown(env, error);
}

JavaScriptError CallQueue::thrown(napi_env env, napi_value error) {
  deleteReferences(env);
  napi_ref reference = nullptr;
  check(napi_create_reference(env, error, 1, &reference));
  auto value = std::make_shared<const ThrownValue>(environment_, reference, nextThrown_++);
  if (isRunning_) thrown_.push_back(value);
  return JavaScriptError(std::move(value));
}

std::shared_ptr<const ThrownValue> CallQueue::findThrown(const std::exception& error) const {
  if (thrown_.empty()) return nullptr;
  const auto* ofLibtorch = dynamic_cast<const c10::Error*>(&error);
  const std::string_view text = ofLibtorch == nullptr ? error.what() : ofLibtorch->what_without_backtrace();
  for (const auto& thrown : thrown_) {
    if (text.find(thrown->mark) != std::string_view::npos) return thrown;
  }
  return nullptr;
}

void CallQueue::wakeEventLoop() {
  if (eventLoop_ == nullptr || isEventLoopWoken_) return;
  isEventLoopWoken_ = true;
  // Fails if the event loop has ended; `close` then ends the waiting calls.
  if (napi_call_threadsafe_function(eventLoop_, nullptr, napi_tsfn_nonblocking) != napi_ok) eventLoop_ = nullptr;
}

void CallQueue::serveFromEventLoop(napi_env env) {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    isEventLoopWoken_ = false;
    while (!jobs_.empty()) answerNext(lock);
  }
  guarded(env, [&]() -> napi_value {
    drain(env);
    environment_.reportMemory(env, false);
    return nullptr;
  });
}

int64_t CallQueue::addFunction() {
  functions_.fetch_add(1, std::memory_order_relaxed);
  return nextKey_.fetch_add(1, std::memory_order_relaxed);
}

void CallQueue::dropFunction(int64_t key) {
  functions_.fetch_sub(1, std::memory_order_relaxed);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (isClosed_) return;
  droppedKeys_.push_back(key);
  wakeEventLoop();
}

void CallQueue::dropReference(napi_ref reference) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (isClosed_) return;
  droppedReferences_.push_back(reference);
  wakeEventLoop();
}

void CallQueue::deleteReferences(napi_env env) {
  std::vector<napi_ref> references;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    references.swap(droppedReferences_);
  }
  for (const napi_ref reference : references) napi_delete_reference(env, reference);
}

void CallQueue::drain(napi_env env) {
  deleteReferences(env);
  std::vector<int64_t> keys;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    keys.swap(droppedKeys_);
  }
  if (keys.empty() || release_ == nullptr) return;
  const HandleScope scope(env);
  const napi_value args[] = {intsValue(env, keys)};
  napi_value undefined = nullptr;
  napi_value result = nullptr;
  check(napi_get_undefined(env, &undefined));
  check(napi_call_function(env, undefined, referenced(env, release_), 1, args, &result));
}

void CallQueue::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  isClosed_ = true;
  eventLoop_ = nullptr;
  droppedKeys_.clear();
  droppedReferences_.clear();
  for (Job* const job : jobs_) {
    job->error = std::make_exception_ptr(ended());
    job->done = true;
  }
  jobs_.clear();
  changed_.notify_all();
}

void registerCalls(Napi::Object exports) {
  define<setDispatcher>(exports, "setDispatcher");
  define<releaseFunctions>(exports, "releaseFunctions");
  define<createFunction>(exports, "createFunction");
  define<callFunction>(exports, "callFunction");
}

}  // namespace pixelcl
