// Threads wait for a condition or a count, and nobody is left who could signal it.
#include <algorithm>
#include <map>

#include "analyze/findings/rules.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kFewestWaiters = 2;

bool for_a_signal(ActivityKind kind) { return kind == ActivityKind::kCondition || kind == ActivityKind::kWaitGroup; }

struct Crowd {
  std::vector<ThreadIndex> members;
  std::uint64_t count = 0;
};

/// A barrier by its lock, or by the functions that it is made of: it stands on a condition.
bool at_a_barrier(const Case& dump, ThreadIndex thread, const Wait* wait) {
  if (wait != nullptr && dump.dump().locks[wait->lock.index].kind == LockKind::kBarrier) return true;
  const ThreadView view = dump.view(thread);
  for (std::size_t i = 0; i < dump.activity(thread).own_frame && i < view.size(); ++i) {
    if (view.function(i).find("Barrier.") != std::string_view::npos || view.function(i).find("Phaser.") != std::string_view::npos) return true;
  }
  return false;
}

/// main() waits for what it started as a matter of course; worth a word only where nothing of that is left.
bool is_asked(const Case& dump, ThreadIndex thread, bool alone) {
  if (!for_a_signal(dump.activity(thread).kind)) return false;
  return alone || dump.takes_part(thread);
}

/// By the condition where it has an identity, else by the place. At a barrier each may wait on a node of its own.
std::map<std::string, Crowd> crowds(const Case& dump, bool alone) {
  std::map<std::string, Crowd> all;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    if (!is_asked(dump, {i}, alone)) continue;
    const Wait* wait = dump.graph().wait_of({i});
    const bool shared = wait != nullptr && (dump.dump().locks[wait->lock.index].kind != LockKind::kBarrier || dump.graph().waits_for(wait->lock).size() > 1);
    const std::string key = shared ? "lock " + std::to_string(wait->lock.index) : "at " + dump.waiter({i});
    Crowd& crowd = all[key];
    crowd.members.push_back({i});
    crowd.count += dump.dump().threads[i].count;
  }
  return all;
}

/// An event loop without work is idle, and yet what comes in from outside may make it signal.
bool loops_over_events(const Case& dump, ThreadIndex thread) {
  if (dump.rules().runtime != Runtime::kNative || dump.activity(thread).kind != ActivityKind::kIdle || wrote_the_dump(dump.view(thread))) return false;
  const ThreadView view = dump.view(thread);
  constexpr std::size_t kFarthest = 4;
  for (std::size_t i = 0; i < view.size() && i < kFarthest; ++i) {
    const std::string_view function = view.function(i);
    for (const std::string_view call : {"epoll_wait", "epoll_pwait", "poll", "ppoll", "select", "kevent"}) {
      if (function.ends_with(call)) return true;
    }
  }
  return false;
}

/// Whether a thread that is not of the crowd could still signal.
bool somebody_left(const Case& dump, const Crowd& crowd) {
  if (dump.dump().threads_missed != 0) return true;
  // Work comes to those who wait for a condition from who accepts connections; a count is brought down by those that it counts.
  const bool condition = dump.activity(crowd.members.front()).kind == ActivityKind::kCondition && dump.recording().info.runtime == Runtime::kGo;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    if (std::binary_search(crowd.members.begin(), crowd.members.end(), ThreadIndex{i})) continue;
    if (loops_over_events(dump, {i}) || wakes_up(dump, {i})) return true;
    if (dump.takes_part({i})) return true;
    if (condition && dump.accepts({i})) return true;
  }
  return false;
}

/// Whether a single goroutine runs code of the program's, and waits for a signal: there is no other one that could.
bool one_alone(const Case& dump) {
  if (dump.recording().info.runtime != Runtime::kGo || dump.dump().threads_missed != 0) return false;
  std::size_t own = 0;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const ThreadIndex thread{i};
    const ThreadView view = dump.view(thread);
    if (dump.activity(thread).kind == ActivityKind::kIdle || wrote_the_dump(view)) continue;
    if (dump.outermost_own(thread) == view.size()) {
      // An acceptor begins goroutines, and a timer or a signal's reader wakes code that no stack shows.
      if (view.size() != 0) return false;
      continue;
    }
    if (!for_a_signal(dump.activity(thread).kind)) return false;
    own += dump.dump().threads[i].count;
  }
  return own == 1;
}

