// The holder of a lock waits itself, for something that is no lock: I/O, a sleep, a condition, another thread's end.
#include <algorithm>

#include "analyze/findings/roots.h"
#include "analyze/findings/rules.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kFewestBlocked = 3;
constexpr std::int64_t kLongWaitNs = 5'000'000'000;

bool waits(ActivityKind kind) {
  switch (kind) {
    case ActivityKind::kSelect:
    case ActivityKind::kChannelSend:
    case ActivityKind::kChannelReceive:
    case ActivityKind::kCondition:
    case ActivityKind::kWaitGroup:
    case ActivityKind::kJoin:
    case ActivityKind::kFuture:
    case ActivityKind::kSemaphore:
    case ActivityKind::kIo:
    case ActivityKind::kSleep:
    case ActivityKind::kSystemCall:
    case ActivityKind::kIdle: return true;
    default: return false;
  }
}

/// Workers that take turns: one holds the lock and waits for the next job in the very function in which the others wait for the lock.
///
///     let job = jobs.lock().unwrap().recv();
bool take_turns(const Case& dump, const Root& root) {
  const ActivityKind kind = dump.activity(root.thread).kind;
  if (root.hold == nullptr || (kind != ActivityKind::kCondition && kind != ActivityKind::kChannelReceive)) return false;
  const std::uint16_t own = dump.activity(root.thread).own_frame;
  const ThreadView holder = dump.view(root.thread);
  if (own >= holder.size() || root.hold->frame != own) return false;
  const auto waits = dump.graph().waits_for(root.lock);
  return std::all_of(waits.begin(), waits.end(), [&](std::uint32_t w) {
    const ThreadIndex waiter = dump.dump().waits[w].thread;
    const ThreadView view = dump.view(waiter);
    return dump.activity(waiter).own_frame < view.size() && view.function(dump.activity(waiter).own_frame) == holder.function(own);
  });
}

}  // namespace

void find_stalled_holder(const Case& dump, const History&, Found& found) {
  for (const Root& root : find_roots(dump)) {
    if (!root.thread.valid() || named(found, root.lock) || !waits(dump.activity(root.thread).kind)) continue;
    if (take_turns(dump, root)) continue;
    // Two threads behind a lock for a moment are what locks are for.
    if (root.blocked < kFewestBlocked && root.oldest_wait_ns < kLongWaitNs) continue;
    Finding finding = dump.finding(FindingKind::kStalledHolder);
    finding.severity = FindingSeverity::kStall;
    finding.confidence = Confidence::kCertain;
    add_root(dump, finding, root);
    const std::string holds = root.hold != nullptr ? dump.holds(*root.hold) : dump.waiter(root.thread) + " holds", name = dump.lock(root.lock);
    finding.title = "the holder of the lock waits itself";
    finding.explanation = holds + " " + name + " and " + dump.doing(root.thread) + ". Until that ends, " + dump.threads(finding.blocked_in_all) + " can't go on.";
    finding.fix = "Don't hold " + name + " across that wait: take what is needed under the lock, give it back, then wait; and give the wait a time limit.";
    finding.refuted_by = refuted_by(finding, "a source line that shows the lock given back before the wait", "a later dump in which the holder has gone on");
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
