#include "platform.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <c10/core/Allocator.h>

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace pixelcl::platform {

namespace {
constexpr size_t kHugePage = size_t{2} << 20;
}

void* mapPages(size_t bytes) {
#ifdef MADV_HUGEPAGE
  // Huge pages need an aligned start: map more, give back both ends.
  const size_t slack = bytes >= kHugePage ? kHugePage : 0;
#else
  const size_t slack = 0;
#endif
  void* raw = mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
  if (slack != 0) {
    const auto start = reinterpret_cast<uintptr_t>(raw);
    const uintptr_t aligned = (start + kHugePage - 1) & ~(uintptr_t{kHugePage} - 1);
    const size_t before = aligned - start;
    const size_t after = slack - before;
    if (before != 0) munmap(raw, before);
    if (after != 0) munmap(reinterpret_cast<void*>(aligned + bytes), after);
    raw = reinterpret_cast<void*>(aligned);
    madvise(raw, bytes, MADV_HUGEPAGE);
  }
#endif
  return raw;
}

void unmapPages(void* base, size_t bytes) { munmap(base, bytes); }

int64_t physicalMemory() {
#ifdef __APPLE__
  int64_t bytes = 0;
  size_t length = sizeof(bytes);
  if (sysctlbyname("hw.memsize", &bytes, &length, nullptr, 0) == 0) return bytes;
  return int64_t{8} << 30;
#else
  return static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
#endif
}

void prepareMalloc() {
#ifdef __GLIBC__
  // Without fast bins a freed block is merged with its neighbours at once. With them every free beside a large free
  // block goes through all the bins, which took a quarter of the time of a loop of small operators.
  mallopt(M_MXFAST, 0);
#endif
}

std::string libtorchPath() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&c10::SetAllocator), &info) == 0 || info.dli_fname == nullptr) return "";
  return info.dli_fname;
}

}  // namespace pixelcl::platform
