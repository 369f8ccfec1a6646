// Many wait for a lock whose holder runs, or of whose holder nothing is on record.
#include "analyze/findings/roots.h"
#include "analyze/findings/rules.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kFewestBlocked = 5;
constexpr std::uint64_t kFewestOld = 2;
constexpr std::int64_t kLongWaitNs = 30'000'000'000;

}  // namespace

void find_contention(const Case& dump, const History&, Found& found) {
  for (const Root& root : find_roots(dump)) {
    if (named(found, root.lock)) continue;
    if (root.blocked < kFewestBlocked && !(root.blocked >= kFewestOld && root.oldest_wait_ns >= kLongWaitNs)) continue;
    Finding finding = dump.finding(FindingKind::kContention);
    finding.severity = FindingSeverity::kSlow;
    finding.confidence = Confidence::kCertain;
    add_root(dump, finding, root);
    const std::string name = dump.lock(root.lock);
    if (root.thread.valid()) {
      const std::string holds = root.hold != nullptr ? dump.holds(*root.hold) : dump.waiter(root.thread) + " holds";
      finding.title = "many wait for a lock whose holder runs";
      finding.explanation = holds + " " + name + " and " + dump.doing(root.thread) + ", while " + dump.threads(finding.blocked_in_all) + " wait.";
      finding.fix = "Make what is done under " + name + " shorter, or split the lock. If the holder is at the same place in a later dump, it loops.";
      finding.refuted_by = "a later dump in which the queue has gone";
    } else {
      finding.confidence = Confidence::kPossible;
      finding.title = "many wait for a lock; its holder is not recorded";
      finding.explanation = dump.threads(finding.blocked_in_all) + " wait for " + name + ". Nothing in the dump tells who holds it.";
      finding.fix = "Take the next dump with the holder on record (instrumented locks, the live capture), or give the source to read (--source).";
      finding.refuted_by = "a later dump in which the queue has gone";
      finding.evidence.push_back("holder of " + name + " not recorded");
    }
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
