// Starts the recorder in a program that knows nothing of it:
//
//   LD_PRELOAD=/usr/lib/libtailback_preload.so TAILBACK_FILE=/var/lib/shop/shop-%p.tailback ./service
//
// Without TAILBACK_FILE, or with TAILBACK_DISABLE=1, it records nothing. Programs that the service starts inherit both variables; they are left alone
// unless TAILBACK_FOLLOW=1, or two of them would write one file.
#include <cstdlib>
#include <string>

#include <unistd.h>

#include <tailback/recorder.h>

#include "runtime/locks/deadlock_watch.h"
#include "runtime/preload/real.h"

namespace tailback::preload {
namespace {

constexpr const char* kOwner = "TAILBACK_PRELOADED";  // the process that records, for those it starts
Recorder* recorder = nullptr;

bool set(const char* name) {
  const char* value = ::secure_getenv(name);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

bool is_ours_to_record() {
  if (!set("TAILBACK_FILE")) return false;
  const std::string self = std::to_string(::getpid());
  const char* owner = ::secure_getenv(kOwner);
  // The same process again: it has replaced its program by exec.
  if (owner != nullptr && owner != self && !set("TAILBACK_FOLLOW")) return false;
  ::setenv(kOwner, self.c_str(), 1);
  return true;
}

__attribute__((constructor)) void begin() {
  static_cast<void>(real());
  if (!is_ours_to_record()) return;
  recorder = new Recorder(record({}));
  if (recorder->active()) locks::start_deadlock_watch();
}

// After main and its atexit handlers. In a child that never exec'd the recorder is not active, and stop() does nothing.
__attribute__((destructor)) void end() {
  if (recorder != nullptr) static_cast<void>(recorder->stop());
}

}  // namespace
}  // namespace tailback::preload
