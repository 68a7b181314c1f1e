#include "memory/allocator.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "runtime/platform.h"

namespace pixelcl {

namespace {

constexpr size_t kHeaderBytes = 64;
constexpr size_t kLargeBytes = size_t{256} << 10;
constexpr size_t kPageBytes = 4096;
constexpr int64_t kIdleSeconds = 10;

int64_t now() { return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Rounds up to one of eight steps per power of two, in whole pages.
size_t blockSize(size_t bytes) {
  size_t step = kPageBytes;
  while (step * 16 <= bytes) step <<= 1;
  return (bytes + step - 1) / step * step;
}

}  // namespace

// In the 64 bytes before the data, because raw allocation requires that the context equals the data pointer.
struct CpuAllocator::Header {
  size_t bytes;
  // Zero for a block from malloc.
  size_t blockBytes;
};

CpuAllocator::CpuAllocator() { limit_ = platform::physicalMemory() / 4; }

CpuAllocator& CpuAllocator::instance() {
  static CpuAllocator* const allocator = new CpuAllocator();
  return *allocator;
}

void CpuAllocator::install() {
  static std::once_flag once;
  // With the highest priority, so that no library loaded later replaces it.
  std::call_once(once, [] {
    platform::prepareMalloc();
    c10::SetAllocator(c10::DeviceType::CPU, &instance(), 255);
  });
}

c10::DataPtr CpuAllocator::allocate(size_t bytes) {
  const c10::Device cpu(c10::DeviceType::CPU);
  if (bytes == 0) return {nullptr, nullptr, &release, cpu};
  TORCH_CHECK_WITH(OutOfMemoryError, bytes < (size_t{1} << 62), "cannot allocate ", bytes, " bytes of CPU memory");
  void* base = nullptr;
  size_t block = 0;
  if (bytes + kHeaderBytes <= SmallBlocks::kLargest) {
    block = SmallBlocks::blockBytes(bytes + kHeaderBytes);
    base = small_.take(block);
  } else if (bytes + kHeaderBytes < kLargeBytes) {
    if (posix_memalign(&base, kHeaderBytes, bytes + kHeaderBytes) != 0) base = nullptr;
  } else {
    block = blockSize(bytes + kHeaderBytes);
    base = takeBlock(block);
  }
  TORCH_CHECK_WITH(OutOfMemoryError, base != nullptr, "cannot allocate ", bytes, " bytes of CPU memory; ", live_.load(),
                   " bytes are in use");
  *static_cast<Header*>(base) = {bytes, block};
  const int64_t live = live_.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed) + static_cast<int64_t>(bytes);
  int64_t peak = peak_.load(std::memory_order_relaxed);
  while (live > peak && !peak_.compare_exchange_weak(peak, live, std::memory_order_relaxed)) {
  }
  void* data = static_cast<char*>(base) + kHeaderBytes;
  return {data, data, &release, cpu};
}

void CpuAllocator::release(void* data) {
  if (data == nullptr) return;
  void* base = static_cast<char*>(data) - kHeaderBytes;
  const Header header = *static_cast<Header*>(base);
  CpuAllocator& self = instance();
  self.live_.fetch_sub(static_cast<int64_t>(header.bytes), std::memory_order_relaxed);
  if (header.blockBytes == 0) {
    std::free(base);
  } else if (header.blockBytes <= SmallBlocks::kLargest) {
    self.small_.give(base, header.blockBytes);
  } else {
    self.keepBlock(base, header.blockBytes);
  }
}

c10::DeleterFnPtr CpuAllocator::raw_deleter() const { return &release; }

void CpuAllocator::copy_data(void* destination, const void* source, size_t bytes) const { std::memcpy(destination, source, bytes); }

void* CpuAllocator::takeBlock(size_t blockBytes) {
  const auto bytes = static_cast<int64_t>(blockBytes);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    largeLive_ += bytes;
    const auto found = free_.find(blockBytes);
    if (found != free_.end() && !found->second.empty()) {
      void* base = found->second.back().base;
      found->second.pop_back();
      cached_.fetch_sub(bytes, std::memory_order_relaxed);
      largePeak_ = std::max(largePeak_, largeLive_);
      return base;
    }
    // Live and kept blocks together must not exceed the peak of live ones, which other allocators hold as well.
    trim(std::max(largePeak_, largeLive_) - largeLive_);
  }
  void* base = platform::mapPages(blockBytes);
  if (base == nullptr) {
    emptyCache();
    base = platform::mapPages(blockBytes);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (base == nullptr)
    largeLive_ -= bytes;
  else
    largePeak_ = std::max(largePeak_, largeLive_);
  return base;
}

void CpuAllocator::keepBlock(void* base, size_t blockBytes) {
  const auto bytes = static_cast<int64_t>(blockBytes);
  const std::lock_guard<std::mutex> lock(mutex_);
  largeLive_ -= bytes;
  if (bytes > limit_.load(std::memory_order_relaxed)) {
    platform::unmapPages(base, blockBytes);
    return;
  }
  free_[blockBytes].push_back({base, now()});
  cached_.fetch_add(bytes, std::memory_order_relaxed);
  trim(limit_.load(std::memory_order_relaxed));
  startIdleThread();
}

// Unmaps the largest kept blocks until at most `target` bytes are kept; the caller holds the mutex.
void CpuAllocator::trim(int64_t target) {
  for (auto list = free_.rbegin(); list != free_.rend() && keptLarge() > target; ++list) {
    auto& blocks = list->second;
    size_t drop = 0;
    while (drop < blocks.size() && keptLarge() > target) {
      platform::unmapPages(blocks[drop].base, list->first);
      cached_.fetch_sub(static_cast<int64_t>(list->first), std::memory_order_relaxed);
      ++drop;
    }
    blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(drop));
  }
}

// A thread that runs while blocks are kept, and unmaps those that were not reused for a while.
void CpuAllocator::startIdleThread() {
  if (idleThread_) return;
  idleThread_ = true;
  try {
    std::thread([this] { sweepIdle(); }).detach();
  } catch (const std::exception&) {
    idleThread_ = false;
  }
}

void CpuAllocator::sweepIdle() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (keptLarge() > 0) {
    wake_.wait_for(lock, std::chrono::seconds(kIdleSeconds / 2));
    const int64_t oldest = now() - kIdleSeconds;
    for (auto& [size, blocks] : free_) {
      // Blocks are reused from the back, so the longest unused are in front.
      size_t drop = 0;
      while (drop < blocks.size() && blocks[drop].freedAt <= oldest) {
        platform::unmapPages(blocks[drop].base, size);
        cached_.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
        ++drop;
      }
      blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(drop));
    }
  }
  small_.clear();
  idleThread_ = false;
}

void CpuAllocator::resetPeak() {
  const std::lock_guard<std::mutex> lock(mutex_);
  peak_ = live_.load();
  largePeak_ = largeLive_;
}

void CpuAllocator::setCacheLimit(int64_t bytes) {
  if (bytes < small_.keptBytes()) small_.clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  limit_ = bytes;
  trim(bytes);
}

void CpuAllocator::emptyCache() {
  small_.clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  trim(0);
}

}  // namespace pixelcl
