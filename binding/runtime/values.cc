#include "runtime/values.h"

#include <cmath>

#include "runtime/handles.h"

namespace pixelcl {

bool isWhole(double number) {
  return number >= -9223372036854775808.0 && number < 9223372036854775808.0 && std::nearbyint(number) == number &&
         !(number == 0 && std::signbit(number));
}

void wrongValue(napi_env env, napi_value value, const std::string& expected) {
  throw Failure("ARGUMENT", "expected " + expected + " but received " + describeValue(env, value));
}

napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(env, value, &type));
  return type;
}

int64_t bigintOf(napi_env env, napi_value value) {
  int64_t number = 0;
  bool lossless = false;
  check(napi_get_value_bigint_int64(env, value, &number, &lossless));
  if (!lossless) throw Failure("ARGUMENT", "a bigint does not fit into 64 bits: int64 reaches from -2^63 to 2^63 - 1");
  return number;
}

double numberOf(napi_env env, napi_value value) {
  double number = 0;
  check(napi_get_value_double(env, value, &number));
  return number;
}

uint32_t arrayLength(napi_env env, napi_value array, const char* what) {
  bool isArray = false;
  check(napi_is_array(env, array, &isArray));
  if (!isArray) wrongValue(env, array, std::string("an array for ") + what);
  uint32_t length = 0;
  check(napi_get_array_length(env, array, &length));
  if (length > kLongestList)
    throw Failure("ARGUMENT", std::string(what) + ": expected at most " + std::to_string(kLongestList) + " elements");
  return length;
}

std::string stringOf(napi_env env, napi_value value, const char* what) {
  if (typeOf(env, value) != napi_string) wrongValue(env, value, what);
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  check(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

int64_t intOf(napi_env env, napi_value value, const char* what) {
  const napi_valuetype type = typeOf(env, value);
  if (type == napi_bigint) return bigintOf(env, value);
  if (type == napi_external) {
    const at::Tensor* tensor = tensorOrNull(env, value);
    if (tensor != nullptr && tensor->numel() == 1 && c10::isIntegralType(tensor->scalar_type(), true)) return tensor->item().toLong();
  }
  if (type != napi_number) wrongValue(env, value, what);
  const double number = numberOf(env, value);
  if (number == 0) return 0;
  if (!isWhole(number)) wrongValue(env, value, what);
  return static_cast<int64_t>(number);
}

std::vector<int64_t> intsOf(napi_env env, napi_value array, const char* what) {
  const uint32_t length = arrayLength(env, array, what);
  std::vector<int64_t> values;
  values.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item = nullptr;
    check(napi_get_element(env, array, i, &item));
    values.push_back(intOf(env, item, what));
  }
  return values;
}

napi_value intValue(napi_env env, int64_t number) {
  constexpr int64_t kSafe = (int64_t{1} << 53) - 1;
  napi_value value = nullptr;
  if (number >= -kSafe && number <= kSafe) {
    check(napi_create_int64(env, number, &value));
  } else {
    check(napi_create_bigint_int64(env, number, &value));
  }
  return value;
}

napi_value doubleValue(napi_env env, double number) {
  napi_value value = nullptr;
  check(napi_create_double(env, number, &value));
  return value;
}

napi_value stringValue(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  check(napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

napi_value intsValue(napi_env env, c10::ArrayRef<int64_t> values) {
  napi_value array = nullptr;
  check(napi_create_array_with_length(env, values.size(), &array));
  for (size_t i = 0; i < values.size(); ++i) check(napi_set_element(env, array, static_cast<uint32_t>(i), intValue(env, values[i])));
  return array;
}

std::string describeValue(napi_env env, napi_value value) {
  switch (typeOf(env, value)) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean: {
      bool flag = false;
      check(napi_get_value_bool(env, value, &flag));
      return flag ? "true" : "false";
    }
    case napi_number: {
      napi_value text = nullptr;
      check(napi_coerce_to_string(env, value, &text));
      return "the number " + stringOf(env, text, "a string");
    }
    case napi_string: {
      std::string text = stringOf(env, value, "a string");
      if (text.size() > 40) text = text.substr(0, 40) + "…";
      return "the string '" + text + "'";
    }
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_external:
      return tensorOrNull(env, value) == nullptr ? "another kind of handle" : "a Tensor";
    case napi_bigint:
      return "a bigint";
    case napi_object: {
      bool isArray = false;
      check(napi_is_array(env, value, &isArray));
      return isArray ? "an array" : "an object";
    }
  }
  return "an unknown value";
}

}  // namespace pixelcl
