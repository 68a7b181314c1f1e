// Handles SIGINT, SIGTERM and SIGHUP without the event loop, because a training step occupies the JavaScript thread.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "runtime/environment.h"
#include "runtime/values.h"

namespace pixelcl {

namespace {

using Info = const Napi::CallbackInfo&;

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t received = 0;
char notice[256];
volatile std::sig_atomic_t noticeLength = 0;
struct sigaction former[std::size(kSignals)];
bool isWatching = false;

// Calls only functions that POSIX allows in a signal handler.
void onSignal(int signal) {
  received = signal;
  struct sigaction deadly {};
  deadly.sa_handler = SIG_DFL;
  for (const int each : kSignals) sigaction(each, &deadly, nullptr);
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, notice, static_cast<size_t>(noticeLength));
}

// The first signal is recorded and prints a notice on standard error; the next one ends the process.
Napi::Value watchSignals(Info info) {
  const std::string text = stringOf(info.Env(), info[0], "a notice");
  const size_t length = std::min(text.size(), sizeof(notice));
  std::memcpy(notice, text.data(), length);
  noticeLength = static_cast<std::sig_atomic_t>(length);
  received = 0;
  struct sigaction action {};
  action.sa_handler = &onSignal;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < std::size(kSignals); i++) sigaction(kSignals[i], &action, isWatching ? nullptr : &former[i]);
  isWatching = true;
  return info.Env().Undefined();
}

Napi::Value receivedSignal(Info info) {
  Napi::Env env = info.Env();
  if (received == 0) return env.Null();
  return Napi::String::New(env, received == SIGINT ? "SIGINT" : received == SIGTERM ? "SIGTERM" : "SIGHUP");
}

Napi::Value unwatchSignals(Info info) {
  for (size_t i = 0; isWatching && i < std::size(kSignals); i++) sigaction(kSignals[i], &former[i], nullptr);
  isWatching = false;
  return info.Env().Undefined();
}

}  // namespace

void registerSignals(Napi::Object exports) {
  define<watchSignals>(exports, "watchSignals");
  define<receivedSignal>(exports, "receivedSignal");
  define<unwatchSignals>(exports, "unwatchSignals");
}

}  // namespace pixelcl
