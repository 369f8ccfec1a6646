// A read lock re-taken behind a waiting writer: the reader waits for the writer, the writer for the reader's first lock.
#include "analyze/findings/rings.h"
#include "analyze/findings/rules.h"

namespace tailback::analyze {
namespace {

/// The reader first: it is what has to change.
Ring reader_first(const Ring& ring) { return ring[0].hold == nullptr ? ring : Ring{ring[1], ring[0]}; }

}  // namespace

void find_recursive_read_lock(const Case& dump, const History&, Found& found) {
  for (const Ring& any : dump.rings()) {
    if (shape_of(any) != RingShape::kReadBehindWriter) continue;
    const Ring ring = reader_first(any);
    Finding finding = dump.finding(FindingKind::kRecursiveReadLock);
    dump.add_ring(finding, ring);
    const LockId lock = ring[0].lock;
    const Hold& hold = *ring[1].hold;
    const std::string outer = dump.holder(hold), inner = dump.waiter(ring[0].thread), writer = dump.waiter(ring[1].thread);
    finding.chain[1].note = "behind the reader above";
    dump.add_waiters(finding, lock);
    finding.title = "read lock re-taken behind a waiting writer";
    const std::string again = outer == inner ? dump.holds(hold) + " the read lock of " + dump.lock(lock) + " and takes it again. "
                                             : dump.holds(hold) + " the read lock of " + dump.lock(lock) + " and calls " + inner + ", which takes it again. ";
    finding.explanation = again + "A writer, " + writer + ", queued in between. It waits for " + outer + "; " + inner + " waits for it; " + outer + " waits for " +
                          inner + ". No reader and no writer gets in any more.";
    finding.fix = "Let " + outer + " read what it needs under the lock that it holds, instead of calling " + inner +
                  "; or split out of " + inner + " a part that expects the lock to be held.";
    finding.refuted_by = refuted_by(finding, "a source line that shows " + outer + " giving the read lock back before it calls on",
                                    "a lock that lets a reader pass waiting writers");
    if (const Wait* front = dump.graph().pending_writer(lock); front != nullptr && front->front) {
      finding.evidence.push_back("a writer stands at the front of " + dump.lock(lock) + " and waits for readers to leave: somebody reads");
    }
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
