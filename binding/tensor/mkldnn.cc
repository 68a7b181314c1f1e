// Operators of libtorch whose generic kernel takes the opaque blocks of an MKL-DNN tensor for a plain array and ends the process: they get
// a kernel that throws. Inside of composite operators and programs this holds as well, and costs other tensors nothing.
#include "tensor/mkldnn.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <mutex>

namespace pixelcl {

namespace {

void refuse(const c10::OperatorHandle& op, c10::DispatchKeySet, torch::jit::Stack*) {
  TORCH_CHECK_NOT_IMPLEMENTED(false, op.schema().operator_name(), " takes no tensors of the layout mkldnn: call toDense() first");
}

void refuseEverywhere() {
  auto& dispatcher = c10::Dispatcher::singleton();
  // Libtorch's registrations last as long as the process, and so do these.
  static auto* const registrations = new std::vector<c10::RegistrationHandleRAII>();
  for (const auto& name : dispatcher.getAllOpNamesForDispatchKey(c10::DispatchKey::CompositeExplicitAutogradNonFunctional)) {
    const auto op = dispatcher.findSchema(name);
    if (!op || op->hasKernelForDispatchKey(c10::DispatchKey::MkldnnCPU)) continue;
    registrations->push_back(dispatcher.registerImpl(
        name, c10::DispatchKey::MkldnnCPU, c10::KernelFunction::makeFromBoxedFunction<&refuse>(), std::nullopt, nullptr, "pixelcl"));
  }
}

}  // namespace

void refuseUnknownMkldnn() {
  static std::once_flag once;
  std::call_once(once, &refuseEverywhere);
}

}  // namespace pixelcl
