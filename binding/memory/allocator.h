// The process's CPU allocator: counts live bytes for V8 and keeps large blocks for reuse.
#pragma once

#include <c10/core/Allocator.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "memory/small_blocks.h"

namespace pixelcl {

// Installed once, at the first load in the process, and never destroyed, because storages may outlive every environment.
class CpuAllocator final : public c10::Allocator {
 public:
  static CpuAllocator& instance();
  static void install();

  c10::DataPtr allocate(size_t bytes) override;
  c10::DeleterFnPtr raw_deleter() const override;
  void copy_data(void* destination, const void* source, size_t bytes) const override;

  int64_t liveBytes() const { return live_.load(std::memory_order_relaxed); }
  int64_t peakBytes() const { return peak_.load(std::memory_order_relaxed); }
  int64_t cachedBytes() const { return keptLarge() + small_.keptBytes(); }
  int64_t cacheLimit() const { return limit_.load(std::memory_order_relaxed); }
  void resetPeak();
  void setCacheLimit(int64_t bytes);
  void emptyCache();

 private:
  struct Header;
  struct FreeBlock {
    void* base;
    int64_t freedAt;
  };

  CpuAllocator();
  int64_t keptLarge() const { return cached_.load(std::memory_order_relaxed); }
  static void release(void* data);
  void* takeBlock(size_t blockBytes);
  void keepBlock(void* base, size_t blockBytes);
  void trim(int64_t target);
  void startIdleThread();
  void sweepIdle();

  std::atomic<int64_t> live_{0};
  std::atomic<int64_t> peak_{0};
  std::atomic<int64_t> cached_{0};
  std::atomic<int64_t> limit_{0};
  SmallBlocks small_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool idleThread_ = false;
  // Bytes in use in large blocks, and their peak.
  int64_t largeLive_ = 0;
  int64_t largePeak_ = 0;
  std::map<size_t, std::vector<FreeBlock>> free_;
};

}  // namespace pixelcl
