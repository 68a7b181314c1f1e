// Converts values between JavaScript and libtorch by the types of a schema.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include <string>
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
  kEnum,
  kUnion,
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
  // The type of a list's elements, the types of a tuple's or a dict's key and value, or the alternatives of a union.
  std::vector<ValueType> elements;
  // The names of a named tuple's fields.
  std::vector<std::string> names;
};

// `realType` distinguishes enumerations; `type` shows them as int.
ValueType readType(const c10::TypePtr& type, const c10::TypePtr& realType);

// Whether a plain object can be a value of this type.
bool mayBeObject(const ValueType& type);

c10::IValue toIValue(napi_env env, napi_value value, const ValueType& type);
// Converts without a type: handles become tensors or modules, whole numbers ints, arrays lists, frozen arrays tuples, Maps and objects
// dicts.
c10::IValue inferIValue(napi_env env, napi_value value);
// A member of an enumeration becomes an object { name, value }, a module { module }, an object of another class { object }; a named tuple
// is an array with a further property for each name.
napi_value fromIValue(napi_env env, const c10::IValue& value, const ValueType* type);

}  // namespace pixelcl
