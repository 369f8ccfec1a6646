#include "analyze/classify/activity.h"

namespace tailback::analyze {

std::vector<Activity> classify(Recording&, Dump& dump) { return std::vector<Activity>(dump.threads.size()); }

std::string_view to_string(ActivityKind kind) {
  switch (kind) {
    case ActivityKind::kUnknown: return "unknown";
    case ActivityKind::kRunning: return "running";
    case ActivityKind::kLock: return "lock";
    case ActivityKind::kChannelSend: return "channel_send";
    case ActivityKind::kChannelReceive: return "channel_receive";
    case ActivityKind::kSelect: return "select";
    case ActivityKind::kCondition: return "condition";
    case ActivityKind::kWaitGroup: return "wait_group";
    case ActivityKind::kJoin: return "join";
    case ActivityKind::kFuture: return "future";
    case ActivityKind::kSemaphore: return "semaphore";
    case ActivityKind::kIo: return "io";
    case ActivityKind::kSleep: return "sleep";
    case ActivityKind::kSystemCall: return "system_call";
    case ActivityKind::kIdle: return "idle";
  }
  return "unknown";
}

}  // namespace tailback::analyze
