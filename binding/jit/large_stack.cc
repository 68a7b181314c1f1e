#include "jit/large_stack.h"

#include <ATen/ThreadLocalState.h>
#include <c10/util/Exception.h>
#include <pthread.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <condition_variable>
#include <exception>
#include <mutex>

#include "runtime/errors.h"

namespace pixelcl {

namespace {

// Address space, of which only the touched pages take memory. What src/torch/jit/nesting.ts lets through takes less than a quarter of the
// least.
constexpr size_t kBytes = size_t{1} << 30;
constexpr size_t kLeastBytes = size_t{256} << 20;

// Work and the pieces of it that its caller runs.
class Errand {
 public:
  explicit Errand(const std::function<void()>& work) : work_(work), isOptimized_(torch::jit::getGraphExecutorOptimize()) {}

  // On the new thread.
  void perform() {
    current_ = this;
    // libtorch keeps this setting for each thread.
    torch::jit::setGraphExecutorOptimize(isOptimized_);
    try {
      const at::ThreadLocalStateGuard guard(state_);
      const c10::WarningUtils::WarningHandlerGuard warningGuard(warningHandler_);
      work_();
    } catch (...) {
      failure_ = std::current_exception();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    isFinished_ = true;
    changed_.notify_all();
  }

  // On the caller's thread.
  void await() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!isFinished_) {
      changed_.wait(lock, [this] { return isFinished_ || piece_ != nullptr; });
      if (piece_ == nullptr) continue;
      lock.unlock();
      std::exception_ptr failure;
      try {
        (*piece_)();
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      pieceFailure_ = failure;
      piece_ = nullptr;
      changed_.notify_all();
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  void send(const std::function<void()>& piece) {
    std::unique_lock<std::mutex> lock(mutex_);
    piece_ = &piece;
    changed_.notify_all();
    changed_.wait(lock, [this] { return piece_ == nullptr; });
    if (pieceFailure_) std::rethrow_exception(std::exchange(pieceFailure_, nullptr));
  }

  static Errand& current() { return *current_; }
  static bool isOnLargeStack() { return current_ != nullptr; }

 private:
  static thread_local Errand* current_;

  const std::function<void()>& work_;
  const bool isOptimized_;
  const at::ThreadLocalState state_;
  c10::WarningHandler* const warningHandler_ = c10::WarningUtils::get_warning_handler();
  std::exception_ptr failure_;
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void()>* piece_ = nullptr;
  std::exception_ptr pieceFailure_;
  bool isFinished_ = false;
};

thread_local Errand* Errand::current_ = nullptr;

// Starts a thread with a stack of as many bytes as the system gives, down to the least.
pthread_t startThread(Errand& errand) {
  const auto perform = [](void* given) -> void* {
    static_cast<Errand*>(given)->perform();
    return nullptr;
  };
  for (size_t bytes = kBytes; bytes >= kLeastBytes; bytes /= 2) {
    pthread_attr_t attributes;
    pthread_t thread{};
    pthread_attr_init(&attributes);
    const bool isSet = pthread_attr_setstacksize(&attributes, bytes) == 0;
    const bool isStarted = isSet && pthread_create(&thread, &attributes, perform, &errand) == 0;
    pthread_attr_destroy(&attributes);
    if (isStarted) return thread;
  }
  throw Failure("OUT_OF_MEMORY", "the system gives no address space of " + std::to_string(kLeastBytes >> 20) +
                                     " MB for the stack of TorchScript's compiler: raise the limit (ulimit -v)");
}

}  // namespace

void onLargeStack(const std::function<void()>& work) {
  if (Errand::isOnLargeStack()) return work();
  Errand errand(work);
  const pthread_t thread = startThread(errand);
  errand.await();
  pthread_join(thread, nullptr);
  errand.rethrow();
}

void onCaller(const std::function<void()>& piece) { Errand::current().send(piece); }

}  // namespace pixelcl
