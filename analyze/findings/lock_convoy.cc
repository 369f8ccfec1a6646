// The lock moves, the queue does not get shorter: between two dumps other threads wait for it.
#include <algorithm>
#include <unordered_set>

#include "analyze/findings/rules.h"
#include "analyze/words/format.h"

namespace tailback::analyze {
namespace {

constexpr std::size_t kShortestQueue = 5;
constexpr double kMovedRatio = 0.2;       ///< of the earlier waiters that have got through, in a short queue
constexpr std::size_t kSurelyMoved = 10;  ///< as many have shown it, however long the queue

std::unordered_set<std::string_view> waiters(const Dump& dump, LockId lock) {
  std::unordered_set<std::string_view> ids;
  for (const Wait& wait : dump.waits) {
    if (wait.lock == lock && wait.thread.index < dump.threads.size()) ids.insert(dump.threads[wait.thread.index].id);
  }
  return ids;
}

}  // namespace

void find_lock_convoy(const Case& dump, const History& history, Found& found) {
  if (dump.index() == 0) {
    found.not_evaluated.push_back({FindingKind::kLockConvoy, "needs two dumps: one can't show whether the lock moves"});
    return;
  }
  const auto counted_row = [](const ThreadRecord& thread) { return thread.count > 1; };
  if (std::any_of(dump.dump().threads.begin(), dump.dump().threads.end(), counted_row)) {
    found.not_evaluated.push_back({FindingKind::kLockConvoy, "the dump counts threads without telling which: whether others wait now can't be seen"});
    return;
  }
  const Dump& before = history.recording.dumps[dump.index() - 1];
  for (std::uint32_t i = 0; i < dump.dump().locks.size(); ++i) {
    const LockId lock{i};
    if (dump.graph().waits_for(lock).size() < kShortestQueue || named(found, lock)) continue;
    if (dump.explained(dump.dump().waits[dump.graph().waits_for(lock).front()].thread)) continue;
    LockId earlier;
    for (const LockDirectory::Place& place : history.locks.places(history.locks.identity(dump.index(), lock))) {
      if (place.dump + 1 == dump.index()) earlier = place.lock;
    }
    if (!earlier.valid()) continue;
    const auto then = waiters(before, earlier), now = waiters(dump.dump(), lock);
    if (then.size() < kShortestQueue) continue;
    std::size_t through = 0;
    for (const std::string_view id : then) through += now.contains(id) ? 0 : 1;
    const double moved = static_cast<double>(through) / static_cast<double>(then.size());
    const bool moves = moved >= kMovedRatio || through >= kSurelyMoved;
    if (!moves || now.size() * 2 < then.size()) continue;
    Finding finding = dump.finding(FindingKind::kLockConvoy);
    finding.severity = FindingSeverity::kSlow;
    // A thread that waits with a limit may be gone because that has passed.
    const auto waits = dump.graph().waits_for(lock);
    const bool give_up = std::any_of(waits.begin(), waits.end(), [&](std::uint32_t w) { return dump.activity(dump.dump().waits[w].thread).timed; });
    finding.confidence = dump.dump().locks[i].address != 0 && !give_up ? Confidence::kCertain : Confidence::kLikely;
    finding.locks.push_back(lock);
    for (const std::uint32_t h : dump.graph().holds_of(lock)) {
      const Hold& hold = dump.dump().holds[h];
      ChainLink link = dump.link(hold.thread, &hold, nullptr);
      link.note = dump.doing(hold.thread);
      finding.chain.push_back(std::move(link));
      dump.add_evidence(finding, hold);
    }
    dump.add_waiters(finding, lock);
    dump.count_waiters(finding);
    finding.evidence.push_back(with_separators(through) + " of " + with_separators(then.size()) + " that waited in the dump before have got through; " + with_separators(now.size()) + " wait now");
    const std::string name = dump.lock(lock);
    finding.title = "convoy: the lock moves, the queue stays";
    finding.explanation = "Threads get " + name + " one after another, but new ones queue as fast. Each pays for the whole queue before it.";
    finding.fix = "Make what is done under " + name + " shorter (I/O and allocation outside), or split the lock.";
    finding.refuted_by = "a later dump in which the queue has gone";
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
