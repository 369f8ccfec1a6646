// What each thread of a dump is doing, read from its stack, state and words.
//
// classify() turns facts into waits: it finds the lock API frame that a thread stands in, names the
// lock (address, kind, mode) and adds it to the dump's locks, waits and observed holds. A pure function of the
// recording; one file for each runtime's frames (go, java, native, python), one registry line each.
#pragma once

#include <vector>

#include "runtime/incident/model.h"

namespace tailback::analyze {

/// What stops a thread.
enum class ActivityKind : std::uint8_t {
  kUnknown,
  kRunning,
  kLock,         ///< waits for a lock: Dump::waits has it
  kChannelSend,
  kChannelReceive,
  kSelect,
  kCondition,
  kWaitGroup,
  kJoin,
  kFuture,
  kSemaphore,
  kIo,           ///< network, file, poll, epoll
  kSleep,
  kSystemCall,
  kIdle,         ///< a worker without work, a poller, a timer: normal
};

struct Activity {
  ActivityKind kind = ActivityKind::kUnknown;
  std::uint16_t wait_frame = 0;  ///< index of the outermost frame of the API that it waits in
  bool timed = false;            ///< waits with a limit: gives up by itself
  bool wrote_dump = false;       ///< by its place in the dump; its frames may say so too (holders/bystanders.h)
  std::uint16_t own_frame = 0;   ///< index of the first frame of the program's own code; == stack size: none
};

/// Completes `dump` (locks, waits, observed holds) and returns one Activity for each of its threads.
[[nodiscard]] std::vector<Activity> classify(Recording& recording, Dump& dump);

[[nodiscard]] std::string_view to_string(ActivityKind);

}  // namespace tailback::analyze
