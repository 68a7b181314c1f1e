#include "runtime/errors.h"

#include <c10/util/Exception.h>

#include "runtime/calls.h"
#include "runtime/environment.h"
#include "runtime/handles.h"
#include "runtime/platform.h"
#include "runtime/values.h"

namespace pixelcl {

namespace {

struct Report {
  const char* code = "NATIVE";
  std::string message;
  // Formatting the backtrace takes milliseconds, so it is done when first read.
  std::optional<c10::Error> cause;
};

Report describeCurrentException() {
  Report report;
  try {
    throw;
  } catch (const Failure& failure) {
    report.code = failure.code;
    report.message = failure.what();
  } catch (const c10::OutOfMemoryError& error) {
    report.code = "OUT_OF_MEMORY";
    report.message = error.what_without_backtrace();
    report.cause = error;
  } catch (const c10::Error& error) {
    report.code = "TORCH";
    report.message = error.what_without_backtrace();
    report.cause = error;
  } catch (const std::bad_alloc&) {
    report.code = "OUT_OF_MEMORY";
    report.message = "the process is out of memory";
  } catch (const std::exception& error) {
    report.code = "TORCH";
    report.message = error.what();
  } catch (...) {
    report.message = "libtorch threw an object that is no exception";
  }
  return report;
}

napi_value plainError(napi_env env, const char* code, const std::string& message) {
  napi_value error = nullptr;
  check(napi_create_error(env, stringValue(env, code), stringValue(env, message), &error));
  return error;
}

napi_value reportValue(napi_env env, const Report& report, const CallContext* context) {
  Environment& environment = Environment::of(env);
  if (environment.errorFactory == nullptr) return plainError(env, report.code, report.message);
  napi_value failure = nullptr;
  check(napi_create_object(env, &failure));
  check(napi_set_named_property(env, failure, "code", stringValue(env, report.code)));
  check(napi_set_named_property(env, failure, "message", stringValue(env, report.message)));
  if (report.cause) check(napi_set_named_property(env, failure, "cause", wrapObject(env, HandleTag::kError, *report.cause)));
  if (context != nullptr) {
    check(napi_set_named_property(env, failure, "schema", stringValue(env, context->schema)));
    napi_value args = nullptr;
    check(napi_create_array_with_length(env, context->argc, &args));
    for (size_t i = 0; i < context->argc; ++i) check(napi_set_element(env, args, i, context->argv[i]));
    check(napi_set_named_property(env, failure, "args", args));
  }
  napi_value factory = nullptr;
  napi_value undefined = nullptr;
  napi_value error = nullptr;
  check(napi_get_reference_value(env, environment.errorFactory, &factory));
  check(napi_get_undefined(env, &undefined));
  check(napi_call_function(env, undefined, factory, 1, &failure, &error));
  return error;
}

// The pending exception of the environment, or null.
napi_value takePending(napi_env env) {
  bool isPending = false;
  napi_value error = nullptr;
  if (napi_is_exception_pending(env, &isPending) != napi_ok || !isPending) return nullptr;
  return napi_get_and_clear_last_exception(env, &error) == napi_ok ? error : nullptr;
}

Napi::Value setErrorFactory(const Napi::CallbackInfo& info) {
  check(napi_create_reference(info.Env(), info[0], 1, &Environment::of(info.Env()).errorFactory));
  return info.Env().Undefined();
}

Napi::Value nativeStack(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), objectOf<c10::Error>(info.Env(), info[0], HandleTag::kError, "cause of an error").what());
}

}  // namespace

// Node keeps the value of napi_throw until it passes it to V8. If a collection runs in between, its finalizers find a pending exception and
// Node ends the process; throwing through V8 itself avoids that.
void throwValue(napi_env env, napi_value error) {
  if (!platform::throwThroughV8(error)) check(napi_throw(env, error));
}

napi_value currentExceptionValue(napi_env env, const CallContext* context) {
  try {
    throw;
  } catch (const PendingException&) {
    if (napi_value pending = takePending(env)) return pending;
    if (Environment::of(env).closed.load()) throw;
    return plainError(env, "NATIVE", "a value could not be read: an argument has an unexpected type");
  } catch (const Napi::Error& error) {
    return error.Value();
  } catch (const JavaScriptError& error) {
    if (napi_value value = error.valueIn(env)) return value;
    return reportValue(env, describeCurrentException(), context);
  } catch (...) {
    return reportValue(env, describeCurrentException(), context);
  }
}

void throwCurrentException(napi_env env, const CallContext* context) noexcept {
  try {
    Environment::of(env).warnings.deliver(env);
    throwValue(env, currentExceptionValue(env, context));
  } catch (...) {
    // The environment is ending, so the error cannot be reported.
  }
}

void registerErrors(Napi::Object exports) {
  define<setErrorFactory>(exports, "setErrorFactory");
  define<nativeStack>(exports, "nativeStack");
}

}  // namespace pixelcl
