// Memory statistics of the process for JavaScript.
#include "memory/allocator.h"
#include "runtime/environment.h"
#include "runtime/values.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

Napi::Value memoryStats(Info info) {
  Napi::Env env = info.Env();
  Environment& environment = Environment::of(env);
  const CpuAllocator& allocator = CpuAllocator::instance();
  Napi::Object result = Napi::Object::New(env);
  result.Set("liveTensors", static_cast<double>(environment.liveTensors));
  result.Set("liveBytes", static_cast<double>(allocator.liveBytes()));
  result.Set("peakBytes", static_cast<double>(allocator.peakBytes()));
  result.Set("cachedBytes", static_cast<double>(allocator.cachedBytes()));
  result.Set("cacheLimit", static_cast<double>(allocator.cacheLimit()));
  return result;
}

Napi::Value emptyCache(Info info) {
  CpuAllocator::instance().emptyCache();
  return info.Env().Undefined();
}

Napi::Value setCacheLimit(Info info) {
  const int64_t bytes = intOf(info.Env(), info[0], "a number of bytes");
  if (bytes < 0) throw Failure("ARGUMENT", "expected a limit of 0 bytes or more but received " + std::to_string(bytes));
  CpuAllocator::instance().setCacheLimit(bytes);
  return info.Env().Undefined();
}

Napi::Value resetPeakBytes(Info info) {
  CpuAllocator::instance().resetPeak();
  return info.Env().Undefined();
}

}  // namespace

void registerMemory(Napi::Object exports) {
  define<memoryStats>(exports, "memoryStats");
  define<emptyCache>(exports, "emptyCache");
  define<setCacheLimit>(exports, "setCacheLimit");
  define<resetPeakBytes>(exports, "resetPeakBytes");
}

}  // namespace pixelcl
