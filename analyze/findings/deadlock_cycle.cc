// Threads and locks in a ring of any length, each holding what the one before it waits for.
#include <algorithm>

#include "analyze/findings/rings.h"
#include "analyze/findings/rules.h"
#include "analyze/words/format.h"

namespace tailback::analyze {

void find_deadlock_cycle(const Case& dump, const History&, Found& found) {
  for (const Ring& ring : dump.rings()) {
    if (shape_of(ring) != RingShape::kOther) continue;
    Finding finding = dump.finding(FindingKind::kDeadlockCycle);
    dump.add_ring(finding, ring);
    for (const LockId lock : finding.locks) dump.add_waiters(finding, lock);
    finding.title = with_separators(ring.size()) + " threads wait for each other in a ring";
    std::string order;
    for (std::size_t i = 0; i < ring.size(); ++i) {
      const Step& step = ring[i];
      const Step& before = ring[(i + ring.size() - 1) % ring.size()];
      const std::string holds = before.hold == nullptr ? dump.waiter(step.thread) : dump.holds(*before.hold) + " " + dump.lock(before.lock);
      finding.explanation += (i == 0 ? "" : " ") + holds + " and waits for " + dump.lock(step.lock) + ".";
      order += (i == 0 ? "" : ", ") + dump.lock(step.lock);
    }
    finding.explanation += " None of them can go on before the next one does";
    finding.explanation += std::any_of(ring.begin(), ring.end(), [&](const Step& step) { return dump.activity(step.thread).timed; }) ? ", or its time limit passes." : ".";
    finding.fix = "Take these locks in one order everywhere: " + order + "; or give the first back before asking for the second.";
    finding.refuted_by = refuted_by(finding, "a source line that shows one of the locks given back before the wait", "a later dump in which one of the threads has moved");
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
