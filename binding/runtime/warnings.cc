#include "runtime/warnings.h"

#include <array>
#include <utility>
#include <variant>

#include "runtime/environment.h"
#include "runtime/values.h"

namespace pixelcl {

namespace {

// Messages may name sizes, so that there is no end of different ones.
constexpr size_t kMostRemembered = 1000;

// Python's warnings, too, are told once for each place and text.
std::string identityOf(const c10::Warning& warning) {
  const auto& place = warning.source_location();
  return std::string(place.file == nullptr ? "" : place.file) + ":" + std::to_string(place.line) + ":" + warning.msg();
}

Napi::Value setWarningListener(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).warnings.setListener(info.Env(), info[0]);
  return info.Env().Undefined();
}

Napi::Value isWarnAlways(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), c10::WarningUtils::get_warnAlways()); }

Napi::Value setWarnAlways(const Napi::CallbackInfo& info) {
  c10::WarningUtils::set_warnAlways(info[0].ToBoolean());
  return info.Env().Undefined();
}

}  // namespace

void Warnings::process(const c10::Warning& warning) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (listener_ == nullptr) return c10::WarningHandler::process(warning);
  if (seen_.size() >= kMostRemembered) seen_.clear();
  const bool isNew = seen_.insert(identityOf(warning)).second;
  if (!isNew && !c10::WarningUtils::get_warnAlways()) return;
  waiting_.push_back({warning.msg(), std::holds_alternative<c10::DeprecationWarning>(warning.type())});
  areWaiting_.store(true, std::memory_order_relaxed);
}

void Warnings::setListener(napi_env env, napi_value listener) {
  const std::lock_guard<std::mutex> lock(mutex_);
  check(napi_create_reference(env, listener, 1, &listener_));
}

void Warnings::deliverWaiting(napi_env env) noexcept {
  // No function can be called while an exception waits: the next call delivers them.
  bool isPending = false;
  if (napi_is_exception_pending(env, &isPending) != napi_ok || isPending) return;
  try {
    std::vector<Waiting> warnings;
    napi_value listener = nullptr;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      warnings = std::exchange(waiting_, {});
      areWaiting_.store(false, std::memory_order_relaxed);
      check(napi_get_reference_value(env, listener_, &listener));
    }
    napi_value undefined = nullptr;
    check(napi_get_undefined(env, &undefined));
    for (const auto& [message, isDeprecation] : warnings) {
      std::array<napi_value, 2> args = {stringValue(env, message), nullptr};
      check(napi_get_boolean(env, isDeprecation, &args[1]));
      check(napi_call_function(env, undefined, listener, args.size(), args.data(), nullptr));
    }
  } catch (...) {
    // The environment is ending, or the listener threw: a warning must not make the call fail.
    napi_value error = nullptr;
    napi_get_and_clear_last_exception(env, &error);
  }
}

void registerWarnings(Napi::Object exports) {
  define<setWarningListener>(exports, "setWarningListener");
  define<isWarnAlways>(exports, "isWarnAlways");
  define<setWarnAlways>(exports, "setWarnAlways");
}

}  // namespace pixelcl
