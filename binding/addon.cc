// The addon's door: one Environment for every JavaScript environment that loads it.
#include "allocator.h"
#include "convert.h"
#include "environment.h"

namespace pixelcl {

namespace {

Napi::Value setErrorFactory(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  check(napi_create_reference(info.Env(), info[0], 1, &environment.errorFactory));
  return info.Env().Undefined();
}

void finalizeEnvironment(node_api_basic_env, void* data, void*) { static_cast<Environment*>(data)->close(); }

}  // namespace

}  // namespace pixelcl

NAPI_MODULE_INIT() {
  using namespace pixelcl;
  return guarded(env, [&]() -> napi_value {
    CpuAllocator::install();
    check(napi_set_instance_data(env, new Environment(env), &finalizeEnvironment, nullptr));
    Napi::Object object(env, exports);
    define<setErrorFactory>(object, "setErrorFactory");
    registerOperators(object);
    registerTensor(object);
    registerAutograd(object);
    registerRandom(object);
    registerMemory(object);
    registerDevice(object);
    registerJit(object);
    registerSignals(object);
    return exports;
  });
}
