// One thread, the same lock twice: it waits for itself.
#include "analyze/classify/signal_frames.h"
#include "analyze/findings/rings.h"
#include "analyze/findings/rules.h"

namespace tailback::analyze {
namespace {

bool asks_in_a_handler(const Case& dump, const Step& step) {
  const Wait* wait = dump.graph().wait_of(step.thread);
  return wait != nullptr && step.hold->frame != Hold::kNoFrame && signal_between(dump.view(step.thread), wait->frame, step.hold->frame);
}

}  // namespace

void find_recursive_lock(const Case& dump, const History&, Found& found) {
  for (const Ring& ring : dump.rings()) {
    if (shape_of(ring) != RingShape::kOneThread || ring[0].hold == nullptr) continue;
    Finding finding = dump.finding(FindingKind::kRecursiveLock);
    dump.add_ring(finding, ring);
    const Step& step = ring[0];
    dump.add_waiters(finding, step.lock);
    const std::string outer = dump.holder(*step.hold), inner = dump.waiter(step.thread), lock = dump.lock(step.lock);
    const bool upgrade = step.hold->mode == LockMode::kShared && step.mode == LockMode::kExclusive;
    finding.title = upgrade ? "write lock asked for by a reader of the same lock" : "lock taken twice by one thread";
    finding.explanation = dump.holds(*step.hold) + " " + lock + (upgrade ? " for reading" : "") + (outer == inner ? ", and asks for it again" : ", and calls on to " + inner + ", which asks for it again") +
                          (upgrade ? ", for writing. A writer waits until nobody reads" : ". The lock is not recursive") + ": the thread waits for itself, and everyone else for the thread.";
    finding.fix = upgrade ? "Give the read lock back before asking for the write lock, and check again what was read; or take the write lock from the start."
                          : "Split out of " + inner + " a part that expects the lock to be held, and call that from " + outer + "; or give the lock back first.";
    if (dump.dump().locks[step.lock.index].kind == LockKind::kOnce) {
      finding.title = "a once that waits for its own end";
      finding.explanation = dump.holds(*step.hold) + " " + lock + ": it runs what is to be done once. That calls on to " + inner + ", which waits until it has been done.";
      finding.fix = "Don't call " + inner + " from what the once runs: give it what it needs, or split out a part that does not ask for the once.";
    }
    if (asks_in_a_handler(dump, step)) {
      finding.title = "a signal's handler that asks for what it interrupted";
      finding.explanation = dump.holds(*step.hold) + " " + lock + ". A signal came, and its handler calls on to " + inner + ", which asks for it again: the thread waits for itself, and everyone else for the thread.";
      finding.fix = "Call nothing in a signal's handler that takes a lock, which allocating and stdio do (signal-safety(7) lists what may be called); or handle signals in a thread of their own.";
    }
    finding.refuted_by = refuted_by(finding, "a source line that shows the lock given back before the second request", "a lock that may be taken again by its owner");
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
