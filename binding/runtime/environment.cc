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

// Bytes that all environments together have reported to V8; their shares sum to the reported size of the live bytes.
std::atomic<int64_t> reportedByAll{0};
constexpr int64_t kReportStep = int64_t{1} << 20;
// V8 collects its whole heap whenever the reported bytes have grown by 64 MB. Up to 1 GiB the exact size is reported, beyond it a
// logarithm, so that V8 collects at each growth by a sixteenth: building a graph of gigabytes must not trigger a useless collection every
// 64 MB.
constexpr int64_t kToldExactly = int64_t{1} << 30;

// Force a collection after 128 MB of growth without one; after 72 MB above 1 GiB, because what is allocated while V8 marks survives the
// collection.
constexpr int64_t kLateBytes = int64_t{128} << 20;
constexpr int64_t kLateBytesBeyond = int64_t{72} << 20;
// A forced collection that takes less than this is short.
constexpr std::chrono::milliseconds kShort{8};
// More than any limit of V8 on external memory.
constexpr int64_t kBeyondLimits = int64_t{1} << 45;

// The size reported to V8 for these live bytes.
int64_t told(int64_t live) {
  if (live <= kToldExactly) return live;
  const auto exact = static_cast<double>(kToldExactly);
  return kToldExactly + static_cast<int64_t>(exact * std::log(static_cast<double>(live) / exact));
}

}  // namespace

Environment::Environment(napi_env env)
    : env(env), thread(std::this_thread::get_id()), calls(std::make_unique<CallQueue>(*this)), hookPlaces(std::make_unique<HookPlaces>()) {
  c10::WarningUtils::set_warning_handler(&warnings);
}

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
  // Only finalizers report decreases alone, so a collection is running.
  shareWhenCollected_ = decreasesOnly ? share : std::min(shareWhenCollected_, share);
  if (share - shareWhenCollected_ >= (share > kToldExactly ? kLateBytesBeyond : kLateBytes)) collectLate(env);
}

// After 64 MB of growth V8 starts to mark on its own threads, but a fast loop allocates gigabytes per second meanwhile. To bound the
// garbage, report more than V8's limits for a moment, which makes V8 collect immediately. A forced collection takes longer than V8's own,
// so its share of the time is limited: to a third if it is short, to a fiftieth with a large heap.
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
  c10::WarningUtils::set_warning_handler(nullptr);
  closed.store(true);
  calls->close();
  reportedByAll.fetch_sub(reportedBytes_.exchange(0), std::memory_order_relaxed);
  operators.clear();
  modes.clear();
  spareStack.clear();
  release();
}

}  // namespace pixelcl
