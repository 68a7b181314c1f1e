// Work on a large stack: libtorch's TorchScript compiler, and most of what walks programs, recurses once per level of nesting.
#pragma once

#include <functional>

namespace pixelcl {

// Runs work on a thread of its own with a large stack, under the modes of the caller, such as its grad mode; errors arrive at the caller.
// The work must not call into JavaScript, except by `onCaller`.
void onLargeStack(const std::function<void()>& work);

// Within work of `onLargeStack`: runs `piece` on the thread that waits for the work.
void onCaller(const std::function<void()>& piece);

}  // namespace pixelcl
