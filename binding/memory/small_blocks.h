// A slab allocator for small blocks, because malloc is slow when thousands of blocks are freed and allocated again.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pixelcl {

// Blocks are aligned to 64 bytes. Thread-safe, with one lock per size class that is held for a few instructions.
//
// A collection frees tens of thousands of tensors. Each slab has a free list, so that successive allocations are close together in the
// processor's cache; one list of all free blocks would jump through memory.
class SmallBlocks {
 public:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kLargest = 1024;

  // The size of the block that holds `bytes`.
  static constexpr size_t blockBytes(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

  // Null if memory is exhausted.
  void* take(size_t blockBytes);
  void give(void* block, size_t blockBytes);

  // Frees unused slabs.
  void clear();
  // Bytes of unused slabs.
  int64_t keptBytes() const { return static_cast<int64_t>(kept_.load(std::memory_order_relaxed) * kSlabBytes); }

 private:
  static constexpr size_t kSlabBytes = size_t{64} << 10;
  static constexpr int64_t kMostKept = 256;

  struct Block {
    Block* next;
  };
  // The header at the start of a slab; a slab is aligned to its size.
  struct alignas(64) Slab {
    Slab* previous;
    Slab* next;
    Block* free;
    // Start of the part that was never allocated.
    char* fresh;
    size_t used;
    bool listed;
  };
  // Aligned to a cache line, so that threads that use different sizes do not share one.
  struct alignas(64) Class {
    std::atomic_flag lock = ATOMIC_FLAG_INIT;
    // Slabs with free blocks. Blocks come from the first; a full slab that gets a free block is appended.
    Slab* first = nullptr;
    Slab* last = nullptr;
  };

  static Slab* slabOf(void* block) { return reinterpret_cast<Slab*>(reinterpret_cast<uintptr_t>(block) & ~(kSlabBytes - 1)); }
  static char* endOf(Slab* slab) { return reinterpret_cast<char*>(slab) + kSlabBytes; }
  static void append(Class& list, Slab* slab);
  static void remove(Class& list, Slab* slab);
  Slab* makeSlab();

  std::array<Class, kLargest / kAlignment> classes_;
  std::atomic<int64_t> kept_{0};
};

}  // namespace pixelcl
