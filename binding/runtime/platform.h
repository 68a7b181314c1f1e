// What differs between Linux and macOS stands here and in platform.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace pixelcl::platform {

// Maps zeroed pages, huge where the system gives them; null when memory is out.
void* mapPages(size_t bytes);
void unmapPages(void* base, size_t bytes);
int64_t physicalMemory();
// Prepares the process's malloc for thousands of objects freed at once, as a collection does.
void prepareMalloc();
// Throws a JavaScript value by V8 itself; false where the runtime does not show how.
bool throwThroughV8(void* value);
// The file that holds the libtorch in use.
std::string libtorchPath();

}  // namespace pixelcl::platform
