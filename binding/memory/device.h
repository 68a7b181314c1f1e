// Devices besides the CPU: whether one is in use, and how many bytes it holds.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace pixelcl {

// Remembers that a CUDA device holds tensors, so that its bytes are counted from then on.
void noteDeviceUse(c10::Device device);
// Whether a CUDA device has held a tensor.
bool deviceInUse();
// Bytes in use of the caching allocators of CUDA devices; 0 without one.
int64_t externalDeviceBytes();

}  // namespace pixelcl
