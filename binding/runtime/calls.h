// Calls into JavaScript from any thread of libtorch, run on the environment's own thread.
#pragma once

#include <ATen/ThreadLocalState.h>
#include <ATen/core/ivalue.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "runtime/environment.h"

namespace pixelcl {

using Values = std::vector<c10::IValue>;

// A value thrown by a JavaScript function. May be destroyed on any thread.
class ThrownValue {
 public:
  ThrownValue(Environment& environment, napi_ref reference, int64_t number);
  ~ThrownValue();
  ThrownValue(const ThrownValue&) = delete;
  ThrownValue& operator=(const ThrownValue&) = delete;

  Environment& environment;
  const napi_ref reference;
  // Unique in its environment; finds the value again if libtorch has kept only the exception's text.
  const std::string mark;
  const std::string text;
};

// The C++ exception that carries a thrown JavaScript value through libtorch.
class JavaScriptError : public std::exception {
 public:
  explicit JavaScriptError(std::shared_ptr<const ThrownValue> thrown) : thrown_(std::move(thrown)) {}

  const char* what() const noexcept override { return thrown_->text.c_str(); }

  // The thrown value, or null in another environment or if its environment has ended.
  napi_value valueIn(napi_env env) const noexcept;

 private:
  std::shared_ptr<const ThrownValue> thrown_;
};

// Calls JavaScript functions by key. C++ never holds the functions themselves, because a hook that refers to its own tensor would make a
// cycle between the two heaps that neither could free. See 'Calls into JavaScript' in docs/ARCHITECTURE.md.
class CallQueue {
 public:
  explicit CallQueue(Environment& environment) : environment_(environment) {}

  // `call(key, ...values)` calls a function, `release(keys)` forgets functions that C++ has dropped.
  void setDispatcher(napi_env env, napi_value call, napi_value release);

  // Calls the function of a key and waits for its result. A call from another thread runs on the environment's thread, while that thread is
  // in `run` or `wait`, else from its event loop. A returned array means its elements, undefined means no values, anything else one value.
  // Throws JavaScriptError if the function throws or the call fails.
  Values call(int64_t key, c10::ArrayRef<c10::IValue> values);

  // Runs work of libtorch that may call functions. With `onOtherThread` another thread runs it while this one serves calls, which is
  // necessary if the work blocks until threads that may call functions have finished.
  void run(bool onOtherThread, const std::function<void()>& work);

  // Waits for a future and returns its value; the environment's thread serves calls meanwhile.
  c10::IValue wait(const c10::intrusive_ptr<c10::ivalue::Future>& future);

  // Passes the keys that C++ has dropped to JavaScript's `release`.
  void drain(napi_env env);

  // Whether C++ holds the key of any function.
  bool hasFunctions() const { return functions_.load(std::memory_order_relaxed) > 0; }

  // Ends all waiting calls with an error; no function is called afterwards.
  void close();

 private:
  friend class JavaScriptFunction;
  friend class ThrownValue;
  class Running;

  // Work that another thread runs while the environment's thread serves calls.
  struct Work {
    explicit Work(const std::function<void()>& body) : body(body) {}
    const std::function<void()>& body;
    const at::ThreadLocalState state;
    c10::WarningHandler* const warningHandler = c10::WarningUtils::get_warning_handler();
    std::exception_ptr failure;
    bool finished = false;
  };

  // A call that another thread waits for.
  struct Job {
    Job(int64_t key, c10::ArrayRef<c10::IValue> values) : key(key), values(values) {}
    const int64_t key;
    const c10::ArrayRef<c10::IValue> values;
    // The caller's modes, such as grad mode, in which the function runs.
    const at::ThreadLocalState state;
    // Work that the function starts, run by the waiting thread: only a device's engine thread can run that device's part of a nested
    // backward.
    Work* nested = nullptr;
    Values results;
    std::exception_ptr error;
    bool done = false;
  };

  int64_t addFunction();
  void dropFunction(int64_t key);
  void dropReference(napi_ref reference);

  bool isOnItsThread() const;
  Values invoke(int64_t key, c10::ArrayRef<c10::IValue> values);
  Values invokeDispatcher(napi_env env, int64_t key, c10::ArrayRef<c10::IValue> values);
  JavaScriptError thrown(napi_env env, napi_value error);
  std::shared_ptr<const ThrownValue> findThrown(const std::exception& error) const;
  void runOnNewThread(const std::function<void()>& body);
  void runOnThreadOf(Job& job, const std::function<void()>& body);
  void perform(Work& work);
  void serveUntil(const bool& finished);
  void answerNext(std::unique_lock<std::mutex>& lock);
  void answer(Job& job);
  void wakeEventLoop();
  void serveFromEventLoop(napi_env env);
  void deleteReferences(napi_env env);

  Environment& environment_;
  std::atomic<int64_t> functions_{0};
  std::atomic<int64_t> nextKey_{1};

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<Job*> jobs_;
  std::vector<int64_t> droppedKeys_;
  std::vector<napi_ref> droppedReferences_;
  napi_threadsafe_function eventLoop_ = nullptr;
  bool isEventLoopWoken_ = false;
  bool isClosed_ = false;
  int serving_ = 0;

  // Used on the environment's thread only.
  napi_ref call_ = nullptr;
  napi_ref release_ = nullptr;
  Job* answered_ = nullptr;
  int depth_ = 0;
  bool isRunning_ = false;
  int64_t nextThrown_ = 1;
  // Values thrown since the outermost `run` began.
  std::vector<std::shared_ptr<const ThrownValue>> thrown_;
};

// C++'s reference to a JavaScript function. May be called and destroyed on any thread, even after the environment has ended.
class JavaScriptFunction {
 public:
  explicit JavaScriptFunction(Environment& environment);
  ~JavaScriptFunction();
  JavaScriptFunction(const JavaScriptFunction&) = delete;
  JavaScriptFunction& operator=(const JavaScriptFunction&) = delete;

  Values call(c10::ArrayRef<c10::IValue> values) const { return environment.calls->call(key, values); }

  Environment& environment;
  const int64_t key;
};

}  // namespace pixelcl
