#include "analyze/findings/finding.h"

namespace tailback::analyze {

std::string_view to_string(FindingKind kind) {
  switch (kind) {
    case FindingKind::kDeadlockCycle: return "deadlock_cycle";
    case FindingKind::kRecursiveLock: return "recursive_lock";
    case FindingKind::kRecursiveReadLock: return "recursive_read_lock";
    case FindingKind::kStalledHolder: return "stalled_holder";
    case FindingKind::kOrphanedLock: return "orphaned_lock";
    case FindingKind::kLockConvoy: return "lock_convoy";
    case FindingKind::kChannelDeadlock: return "channel_deadlock";
    case FindingKind::kLostSignal: return "lost_signal";
    case FindingKind::kPoolExhaustion: return "pool_exhaustion";
    case FindingKind::kLeak: return "leak";
    case FindingKind::kContention: return "contention";
  }
  return "contention";
}

std::string_view to_string(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::kDeadlock: return "deadlock";
    case FindingSeverity::kStall: return "stall";
    case FindingSeverity::kSlow: return "slow";
    case FindingSeverity::kInfo: return "info";
  }
  return "info";
}

std::string_view to_string(Confidence confidence) {
  switch (confidence) {
    case Confidence::kCertain: return "certain";
    case Confidence::kLikely: return "likely";
    case Confidence::kPossible: return "possible";
  }
  return "possible";
}

}  // namespace tailback::analyze
