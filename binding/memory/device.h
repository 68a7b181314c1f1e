// CUDA devices: whether one is in use, and how many bytes its allocator holds.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace pixelcl {

// Records that a CUDA device holds tensors, so that its bytes are counted from now on.
void noteDeviceUse(c10::Device device);
// Whether a CUDA device has ever held a tensor.
bool deviceInUse();
// Bytes in use in the caching allocators of all CUDA devices; 0 without a device.
int64_t externalDeviceBytes();

}  // namespace pixelcl
