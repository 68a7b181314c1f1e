// Threads, build configuration and CUDA devices, through device-generic interfaces that need no CUDA header.
#include "memory/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>

#include "runtime/environment.h"
#include "runtime/platform.h"
#include "runtime/values.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

std::atomic<bool> cudaInUse{false};
std::atomic<int64_t> cudaBytes{0};

c10::DeviceAllocator* cudaAllocator() {
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(c10::DeviceType::CUDA));
  return allocator != nullptr && allocator->initialized() ? allocator : nullptr;
}

int64_t cudaDevices() {
  if (!at::globalContext().hasCUDA()) return 0;
  return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).deviceCount();
}

c10::DeviceIndex deviceIndex(Info info) {
  const int64_t index = intOf(info.Env(), info[0], "a device's number");
  const int64_t count = cudaDevices();
  if (index < 0 || index >= count) {
    throw Failure("ARGUMENT", "there is no CUDA device " + std::to_string(index) + ": this process sees " + std::to_string(count));
  }
  return static_cast<c10::DeviceIndex>(index);
}

constexpr size_t kAllPools = 0;

Napi::Value getNumThreads(Info info) { return Napi::Number::New(info.Env(), at::get_num_threads()); }

Napi::Value setNumThreads(Info info) {
  const int64_t threads = intOf(info.Env(), info[0], "a number of threads");
  if (threads < 1 || threads > 4096)
    throw Failure("ARGUMENT", "expected between 1 and 4096 threads but received " + std::to_string(threads));
  at::set_num_threads(static_cast<int>(threads));
  return info.Env().Undefined();
}

Napi::Value buildInfo(Info info) {
  Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  result.Set("version", TORCH_VERSION);
#ifdef _GLIBCXX_USE_CXX11_ABI
  result.Set("cxx11Abi", Napi::Boolean::New(env, _GLIBCXX_USE_CXX11_ABI != 0));
#else
  result.Set("cxx11Abi", Napi::Boolean::New(env, true));
#endif
  result.Set("config", at::show_config());
  // A CUDA build registers its guard even without a driver, when hasCUDA() is false.
  result.Set("cudaBuilt", Napi::Boolean::New(env, c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)));
  result.Set("loadedFrom", platform::libtorchPath());
  return result;
}

Napi::Value cudaDeviceCount(Info info) { return Napi::Number::New(info.Env(), static_cast<double>(cudaDevices())); }

Napi::Value cudaSynchronize(Info info) {
  c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA).synchronizeDevice(deviceIndex(info));
  return info.Env().Undefined();
}

Napi::Value cudaMemoryStats(Info info) {
  const c10::DeviceIndex index = deviceIndex(info);
  Napi::Object result = Napi::Object::New(info.Env());
  double allocated = 0;
  double reserved = 0;
  double peak = 0;
  if (auto* allocator = cudaAllocator()) {
    const auto stats = allocator->getDeviceStats(index);
    allocated = static_cast<double>(stats.allocated_bytes[kAllPools].current);
    reserved = static_cast<double>(stats.reserved_bytes[kAllPools].current);
    peak = static_cast<double>(stats.allocated_bytes[kAllPools].peak);
  }
  result.Set("allocated", allocated);
  result.Set("reserved", reserved);
  result.Set("peakAllocated", peak);
  return result;
}

Napi::Value cudaEmptyCache(Info info) {
  if (auto* allocator = cudaAllocator()) allocator->emptyCache();
  return info.Env().Undefined();
}

Napi::Value cudaResetPeak(Info info) {
  const c10::DeviceIndex index = deviceIndex(info);
  if (auto* allocator = cudaAllocator()) allocator->resetPeakStats(index);
  return info.Env().Undefined();
}

}  // namespace

void noteDeviceUse(c10::Device device) {
  if (device.type() == c10::DeviceType::CUDA) cudaInUse.store(true, std::memory_order_relaxed);
}

bool deviceInUse() { return cudaInUse.load(std::memory_order_relaxed); }

// Read only every few calls, because a device allocator's statistics take its lock.
int64_t externalDeviceBytes() {
  if (!cudaInUse.load(std::memory_order_relaxed)) return 0;
  thread_local unsigned calls = 0;
  if (calls++ % 32 != 0) return cudaBytes.load(std::memory_order_relaxed);
  auto* allocator = cudaAllocator();
  if (allocator == nullptr) return 0;
  int64_t bytes = 0;
  for (c10::DeviceIndex i = 0; i < cudaDevices(); ++i) bytes += allocator->getDeviceStats(i).allocated_bytes[kAllPools].current;
  cudaBytes.store(bytes, std::memory_order_relaxed);
  return bytes;
}

void registerDevice(Napi::Object exports) {
  define<getNumThreads>(exports, "getNumThreads");
  define<setNumThreads>(exports, "setNumThreads");
  define<buildInfo>(exports, "buildInfo");
  define<cudaDeviceCount>(exports, "cudaDeviceCount");
  define<cudaSynchronize>(exports, "cudaSynchronize");
  define<cudaMemoryStats>(exports, "cudaMemoryStats");
  define<cudaEmptyCache>(exports, "cudaEmptyCache");
  define<cudaResetPeak>(exports, "cudaResetPeak");
}

}  // namespace pixelcl
