// What a dump does not tell, and which kinds of findings can't be had for that reason.
#include "analyze/findings/rules.h"

namespace tailback::analyze {

void note_what_is_lacking(const Case& dump, Found& found) {
  if (dump.recording().info.runtime == Runtime::kPython && dump.dump().waits.empty()) {
    for (const FindingKind kind : {FindingKind::kRecursiveLock, FindingKind::kDeadlockCycle, FindingKind::kOrphanedLock, FindingKind::kStalledHolder,
                                   FindingKind::kLockConvoy, FindingKind::kContention}) {
      found.not_evaluated.push_back({kind, "the dump does not tell which threads wait for locks: taking one is C code without a frame"});
    }
    return;
  }
  const std::string unknown = dump.unknown_holders();
  if (unknown.empty()) return;
  for (const FindingKind kind : {FindingKind::kRecursiveLock, FindingKind::kRecursiveReadLock, FindingKind::kDeadlockCycle}) {
    found.not_evaluated.push_back({kind, unknown + ": a ring through one can't be seen"});
  }
  found.not_evaluated.push_back({FindingKind::kStalledHolder, unknown + ": what a holder does can't be seen"});
}

}  // namespace tailback::analyze
