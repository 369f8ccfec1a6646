// Threads and locks in a ring of any length, each holding what the one before it waits for.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "analyze/findings/rings.h"
#include "analyze/findings/rules.h"
#include "analyze/words/format.h"

namespace tailback::analyze {
namespace {

LockKind kind_of(const Case& dump, LockId lock) { return dump.dump().locks[lock.index].kind; }

bool is_initialiser(const Case& dump, LockId lock) {
  const std::string_view name = dump.recording().table.text(dump.dump().locks[lock.index].name);
  return name.starts_with(kInitialiserOf) || name.ends_with("$ClassInitializationLock");  // HotSpot's, OpenJ9's
}

/// A bin of a map whose value is being computed: ConcurrentHashMap locks it while the function runs.
bool is_map_bin(const Case& dump, LockId lock) {
  return dump.recording().table.text(dump.dump().locks[lock.index].name).starts_with("java.util.concurrent.ConcurrentHashMap$");
}

/// "Catalogue.total holds ReentrantLock"; a result is made, not held.
std::string has(const Case& dump, const Step& before, ThreadIndex thread) {
  if (before.hold == nullptr) return dump.waiter(thread) + " queues to write";
  if (kind_of(dump, before.lock) == LockKind::kFuture) return dump.holder(*before.hold) + " makes that result";
  if (kind_of(dump, before.lock) == LockKind::kJoin) return dump.holder(*before.hold) + " has not ended";
  return dump.holds(*before.hold) + " " + dump.lock(before.lock);
}

std::string wants(const Case& dump, const Step& step) {
  if (kind_of(dump, step.lock) == LockKind::kFuture) return "a result";
  if (kind_of(dump, step.lock) == LockKind::kJoin) return "the end of a thread";
  return dump.lock(step.lock);
}

std::string fix_of(const Case& dump, const Ring& ring) {
  std::vector<std::string> locks;
  std::string awaited;
  bool initialisers = true, bins = true;
  for (const Step& step : ring) {
    const LockKind kind = kind_of(dump, step.lock);
    initialisers = initialisers && is_initialiser(dump, step.lock);
    bins = bins && is_map_bin(dump, step.lock);
    if (kind == LockKind::kFuture) awaited = "the result";
    else if (kind == LockKind::kJoin) awaited = "the thread's end";
    else locks.push_back(dump.lock(step.lock));
  }
  if (!awaited.empty() && !locks.empty()) {
    // Who queues to write and who waits behind it name the same lock.
    locks.erase(std::unique(locks.begin(), locks.end()), locks.end());
    return fmt::format("Don't wait for {} while holding {}, which is needed to get there: wait before taking it, or give it back first.", awaited, fmt::join(locks, ", "));
  }
  if (!awaited.empty()) return "Let one of them go on without the other's end.";
  if (initialisers) return "Let no class's static initialiser need a class that needs it: build the value on first use (a holder class), or touch both classes in one thread at the start.";
  if (bins) return "Don't change the map from within the function that computes its value: compute first, then putIfAbsent.";
  return fmt::format("Take these locks in one order everywhere: {}; or give the first back before asking for the second.", fmt::join(locks, ", "));
}

}  // namespace

void find_deadlock_cycle(const Case& dump, const History&, Found& found) {
  for (const Ring& ring : dump.rings()) {
    if (shape_of(ring) != RingShape::kOther) continue;
    Finding finding = dump.finding(FindingKind::kDeadlockCycle);
    dump.add_ring(finding, ring);
    for (const LockId lock : finding.locks) dump.add_waiters(finding, lock);
    finding.title = with_separators(ring.size()) + " threads wait for each other in a ring";
    for (std::size_t i = 0; i < ring.size(); ++i) {
      const Step& step = ring[i];
      finding.explanation += (i == 0 ? "" : " ") + has(dump, ring[(i + ring.size() - 1) % ring.size()], step.thread) + " and waits for " + wants(dump, step) + ".";
    }
    finding.explanation += " None of them can go on before the next one does";
    finding.explanation += std::any_of(ring.begin(), ring.end(), [&](const Step& step) { return dump.activity(step.thread).timed; }) ? ", or its time limit passes." : ".";
    finding.fix = fix_of(dump, ring);
    finding.refuted_by = refuted_by(finding, "a source line that shows one of the locks given back before the wait", "a later dump in which one of the threads has moved");
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
