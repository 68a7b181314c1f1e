// Everything that differs between Linux and macOS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pixelcl::platform {

// Maps zeroed pages, huge ones if available; null if memory is exhausted.
void* mapPages(size_t bytes);
void unmapPages(void* base, size_t bytes);
int64_t physicalMemory();
// Tunes the process's malloc for collections, which free thousands of objects at once.
void prepareMalloc();
// Throws a JavaScript value through V8 itself; false if the runtime does not export the functions for it.
bool throwThroughV8(void* value);
// The path of the loaded libtorch library.
std::string libtorchPath();

}  // namespace pixelcl::platform
