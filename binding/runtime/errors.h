// Conversion of C++ exceptions to JavaScript errors, and the guard around every entry into C++.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include "runtime/node.h"

namespace pixelcl {

// An error raised by the shim; for the codes see NativeFailure in src/native/binding.ts.
class Failure : public std::runtime_error {
 public:
  Failure(const char* code, const std::string& message) : std::runtime_error(message), code(code) {}
  const char* const code;
};

// A JavaScript exception is pending, or the environment runs no more JavaScript: unwind and return.
class PendingException : public std::exception {};

inline void check(napi_status status) {
  if (status != napi_ok) throw PendingException();
}

// The operator call during which an exception was thrown, for the error message.
struct CallContext {
  std::string schema;
  size_t argc = 0;
  const napi_value* argv = nullptr;
};

// Throws a JavaScript value; the caller must return to JavaScript immediately.
void throwValue(napi_env env, napi_value error);

// The JavaScript error for the current C++ exception, made by the error factory.
napi_value currentExceptionValue(napi_env env, const CallContext* context);

// Throws the current C++ exception as a JavaScript error; never throws in C++.
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
