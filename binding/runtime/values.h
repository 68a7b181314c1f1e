// Reads and makes plain JavaScript values.
#pragma once

#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/node.h"

namespace pixelcl {

napi_valuetype typeOf(napi_env env, napi_value value);
inline bool isNullish(napi_valuetype type) { return type == napi_null || type == napi_undefined; }

// Whether a double is an integer in [-2^63, 2^63); false for -0, because an int would lose the sign.
bool isWhole(double number);
// More elements than any list of sizes, indices or tensors has: a sparse array of 2^32 holes would take minutes and all memory.
constexpr uint32_t kLongestList = uint32_t{1} << 24;

double numberOf(napi_env env, napi_value value);
int64_t bigintOf(napi_env env, napi_value value);
uint32_t arrayLength(napi_env env, napi_value array, const char* what);
std::string stringOf(napi_env env, napi_value value, const char* what);
int64_t intOf(napi_env env, napi_value value, const char* what);
std::vector<int64_t> intsOf(napi_env env, napi_value array, const char* what);

napi_value intValue(napi_env env, int64_t value);
napi_value doubleValue(napi_env env, double value);
napi_value stringValue(napi_env env, const std::string& value);
napi_value intsValue(napi_env env, c10::ArrayRef<int64_t> values);

// A description for messages, such as 'a string "abc"', 'the number 3' or 'an array'.
std::string describeValue(napi_env env, napi_value value);
[[noreturn]] void wrongValue(napi_env env, napi_value value, const std::string& expected);

}  // namespace pixelcl
