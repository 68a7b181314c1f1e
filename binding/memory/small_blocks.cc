#include "memory/small_blocks.h"

#include <cstdlib>
#include <new>
#include <thread>

namespace pixelcl {

namespace {

class Hold {
 public:
  explicit Hold(std::atomic_flag& lock) : lock_(lock) {
    while (lock_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  }
  ~Hold() { lock_.clear(std::memory_order_release); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  std::atomic_flag& lock_;
};

}  // namespace

void SmallBlocks::append(Class& list, Slab* slab) {
  slab->previous = list.last;
  slab->next = nullptr;
  (list.last == nullptr ? list.first : list.last->next) = slab;
  list.last = slab;
  slab->listed = true;
}

void SmallBlocks::remove(Class& list, Slab* slab) {
  (slab->previous == nullptr ? list.first : slab->previous->next) = slab->next;
  (slab->next == nullptr ? list.last : slab->next->previous) = slab->previous;
  slab->listed = false;
}

SmallBlocks::Slab* SmallBlocks::makeSlab() {
  void* memory = nullptr;
  if (posix_memalign(&memory, kSlabBytes, kSlabBytes) != 0) return nullptr;
  auto* slab = new (memory) Slab();
  slab->fresh = reinterpret_cast<char*>(slab + 1);
  kept_.fetch_add(1, std::memory_order_relaxed);
  return slab;
}

void* SmallBlocks::take(size_t blockBytes) {
  Class& list = classes_[blockBytes / kAlignment - 1];
  const Hold hold(list.lock);
  Slab* slab = list.first;
  if (slab == nullptr) {
    slab = makeSlab();
    if (slab == nullptr) return nullptr;
    append(list, slab);
  }
  if (slab->used++ == 0) kept_.fetch_sub(1, std::memory_order_relaxed);
  void* block = slab->free;
  if (block != nullptr) {
    slab->free = slab->free->next;
  } else {
    block = slab->fresh;
    slab->fresh += blockBytes;
  }
  if (slab->free == nullptr && slab->fresh + blockBytes > endOf(slab)) remove(list, slab);
  return block;
}

void SmallBlocks::give(void* data, size_t blockBytes) {
  Class& list = classes_[blockBytes / kAlignment - 1];
  Slab* const slab = slabOf(data);
  const Hold hold(list.lock);
  auto* const block = static_cast<Block*>(data);
  block->next = slab->free;
  slab->free = block;
  if (!slab->listed) append(list, slab);
  if (--slab->used > 0) return;
  // The slab is empty, so hand out its blocks in the order of addresses again.
  slab->free = nullptr;
  slab->fresh = reinterpret_cast<char*>(slab + 1);
  if (kept_.fetch_add(1, std::memory_order_relaxed) < kMostKept) return;
  kept_.fetch_sub(1, std::memory_order_relaxed);
  remove(list, slab);
  std::free(slab);
}

void SmallBlocks::clear() {
  for (Class& list : classes_) {
    const Hold hold(list.lock);
    for (Slab* slab = list.first; slab != nullptr;) {
      Slab* const next = slab->next;
      if (slab->used == 0) {
        kept_.fetch_sub(1, std::memory_order_relaxed);
        remove(list, slab);
        std::free(slab);
      }
      slab = next;
    }
  }
}

}  // namespace pixelcl
