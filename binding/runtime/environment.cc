#include "runtime/environment.h"

#include <algorithm>
#include <cmath>

#include "autograd/hooks.h"
#include "autograd/modes.h"
#include "memory/allocator.h"
#include "memory/device.h"
#include "runtime/calls.h"
#include "runtime/operator.h"

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

}  // namespace

Environment::Environment(napi_env env)
    : env(env), thread(std::this_thread::get_id()), calls(std::make_unique<CallQueue>(*this)), hookPlaces(std::make_unique<HookPlaces>()) {}

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
  calls->close();
  reportedByAll.fetch_sub(reportedBytes_.exchange(0), std::memory_order_relaxed);
  operators.clear();
  modes.clear();
  spareStack.clear();
  release();
}

}  // namespace pixelcl
