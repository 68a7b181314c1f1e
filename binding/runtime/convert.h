// Converts values between JavaScript and libtorch by the types of a schema.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <vector>

#include "runtime/names.h"
#include "runtime/node.h"
#include "runtime/values.h"

namespace pixelcl {

enum class ValueKind {
  kTensor,
  kScalar,
  kInt,
  kFloat,
  kBool,
  kComplex,
  kString,
  kDevice,
  kGenerator,
  kScalarType,
  kLayout,
  kMemoryFormat,
  kList,
  kTuple,
  kDict,
  kModule,
  kAny,
  kUnsupported,
};

// A schema's type in the form in which arguments are converted.
struct ValueType {
  ValueKind kind = ValueKind::kUnsupported;
  bool optional = false;
  // The fixed length of a list, for which one number is repeated; 0 if not fixed.
  int32_t length = 0;
  c10::TypePtr type;
  std::vector<ValueType> elements;
};

// `realType` distinguishes enumerations; `type` shows them as int.
ValueType readType(const c10::TypePtr& type, const c10::TypePtr& realType);

c10::IValue toIValue(napi_env env, napi_value value, const ValueType& type);
// Converts without a type: handles become tensors, whole numbers ints, arrays lists.
c10::IValue inferIValue(napi_env env, napi_value value);
napi_value fromIValue(napi_env env, const c10::IValue& value, const ValueType* type);

}  // namespace pixelcl
