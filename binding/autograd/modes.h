// A mode of libtorch that JavaScript has entered; modes are left in reverse order.
#pragma once

#include <c10/core/InferenceMode.h>

namespace pixelcl {

class ModeGuard {
 public:
  ModeGuard() : inference_(true) {}

 private:
  c10::InferenceMode inference_;
};

}  // namespace pixelcl
