// Failures on their way from C++ to JavaScript, and the guard around every entry into C++.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include "runtime/node.h"

namespace pixelcl {

// A failure of the shim's own, with a code of NativeFailure in src/native/binding.ts.
class Failure : public std::runtime_error {
 public:
  Failure(const char* code, const std::string& message) : std::runtime_error(message), code(code) {}
  const char* const code;
};

// A JavaScript exception is pending already, or the environment can run no more JavaScript: unwind and return.
class PendingException : public std::exception {};

inline void check(napi_status status) {
  if (status != napi_ok) throw PendingException();
}

// The operator call in which an exception is thrown, for the error's message.
struct CallContext {
  std::string schema;
  size_t argc = 0;
  const napi_value* argv = nullptr;
};

// Throws a JavaScript value; the caller returns to JavaScript at once.
void throwValue(napi_env env, napi_value error);

// The JavaScript error for the exception in flight, made by the error factory.
napi_value currentExceptionValue(napi_env env, const CallContext* context);

// Throws the exception in flight into JavaScript; never throws C++.
void throwCurrentException(napi_env env, const CallContext* context) noexcept;

template <typename Body>
napi_value guarded(napi_env env, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    throwCurrentException(env, nullptr);
    return nullptr;
  }
}

using Entry = Napi::Value (*)(const Napi::CallbackInfo&);

}  // namespace pixelcl
