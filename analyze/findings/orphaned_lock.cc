// A lock that is held, and no living thread can give it back.
#include <algorithm>

#include "analyze/findings/rules.h"
#include "analyze/holders/bystanders.h"

namespace tailback::analyze {
namespace {

bool lives(const Case& dump, const std::string& id) {
  return std::any_of(dump.dump().threads.begin(), dump.dump().threads.end(), [&](const ThreadRecord& thread) { return thread.id == id; });
}

/// The owner was another when the dump began: it may well be a thread that has come into being since.
bool owner_changed(const Case& dump, LockId lock) {
  return std::any_of(dump.dump().holds.begin(), dump.dump().holds.end(),
                     [&](const Hold& hold) { return hold.lock == lock && hold.basis == Basis::kObserved && hold.strength < 2; });
}

/// Thread numbers ascend: one above all others may belong to a thread that began after the dump listed them. A name tells nothing of that kind.
bool newest(const Case& dump, const std::string& id) {
  if (!std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  const auto longer = [](const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() > b.size() : a > b; };
  return std::all_of(dump.dump().threads.begin(), dump.dump().threads.end(), [&](const ThreadRecord& thread) { return longer(id, thread.id); });
}

bool held(const Case& dump, LockId lock) {
  return !dump.graph().holds_of(lock).empty();
}

bool is_a_lock(LockKind kind) {
  return kind == LockKind::kMutex || kind == LockKind::kRecursiveMutex || kind == LockKind::kRwlock || kind == LockKind::kMonitor;
}

/// A lock that moves is nobody's for the moment in which it goes from one to the next; its waiters have run, then, and not only waited.
/// In Python the next one has it already, and waits for the interpreter on the very line on which it asked.
bool may_change_hands(const Case& dump, LockId lock) {
  constexpr std::int64_t kHasRunNs = 200'000'000;
  const Runtime runtime = dump.recording().info.runtime;
  if (runtime != Runtime::kJava && runtime != Runtime::kPython) return false;
  const auto waits = dump.graph().waits_for(lock);
  return std::any_of(waits.begin(), waits.end(), [&](std::uint32_t w) {
    const ThreadRecord& thread = dump.dump().threads[dump.dump().waits[w].thread.index];
    return runtime == Runtime::kPython || thread.cpu_ns >= kHasRunNs;
  });
}

/// No stack, or only the frames of a library that it waits in, as in `info threads`.
bool is_unknown(const Case& dump, ThreadIndex index) {
  const StackQuality quality = dump.dump().threads[index.index].quality;
  if (quality == StackQuality::kMissing) return true;
  return quality == StackQuality::kPartial && dump.activity(index).own_frame >= dump.view(index).size();
}

/// Nobody but its waiters, and threads that take no part, is in the dump.
bool nobody_left(const Case& dump, LockId lock) {
  if (dump.dump().threads_missed != 0) return false;
  // An event loop gives its locks back before it goes round; a few may wait for a moment while all loops do.
  constexpr std::size_t kCrowd = 3;
  const bool crowd = dump.graph().waiting(lock) >= kCrowd;
  // A dump in which nobody does anything but wait for the lock is a part of one: at least its writer is missing. Not where the runtime has
  // looked at all, and stopped the program.
  bool others = states_a_deadlock(dump.recording().table, dump.dump());
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const Wait* wait = dump.graph().wait_of({i});
    if (wait != nullptr && wait->lock == lock) continue;
    others = true;
    if (crowd && polls_events(dump.view({i}), dump.activity({i}))) continue;
    if (dump.takes_part({i})) return false;
    // A thread of which the dump does not show what it is in could be the one.
    if (is_unknown(dump, {i})) return false;
  }
  return others;
}

/// What gives a lock back by itself.
std::string_view guard_of(Runtime runtime) {
  switch (runtime) {
    case Runtime::kGo: return "defer";
    case Runtime::kJava: return "unlock() in a finally";
    case Runtime::kPython: return "a with block";
    case Runtime::kNative: return "a guard (std::lock_guard)";
    default: return "a guard";
  }
}

void describe(const Case& dump, Finding& finding, LockId lock, const std::string& owner) {
  const std::string name = dump.lock(lock);
  finding.title = owner.empty() ? "lock that no thread left could give back" : "lock whose holder is gone";
  finding.explanation = owner.empty() ? "Every thread that takes part waits for " + name + "; nobody is left who could hold it. It was taken and not given back, or is asked for again by who took it."
                                      : "Thread " + owner + " took " + name + " and has ended without giving it back. Nobody else can.";
  finding.fix = "Give the lock back on every way out of the function that takes it, errors too: " + std::string(guard_of(dump.recording().info.runtime)) + " instead of a call by hand.";
  finding.refuted_by = owner.empty() ? "a thread that is missing from the dump, or that has moved in a later one" : "thread " + owner + " in a list of the process's threads";
}

}  // namespace

void find_orphaned_lock(const Case& dump, const History&, Found& found) {
  std::string lacking = dump.unknown_holders();
  if (!lacking.empty()) lacking += ": whether its holder has ended is seen only where nobody is left who could be it";
  for (std::uint32_t i = 0; i < dump.dump().locks.size(); ++i) {
    const LockId id{i};
    const Lock& lock = dump.dump().locks[i];
    if (!is_a_lock(lock.kind) || dump.graph().waits_for(id).empty() || held(dump, id) || named(found, id)) continue;
    const bool gone = !lock.owner.empty() && !lock.owner_not_identified() && !lives(dump, lock.owner);
    if (gone && owner_changed(dump, id)) continue;
    if (!gone && (!lock.owner.empty() || may_change_hands(dump, id) || !nobody_left(dump, id))) continue;
    Finding finding = dump.finding(FindingKind::kOrphanedLock);
    finding.locks.push_back(id);
    const bool stated = !gone && states_a_deadlock(dump.recording().table, dump.dump());
    finding.confidence = stated ? Confidence::kLikely : !gone || newest(dump, lock.owner) ? Confidence::kPossible : dump.dump().threads_missed == 0 ? Confidence::kCertain : Confidence::kLikely;
    finding.severity = severity_of(finding.confidence);
    if (stated) finding.evidence.push_back("the runtime says that all goroutines are asleep");
    if (gone) finding.evidence.push_back("the lock's owner word names thread " + lock.owner + ", which is not in the dump");
    dump.add_waiters(finding, id);
    dump.count_waiters(finding);
    describe(dump, finding, id, gone ? lock.owner : std::string());
    found.findings.push_back(std::move(finding));
    lacking.clear();
  }
  if (!lacking.empty()) found.not_evaluated.push_back({FindingKind::kOrphanedLock, std::move(lacking)});
}

}  // namespace tailback::analyze
