// TorchScript modules.
#include "environment.h"

namespace pixelcl {

void registerJit(Napi::Object) {}

}  // namespace pixelcl
