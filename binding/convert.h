// Values between JavaScript and libtorch, led by the types of a schema.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <string>
#include <vector>

#include "node.h"

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

// A schema's type, read once.
struct ValueType {
  ValueKind kind = ValueKind::kUnsupported;
  bool optional = false;
  // The fixed length of a list that one number may stand for; 0 without one.
  int32_t length = 0;
  c10::TypePtr type;
  std::vector<ValueType> elements;
};

// `realType` shows enumerations as what they are, where a schema's plain type shows int.
ValueType readType(const c10::TypePtr& type, const c10::TypePtr& realType);

c10::IValue toIValue(napi_env env, napi_value value, const ValueType& type);
// Without a type: handles are tensors, whole numbers ints, arrays lists.
c10::IValue inferIValue(napi_env env, napi_value value);
napi_value fromIValue(napi_env env, const c10::IValue& value, const ValueType* type);

const char* dtypeName(c10::ScalarType type);
c10::ScalarType parseDtype(const std::string& name);
c10::Device parseDevice(const std::string& name);
const char* layoutName(c10::Layout layout);

uint32_t arrayLength(napi_env env, napi_value array, const char* what);
std::string stringOf(napi_env env, napi_value value, const char* what);
int64_t intOf(napi_env env, napi_value value, const char* what);
std::vector<int64_t> intsOf(napi_env env, napi_value array, const char* what);
napi_value intValue(napi_env env, int64_t value);
napi_value stringValue(napi_env env, const std::string& value);
napi_value intsValue(napi_env env, c10::ArrayRef<int64_t> values);
// 'a string "abc"', 'the number 3', 'an array', for messages.
std::string describeValue(napi_env env, napi_value value);

// Remembers that a device beside the CPU holds tensors, so that its bytes are counted.
void noteDeviceUse(c10::Device device);
// Whether a tensor has been on a device with memory of its own.
bool deviceInUse();

}  // namespace pixelcl
