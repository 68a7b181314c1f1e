// Small blocks out of slabs, for malloc is slow where thousands are freed at once and taken again.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pixelcl {

// Blocks of 64 bytes' alignment; thread-safe, with a lock a size that is held for a few instructions.
//
// A collection frees tensors by the ten thousand. Each slab keeps its own free blocks, so that what is taken next lies
// close to what was taken before, in the processor's cache; one list of all free blocks would jump through memory.
class SmallBlocks {
 public:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kLargest = 1024;

  // The bytes that a block for `bytes` really has.
  static constexpr size_t blockBytes(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

  // Null when there is no memory.
  void* take(size_t blockBytes);
  void give(void* block, size_t blockBytes);

  // Frees the slabs that nobody uses.
  void clear();
  // Bytes of slabs that nobody uses.
  int64_t keptBytes() const { return static_cast<int64_t>(kept_.load(std::memory_order_relaxed) * kSlabBytes); }

 private:
  static constexpr size_t kSlabBytes = size_t{64} << 10;
  static constexpr int64_t kMostKept = 256;

  struct Block {
    Block* next;
  };
  // Stands at the start of its slab, which is aligned to its size.
  struct alignas(64) Slab {
    Slab* previous;
    Slab* next;
    Block* free;
    // Where no block was taken yet.
    char* fresh;
    size_t used;
    bool listed;
  };
  // A cache line each, so that threads at different sizes do not disturb each other.
  struct alignas(64) Class {
    std::atomic_flag lock = ATOMIC_FLAG_INIT;
    // Slabs with room: blocks are taken from the first, and one that gets room again goes to the end.
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
