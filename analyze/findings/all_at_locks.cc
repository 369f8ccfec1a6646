// Every thread that takes part waits for a lock, and there are several locks: whoever holds one waits for another.
//
// Which of them holds which, the dump need not tell for that: a lock that none of its own waiters holds is held by a waiter of another, and so on, and
// with finitely many locks that comes back to where it began. Only a lock that was never given back would be another reason, so it is `possible`.
#include <algorithm>
#include <map>

#include "analyze/findings/rules.h"
#include "analyze/words/format.h"

namespace tailback::analyze {
namespace {

/// Those who wait for one lock, by stack.
struct Queue {
  std::map<std::uint32_t, std::vector<ThreadIndex>> by_stack;
  std::uint64_t count = 0;
};

bool for_another(ActivityKind kind) { return kind == ActivityKind::kJoin || kind == ActivityKind::kWaitGroup || kind == ActivityKind::kFuture; }

bool is_a_lock(const Lock& lock) {
  const bool kind = lock.kind == LockKind::kMutex || lock.kind == LockKind::kRwlock || lock.kind == LockKind::kMonitor;
  return kind && lock.owner.empty();
}

/// The queues of all locks; empty where somebody who takes part waits for anything else.
std::map<std::uint32_t, Queue> queues(const Case& dump) {
  std::map<std::uint32_t, Queue> all;
  if (dump.dump().threads_missed != 0) return {};
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const ThreadIndex thread{i};
    const Activity& activity = dump.activity(thread);
    if (!dump.takes_part(thread)) continue;
    const bool native = dump.rules().runtime == Runtime::kNative;  // elsewhere a dump says who holds what
    if (native && (is_periodic(dump.recording().table, dump.rules(), dump.view(thread), activity) || polls_events(dump.view(thread), activity))) continue;
    if (dump.accepts(thread) || for_another(activity.kind)) continue;
    const Wait* wait = activity.kind == ActivityKind::kLock ? dump.graph().wait_of(thread) : nullptr;
    if (wait == nullptr || !is_a_lock(dump.dump().locks[wait->lock.index])) return {};
    Queue& queue = all[wait->lock.index];
    queue.by_stack[dump.dump().threads[i].stack.index].push_back(thread);
    queue.count += dump.dump().threads[i].count;
  }
  return all;
}

/// The frame that called the function that waits: what it took before, it holds.
Hold would_hold(const Case& dump, ThreadIndex thread, LockId lock) {
  const ThreadView view = dump.view(thread);
  const std::uint16_t own = dump.activity(thread).own_frame;
  const std::uint16_t caller = own_frame(dump.rules(), dump.recording().table, view, own + std::size_t{1});
  Hold hold;
  hold.thread = thread;
  hold.lock = lock;
  hold.frame = caller < dump.outermost_own(thread) ? caller : own;
  return hold;
}

/// Whether another function of the program's has called the one that asks: without one, nothing was taken on the way.
bool is_called(const Case& dump, ThreadIndex thread) {
  return dump.activity(thread).own_frame < dump.outermost_own(thread);
}

/// Places at which what waits may hold another lock; all, where that is said of none.
std::size_t places(const Case& dump, const Queue& queue) {
  const auto called = std::count_if(queue.by_stack.begin(), queue.by_stack.end(), [&](const auto& entry) { return is_called(dump, entry.second.front()); });
  return called == 0 ? queue.by_stack.size() : static_cast<std::size_t>(called);
}

/// With two locks and one place at each, each place has the other's lock.
bool two_places(const Case& dump, const std::map<std::uint32_t, Queue>& all) {
  return all.size() == 2 && std::all_of(all.begin(), all.end(), [&](const auto& queue) { return places(dump, queue.second) == 1; });
}

/// What the thread is known to hold of these locks, by more than a guess; null: nothing.
const Hold* known_hold(const Case& dump, ThreadIndex thread, const std::map<std::uint32_t, Queue>& all) {
  for (const std::uint32_t h : dump.graph().holds_by(thread)) {
    const Hold& hold = dump.dump().holds[h];
    if (hold.strength >= 2 && all.contains(hold.lock.index)) return &hold;
  }
  return nullptr;
}

void add_places(const Case& dump, const std::map<std::uint32_t, Queue>& all, Finding& finding) {
  constexpr std::size_t kMostLinks = 8;
  const bool two = two_places(dump, all);
  for (const auto& [lock, queue] : all) {
    for (const auto& [stack, members] : queue.by_stack) {
      if (finding.chain.size() >= kMostLinks) return;
      const ThreadIndex first = members.front();
      ChainLink link;
      const bool holds = queue.by_stack.size() == 1 || is_called(dump, first);
      if (two && holds) {
        const Hold hold = would_hold(dump, first, LockId{lock == all.begin()->first ? all.rbegin()->first : all.begin()->first});
        link = dump.link(first, &hold, dump.graph().wait_of(first));
        if (members.size() > 1) link.note = "one of " + with_separators(members.size()) + " in this place";
      } else {
        const Hold* known = known_hold(dump, first, all);
        link = dump.link(first, known, dump.graph().wait_of(first));
        const Hold hold = would_hold(dump, first, LockId{lock});
        if (known == nullptr && hold.frame != dump.activity(first).own_frame) link.note = "called from " + dump.function(first, hold.frame) + ", which may hold another";
      }
      link.others = members.size() - 1;
      finding.chain.push_back(std::move(link));
    }
  }
}

}  // namespace

void find_all_at_locks(const Case& dump, const History&, Found& found) {
  // Who has just got a lock of Python's waits for the interpreter on the line on which it asked: there, to stand at a lock is not to wait for it.
  if (dump.recording().info.runtime == Runtime::kPython) return;
  if (!dump.rings().empty()) return;
  const auto all = queues(dump);
  if (all.size() < 2) return;
  Finding finding = dump.finding(FindingKind::kDeadlockCycle);
  finding.confidence = Confidence::kPossible;
  finding.severity = severity_of(finding.confidence);
  constexpr std::size_t kMostNames = 6;
  std::string names;
  for (const auto& [lock, queue] : all) {
    finding.locks.push_back({lock});
    finding.blocked_in_all += queue.count;
    if (finding.locks.size() <= kMostNames) names += (names.empty() ? "" : ", ") + dump.lock({lock});
  }
  if (all.size() > kMostNames) names += " and " + std::to_string(all.size() - kMostNames) + " more";
  add_places(dump, all, finding);
  dump.count_waiters(finding);
  finding.title = "everybody waits for locks that they hold among themselves";
  finding.explanation = "Every thread that takes part waits for one of " + names + ". Whoever holds one of them waits for another, so they wait for each other in a ring" +
                        (two_places(dump, all) ? "." : "; which of them holds which, the dump does not tell.");
  finding.fix = "Take these locks in one order everywhere, or give the first back before asking for the second.";
  finding.refuted_by = "a lock that was taken and not given back, a thread that is missing from the dump, or one that has moved in a later one";
  finding.evidence.push_back("no thread that takes part does anything but wait for a lock");
  found.findings.push_back(std::move(finding));
}

}  // namespace tailback::analyze
