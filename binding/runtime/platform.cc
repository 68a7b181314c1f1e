#include "runtime/platform.h"

#include <c10/core/Allocator.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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
  // Huge pages need an aligned start, so map more and unmap both ends.
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
  // Without fast bins a freed block is merged with its neighbours immediately. With them, every free next to a large free block goes
  // through all bins, which took a quarter of the time of a loop of small operators.
  mallopt(M_MXFAST, 0);
#endif
}

bool throwThroughV8(void* value) {
  // v8::Isolate::GetCurrent() and v8::Isolate::ThrowException(v8::Local<v8::Value>); a Local, like a napi_value, is one pointer.
  using Current = void* (*)();
  using Throw = void* (*)(void* isolate, void* value);
  static const auto current = reinterpret_cast<Current>(dlsym(RTLD_DEFAULT, "_ZN2v87Isolate10GetCurrentEv"));
  static const auto raise = reinterpret_cast<Throw>(dlsym(RTLD_DEFAULT, "_ZN2v87Isolate14ThrowExceptionENS_5LocalINS_5ValueEEE"));
  if (current == nullptr || raise == nullptr) return false;
  raise(current(), value);
  return true;
}

std::string libtorchPath() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&c10::SetAllocator), &info) == 0 || info.dli_fname == nullptr) return "";
  return info.dli_fname;
}

}  // namespace pixelcl::platform
