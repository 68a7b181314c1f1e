#include "environment.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>

#include "allocator.h"
#include "autograd_modes.h"
#include "hooks.h"
#include "operator.h"
#include "platform.h"

namespace pixelcl {

namespace {

// Bytes all environments together have told V8; the shares sum to what is told of the live bytes.
std::atomic<int64_t> reportedByAll{0};
constexpr int64_t kReportStep = int64_t{1} << 20;
// V8 collects its whole heap each time that what it was told has grown by 64 MB. It is told of the first GiB byte by byte, and beyond it of
// the logarithm, so that it collects at each sixteenth of growth: a graph of gigabytes is not built with a vain collection every 64 MB.
constexpr int64_t kToldExactly = int64_t{1} << 30;

// Growth with nothing collected in between at which V8's own collection is late, and the same beyond the first GiB, where it is little more
// than those 64 MB: what is made while V8 marks outlives the collection.
constexpr int64_t kLateBytes = int64_t{128} << 20;
constexpr int64_t kLateBytesBeyond = int64_t{72} << 20;
// A late collection that takes less is short.
constexpr std::chrono::milliseconds kShort{8};
// More than any limit that V8 sets to external memory.
constexpr int64_t kBeyondLimits = int64_t{1} << 45;

// What V8 is told of the live bytes.
int64_t told(int64_t live) {
  if (live <= kToldExactly) return live;
  const auto exact = static_cast<double>(kToldExactly);
  return kToldExactly + static_cast<int64_t>(exact * std::log(static_cast<double>(live) / exact));
}

struct Report {
  const char* code = "NATIVE";
  std::string message;
  std::string nativeStack;
};

Report describeCurrentException() {
  Report report;
  try {
    throw;
  } catch (const Failure& failure) {
    report.code = failure.code;
    report.message = failure.what();
  } catch (const c10::OutOfMemoryError& error) {
    report.code = "OUT_OF_MEMORY";
    report.message = error.what_without_backtrace();
    report.nativeStack = error.what();
  } catch (const c10::Error& error) {
    report.code = "TORCH";
    report.message = error.what_without_backtrace();
    report.nativeStack = error.what();
  } catch (const std::bad_alloc&) {
    report.code = "OUT_OF_MEMORY";
    report.message = "the process is out of memory";
  } catch (const std::exception& error) {
    report.code = "TORCH";
    report.message = error.what();
  } catch (...) {
    report.message = "libtorch threw an object that is no exception";
  }
  return report;
}

napi_value text(napi_env env, const std::string& value) {
  napi_value result = nullptr;
  check(napi_create_string_utf8(env, value.data(), value.size(), &result));
  return result;
}

void throwMessage(napi_env env, const char* code, const std::string& message) {
  napi_value error = nullptr;
  check(napi_create_error(env, text(env, code), text(env, message), &error));
  throwValue(env, error);
}

void throwReport(napi_env env, const Report& report, const CallContext* context) {
  Environment& environment = Environment::of(env);
  if (environment.errorFactory == nullptr) {
    throwMessage(env, report.code, report.message);
    return;
  }
  napi_value failure = nullptr;
  check(napi_create_object(env, &failure));
  check(napi_set_named_property(env, failure, "code", text(env, report.code)));
  check(napi_set_named_property(env, failure, "message", text(env, report.message)));
  if (!report.nativeStack.empty()) check(napi_set_named_property(env, failure, "nativeStack", text(env, report.nativeStack)));
  if (context != nullptr) {
    check(napi_set_named_property(env, failure, "schema", text(env, context->schema)));
    napi_value args = nullptr;
    check(napi_create_array_with_length(env, context->argc, &args));
    for (size_t i = 0; i < context->argc; ++i) check(napi_set_element(env, args, i, context->argv[i]));
    check(napi_set_named_property(env, failure, "args", args));
  }
  napi_value factory = nullptr;
  napi_value undefined = nullptr;
  napi_value error = nullptr;
  check(napi_get_reference_value(env, environment.errorFactory, &factory));
  check(napi_get_undefined(env, &undefined));
  check(napi_call_function(env, undefined, factory, 1, &failure, &error));
  throwValue(env, error);
}

// The exception that Node keeps for the environment, thrown in a way that it does not.
bool rethrowPending(napi_env env) {
  bool pending = false;
  napi_value error = nullptr;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return false;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) throwValue(env, error);
  return true;
}

}  // namespace

