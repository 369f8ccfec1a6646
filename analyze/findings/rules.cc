#include "analyze/findings/rules.h"

#include <algorithm>


namespace tailback::analyze {

const std::vector<Rule>& rules() {
  // Rings first: they explain what stands behind them. Then what an owner says, what moves, what the holder does, and last what only counts.
  static const std::vector<Rule> kRules{
      {FindingKind::kRecursiveReadLock, find_recursive_read_lock},
      {FindingKind::kRecursiveLock, find_recursive_lock},
      {FindingKind::kDeadlockCycle, find_deadlock_cycle},
      {FindingKind::kDeadlockCycle, find_all_at_locks},
      {FindingKind::kOrphanedLock, find_orphaned_lock},
      {FindingKind::kLockConvoy, find_lock_convoy},
      {FindingKind::kChannelDeadlock, find_channel_deadlock},
      {FindingKind::kStalledHolder, find_stalled_holder},
      {FindingKind::kPoolExhaustion, find_pool_exhaustion},
      {FindingKind::kPoolExhaustion, find_exhausted_permits},
      {FindingKind::kLostSignal, find_lost_signal},
      {FindingKind::kChannelDeadlock, find_all_asleep},
      {FindingKind::kLeak, find_leak},
      {FindingKind::kContention, find_contention},
  };
  return kRules;
}

bool named(const Found& found, LockId lock) {
  return std::any_of(found.findings.begin(), found.findings.end(), [&](const Finding& finding) {
    return std::find(finding.locks.begin(), finding.locks.end(), lock) != finding.locks.end();
  });
}

bool wakes_up(const Case& dump, ThreadIndex thread) {
  const Runtime runtime = dump.recording().info.runtime;
  return dump.activity(thread).kind == ActivityKind::kSleep && (runtime == Runtime::kJava || runtime == Runtime::kPython);
}

bool told(const Case& dump, const Found& found, StackId stack) {
  return std::any_of(found.findings.begin(), found.findings.end(), [&](const Finding& finding) {
    return std::any_of(finding.chain.begin(), finding.chain.end(), [&](const ChainLink& link) {
      return link.thread.index < dump.dump().threads.size() && dump.dump().threads[link.thread.index].stack == stack;
    });
  });
}

bool acts(const Case& dump, ThreadIndex thread) { return dump.takes_part(thread) && !dump.accepts(thread); }

bool others_act(const Case& dump, const std::vector<ThreadIndex>& members, bool (*idle)(ActivityKind)) {
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const ThreadIndex thread{i};
    if (std::binary_search(members.begin(), members.end(), thread) || idle(dump.activity(thread).kind)) continue;
    if (acts(dump, thread)) return true;
  }
  return false;
}

ChainLink channel_link(const Case& dump, ThreadIndex thread, std::uint64_t count) {
  ChainLink link = dump.link(thread, nullptr, nullptr);
  const Activity& activity = dump.activity(thread);
  const ThreadView view = dump.view(thread);
  if (activity.own_frame < view.size()) link.wait_function = std::string(view.function(activity.own_frame));
  link.wait_place = link.place;
  link.note = dump.doing(thread);
  link.others = count - 1;
  return link;
}

std::string refuted_by(const Finding& finding, std::string source, const std::string& observation) {
  // What a dump has on record no reading of the source can take back.
  return finding.confidence == Confidence::kCertain ? observation : std::move(source) + ", or " + observation;
}

}  // namespace tailback::analyze
