// The addon's entry point: creates one Environment for every JavaScript environment that loads it.
#include "memory/allocator.h"
#include "runtime/environment.h"

namespace pixelcl {

namespace {

void finalizeEnvironment(node_api_basic_env, void* data, void*) { static_cast<Environment*>(data)->close(); }

}  // namespace

}  // namespace pixelcl

NAPI_MODULE_INIT() {
  using namespace pixelcl;
  return guarded(env, [&]() -> napi_value {
    CpuAllocator::install();
    check(napi_set_instance_data(env, new Environment(env), &finalizeEnvironment, nullptr));
    Napi::Object object(env, exports);
    registerErrors(object);
    registerWarnings(object);
    registerCalls(object);
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