// Node keeps what napi_throw is given until it has handed it to V8. A collection in between, whose finalizers find an exception
// there, ends the process; V8's own throw leaves nothing to find.
void throwValue(napi_env env, napi_value error) {
  if (!platform::throwThroughV8(error)) check(napi_throw(env, error));
}

Environment::Environment(napi_env env) : env(env), thread(std::this_thread::get_id()), hooks(std::make_unique<HookQueue>(*this)) {}

Environment::~Environment() = default;

Environment& Environment::of(napi_env env) {
  void* data = nullptr;
  if (napi_get_instance_data(env, &data) != napi_ok || data == nullptr) throw PendingException();
  return *static_cast<Environment*>(data);
}

void Environment::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void Environment::reportMemory(node_api_basic_env env, bool decreasesOnly) {
  int64_t change = told(CpuAllocator::instance().liveBytes() + externalDeviceBytes()) - reportedByAll.load(std::memory_order_relaxed);
  int64_t share = reportedBytes_.load(std::memory_order_relaxed);
  if (change < -share) change = -share;
  if (change <= -kReportStep || (change >= kReportStep && !decreasesOnly)) {
    reportedByAll.fetch_add(change, std::memory_order_relaxed);
    reportedBytes_.fetch_add(change, std::memory_order_relaxed);
    int64_t total = 0;
    napi_adjust_external_memory(env, change, &total);
    // V8 may have collected meanwhile, and finalizers reported.
    share = reportedBytes_.load(std::memory_order_relaxed);
  }
  // Finalizers alone report decreases only: there is a collection at work.
  shareWhenCollected_ = decreasesOnly ? share : std::min(shareWhenCollected_, share);
  if (share - shareWhenCollected_ >= (share > kToldExactly ? kLateBytesBeyond : kLateBytes)) collectLate(env);
}

// At 64 MB of growth V8 begins to mark on threads of its own, and a fast loop makes gigabytes a second meanwhile. To bound what waits, V8
// is told for a moment of more than its limits, which makes it collect at once. That takes longer than a collection of V8's own: where it
// is short it may have a third of the time; beside a large heap a fiftieth, for more would cost the loop more than what waits is worth.
void Environment::collectLate(node_api_basic_env env) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  if (begin - collected_ < (collecting_ < kShort ? 2 : 50) * collecting_) return;
  int64_t total = 0;
  napi_adjust_external_memory(env, kBeyondLimits, &total);
  napi_adjust_external_memory(env, -kBeyondLimits, &total);
  collected_ = Clock::now();
  collecting_ = (3 * collecting_ + (collected_ - begin)) / 4;
  shareWhenCollected_ = reportedBytes_.load(std::memory_order_relaxed);
}

void Environment::close() {
  closed.store(true);
  reportedByAll.fetch_sub(reportedBytes_.exchange(0), std::memory_order_relaxed);
  operators.clear();
  modes.clear();
  spareStack.clear();
  release();
}

void throwCurrentException(napi_env env, const CallContext* context) noexcept {
  try {
    try {
      throw;
    } catch (const PendingException&) {
      if (!rethrowPending(env) && !Environment::of(env).closed.load()) {
        throwMessage(env, "NATIVE", "a value could not be read: an argument has an unexpected type");
      }
    } catch (const Napi::Error& error) {
      throwValue(env, error.Value());
    } catch (...) {
      const Report report = describeCurrentException();
      throwReport(env, report, context);
    }
  } catch (...) {
    // The environment is going away: there is nobody left to tell.
  }
}

}  // namespace pixelcl