void describe(const Case& dump, Finding& finding, ThreadIndex first, std::uint64_t count) {
  const std::string waits = dump.threads(count) + (count == 1 ? " waits" : " wait");
  if (at_a_barrier(dump, first, dump.graph().wait_of(first))) {
    finding.title = "a barrier that not all parties reach";
    finding.explanation = waits + " at a barrier in " + dump.waiter(first) + ", and no other thread of the dump takes part. A party that has ended or failed on its way never arrives.";
    finding.fix = "Let a party that fails leave the barrier or break it (in a finally, a guard), and give the wait a time limit.";
    finding.refuted_by = "a thread that comes into being later and arrives";
    return;
  }
  if (dump.activity(first).kind == ActivityKind::kWaitGroup) {
    finding.title = "a count that nobody is left to bring down";
    finding.explanation = waits + " in " + dump.waiter(first) + " until a count is down, and no other thread of the dump takes part. Whoever was counted has ended without saying so, or stands among those that wait.";
    finding.fix = "Say that a task is done on every way out of it (defer, try/finally), count it before it starts, and count no more than are started.";
    finding.refuted_by = "a thread that comes into being later and brings the count down";
    return;
  }
  finding.title = "a condition that nobody is left to signal";
  finding.explanation = waits + " for a condition in " + dump.waiter(first) + ", and no other thread of the dump takes part. A signal that came before they waited, or woke another, is lost.";
  finding.fix = "Wait in a loop over what the signal stands for (wait(lock, predicate)), and change that under the same lock before signalling; wake all where several may wait.";
  finding.refuted_by = "a thread that comes into being later and signals, or workers that wait for work as they should";
}

}  // namespace

void find_lost_signal(const Case& dump, const History& history, Found& found) {
  const std::string missing = dump.missing_threads();
  if (!missing.empty()) found.not_evaluated.push_back({FindingKind::kLostSignal, missing + ": one of them may be the one that signals"});
  const bool alone = one_alone(dump), stated = states_a_deadlock(dump.recording().table, dump.dump());
  for (const auto& [key, crowd] : crowds(dump, alone)) {
    if ((crowd.count < kFewestWaiters && !alone && !stated) || somebody_left(dump, crowd)) continue;
    // Of those who wait for a permit at a condition more is known.
    if (dump.activity(crowd.members.front()).kind == ActivityKind::kCondition && told(dump, found, dump.dump().threads[crowd.members.front().index].stack)) continue;
    if (history.normal(dump.dump().threads[crowd.members.front().index].stack, crowd.count)) continue;
    Finding finding = dump.finding(FindingKind::kLostSignal);
    finding.confidence = stated ? Confidence::kLikely : Confidence::kPossible;
    finding.severity = severity_of(finding.confidence);
    const ThreadIndex first = crowd.members.front();
    const Wait* wait = dump.graph().wait_of(first);
    ChainLink link = dump.link(first, nullptr, wait);
    if (link.wait_function.empty()) link.wait_function = link.function;
    link.note = dump.doing(first);
    link.others = crowd.count - 1;
    finding.chain.push_back(std::move(link));
    if (wait != nullptr) finding.locks.push_back(wait->lock);
    for (const ThreadIndex member : crowd.members) finding.oldest_wait_ns = std::max(finding.oldest_wait_ns, dump.dump().threads[member.index].waited_ns);
    finding.blocked_directly = finding.blocked_in_all = crowd.count;
    describe(dump, finding, first, crowd.count);
    if (stated) finding.evidence.push_back("the runtime says that all goroutines are asleep");
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
