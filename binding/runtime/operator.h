// One operator overload, prepared for calls from JavaScript.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <string>
#include <vector>

#include "runtime/convert.h"

namespace pixelcl {

struct OperatorArgument {
  std::string name;
  ValueType type;
  bool hasDefault = false;
  c10::IValue defaultValue;
};

struct OperatorReturn {
  ValueType type;
  // The argument whose memory this result is (`Tensor(a!)`), or -1.
  int written = -1;
};

struct Operator {
  Environment& environment;
  c10::OperatorHandle handle;
  std::string schema;
  std::vector<OperatorArgument> arguments;
  std::vector<OperatorReturn> returns;
  // The operator runs a backward, which may call hooks.
  bool callsEngine = false;
};

}  // namespace pixelcl
