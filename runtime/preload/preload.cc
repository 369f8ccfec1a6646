// Starts the recorder in a program that knows nothing of it:
//
//   LD_PRELOAD=/usr/lib/libtailback_preload.so TAILBACK_FILE=/var/lib/shop/shop-%p.tailback ./service
//
// Without TAILBACK_FILE, or with TAILBACK_DISABLE=1, it records nothing. Programs that the process starts inherit the variables; with `%p` in the file's name
// each records into its own, without it only the first does, or two of them would write one file. Where a script or `timeout 60` starts the service,
// TAILBACK_PROGRAM=service names the one program to record.
#include <cerrno>
#include <cstdlib>
#include <string>

#include <unistd.h>

#include <tailback/recorder.h>

#include "runtime/locks/deadlock_watch.h"
#include "runtime/preload/real.h"
#include "runtime/recorder/config.h"

namespace tailback::preload {
namespace {

Recorder* recorder = nullptr;

bool set(const char* name) {
  const char* value = ::secure_getenv(name);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

bool is_ours_to_record() {
  if (!set("TAILBACK_FILE")) return false;
  if (set("TAILBACK_PROGRAM") && std::string_view(::secure_getenv("TAILBACK_PROGRAM")) != ::program_invocation_short_name) return false;
  if (std::string_view(::secure_getenv("TAILBACK_FILE")).find("%p") != std::string_view::npos) return true;
  const char* owner = ::secure_getenv(kPreloadedVariable);
  // The same process again: it has replaced its program by exec.
  return owner == nullptr || owner == std::to_string(::getpid());
}

__attribute__((constructor)) void begin() {
  static_cast<void>(real());
  if (!is_ours_to_record()) return;
  ::unsetenv(kPreloadedVariable);
  recorder = new Recorder(record({}));
  if (!recorder->active()) return;
  // For the programs that this one starts, and for a runtime that it has in itself.
  ::setenv(kPreloadedVariable, std::to_string(::getpid()).c_str(), 1);
  locks::start_deadlock_watch();
}

// After main and its atexit handlers. In a child that never exec'd the recorder is not active, and stop() does nothing.
__attribute__((destructor)) void end() {
  if (recorder != nullptr) static_cast<void>(recorder->stop());
}

}  // namespace
}  // namespace tailback::preload
