// libtorch's generators, so that one seed and one saved state reproduce a run.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/Generator.h>

#include "runtime/handles.h"
#include "runtime/names.h"
#include "runtime/values.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

at::Generator& generatorOf(Info info) { return objectOf<at::Generator>(info.Env(), info[0], HandleTag::kGenerator, "Generator"); }

uint64_t seedOf(napi_env env, napi_value value) {
  bool lossless = false;
  int64_t number = 0;
  if (napi_get_value_bigint_int64(env, value, &number, &lossless) == napi_ok && lossless) return static_cast<uint64_t>(number);
  uint64_t wide = 0;
  if (napi_get_value_bigint_uint64(env, value, &wide, &lossless) == napi_ok && lossless) return wide;
  return static_cast<uint64_t>(intOf(env, value, "a seed of 64 bits"));
}

Napi::Value defaultGenerator(Info info) {
  const c10::Device device = parseDevice(stringOf(info.Env(), info[0], "a device"));
  return Napi::Value(info.Env(),
                     wrapObject<at::Generator>(info.Env(), HandleTag::kGenerator, at::globalContext().defaultGenerator(device)));
}

Napi::Value createGenerator(Info info) {
  const c10::Device device = parseDevice(stringOf(info.Env(), info[0], "a device"));
  at::Generator generator = device.is_cpu()
                                ? at::detail::createCPUGenerator()
                                : at::globalContext().getAcceleratorHooksInterface(device.type()).getNewGenerator(device.index());
  return Napi::Value(info.Env(), wrapObject<at::Generator>(info.Env(), HandleTag::kGenerator, std::move(generator)));
}

Napi::Value generatorSeed(Info info) {
  at::Generator& generator = generatorOf(info);
  const uint64_t seed = seedOf(info.Env(), info[1]);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_current_seed(seed);
  return info.Env().Undefined();
}

Napi::Value generatorInitialSeed(Info info) { return Napi::BigInt::New(info.Env(), generatorOf(info).current_seed()); }

Napi::Value generatorState(Info info) { return Napi::Value(info.Env(), wrapTensor(info.Env(), generatorOf(info).get_state())); }

Napi::Value setGeneratorState(Info info) {
  at::Generator& generator = generatorOf(info);
  const at::Tensor& state = tensorOf(info.Env(), info[1], "a generator's state");
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
  return info.Env().Undefined();
}

Napi::Value generatorDevice(Info info) { return Napi::String::New(info.Env(), generatorOf(info).device().str()); }

Napi::Value manualSeed(Info info) {
  at::manual_seed(seedOf(info.Env(), info[0]));
  return info.Env().Undefined();
}

}  // namespace

void registerRandom(Napi::Object exports) {
  define<defaultGenerator>(exports, "defaultGenerator");
  define<createGenerator>(exports, "createGenerator");
  define<generatorSeed>(exports, "generatorSeed");
  define<generatorInitialSeed>(exports, "generatorInitialSeed");
  define<generatorState>(exports, "generatorState");
  define<setGeneratorState>(exports, "setGeneratorState");
  define<generatorDevice>(exports, "generatorDevice");
  define<manualSeed>(exports, "manualSeed");
}

}  // namespace pixelcl
