#include "analyze/findings/case.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "analyze/group/lock_directory.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"
#include "runtime/capture/lock_api.h"

namespace tailback::analyze {

Case::Case(const Recording& recording, const DumpAnalysis& analysis)
    : recording_(recording), analysis_(analysis), dump_(recording.dumps[analysis.dump]), rules_(runtime_rules(recording.info.runtime)),
      bystanders_(recording.table, rules_),
      graph_(dump_, 1), strong_graph_(dump_, 2), rings_(find_rings()), explained_(dump_.threads.size(), false), namesake_(dump_.locks.size(), false) {
  find_explained();
  find_namesakes();
}

/// Java names a lock by its class: "java.lang.Object holds what java.lang.Object waits for" would tell nobody which is which.
void Case::find_namesakes() {
  std::unordered_map<std::uint32_t, std::uint32_t> first;
  for (std::uint32_t i = 0; i < dump_.locks.size(); ++i) {
    if (!dump_.locks[i].name.valid()) continue;
    const auto [same, unique] = first.try_emplace(dump_.locks[i].name.index, i);
    if (!unique) namesake_[i] = namesake_[same->second] = true;
  }
}

std::vector<Ring> Case::find_rings() const {
  std::vector<Ring> rings = strong_graph_.rings();
  std::vector<bool> in_ring(dump_.threads.size(), false);
  for (const Ring& ring : rings) {
    for (const Step& step : ring) in_ring[step.thread.index] = true;
  }
  for (Ring& ring : graph_.rings()) {
    const bool known = std::any_of(ring.begin(), ring.end(), [&](const Step& step) { return in_ring[step.thread.index]; });
    // A lock whose owner changed while the dump was taken moves: who waits for it does not wait for ever.
    const bool moves = std::any_of(ring.begin(), ring.end(), [](const Step& step) { return step.hold != nullptr && step.hold->basis == Basis::kObserved && step.hold->strength < 2; });
    if (!known && !moves) rings.push_back(std::move(ring));
  }
  return rings;
}

void Case::find_explained() {
  std::vector<ThreadIndex> queue;
  for (const Ring& ring : rings_) {
    if (ring_confidence(ring) == Confidence::kPossible) continue;
    for (const Step& step : ring) queue.push_back(step.thread);
  }
  for (const ThreadIndex thread : queue) explained_[thread.index] = true;
  // Backwards: who waits for a lock that one of them holds, or waits to write while others wait to read. Each lock's queue is
  // walked once: a queue of thousands would else be walked for each of its thousands.
  std::vector<bool> taken(dump_.locks.size(), false);
  for (std::size_t at = 0; at < queue.size(); ++at) {
    const auto take = [&](LockId lock) {
      if (taken[lock.index]) return;
      taken[lock.index] = true;
      for (const std::uint32_t w : graph_.waits_for(lock)) {
        const ThreadIndex thread = dump_.waits[w].thread;
        if (!explained_[thread.index]) queue.push_back(thread);
        explained_[thread.index] = true;
      }
    };
    for (const std::uint32_t h : graph_.holds_by(queue[at])) take(dump_.holds[h].lock);
    if (const Wait* wait = graph_.wait_of(queue[at])) take(wait->lock);
  }
}

std::string Case::function(ThreadIndex thread, std::size_t frame) const {
  const ThreadView stack = view(thread);
  if (frame >= stack.size()) return stack.size() == 0 ? "?" : function(thread, 0);
  const std::string name = short_function(stack.function(frame), recording_.info.runtime);
  return name.empty() ? "?" : name;
}

/// What a library locks on the way, the program's function that called it holds.
std::size_t Case::holding_frame(const Hold& hold) const {
  if (hold.frame == Hold::kNoFrame) return activity(hold.thread).own_frame;
  const ThreadView stack = view(hold.thread);
  const std::size_t own = recording_.info.runtime == Runtime::kJava ? own_frame(rules_, recording_.table, stack, hold.frame) : hold.frame;
  return own < stack.size() ? own : hold.frame;
}

std::string Case::holder(const Hold& hold) const { return function(hold.thread, holding_frame(hold)); }

std::string Case::holds(const Hold& hold) const { return holder(hold) + (confidence(&hold) == Confidence::kPossible ? " seems to hold" : " holds"); }

std::string Case::waiter(ThreadIndex thread) const { return function(thread, activity(thread).own_frame); }

std::string Case::lock(LockId id) const {
  const Lock& lock = dump_.locks[id.index];
  const std::string label = lock_label(recording_, lock);
  return namesake_[id.index] && lock.address != 0 ? label + " " + address_text(lock.address) : label;
}

std::string Case::threads(std::uint64_t count) const {
  const Runtime runtime = recording_.info.runtime;
  return with_separators(count) + " " + std::string(count == 1 ? thread_word(runtime) : threads_word(runtime));
}

std::string Case::doing(ThreadIndex thread) const {
  const Activity& what = activity(thread);
  std::string call = function(thread, what.wait_frame);
  if (recording_.info.runtime == Runtime::kNative) {
    // "read" for libc's "__GI___libc_read".
    std::string_view plain = bare_name(call);
    if (plain.starts_with("libc_")) plain.remove_prefix(5);
    call = std::string(plain);
  }
  const std::string in = " in " + call;
  const bool queues = has_queues(recording_.info.runtime);
  switch (what.kind) {
    case ActivityKind::kRunning: return "runs";
    case ActivityKind::kLock: return "waits for a lock";
    case ActivityKind::kChannelSend: return queues ? "puts into a queue that is full" : "sends to a channel that nobody reads";
    case ActivityKind::kChannelReceive: return queues ? "takes from a queue that is empty" : "receives from a channel that nobody fills";
    case ActivityKind::kSelect: return "waits in a select";
    case ActivityKind::kCondition: return "waits for a condition";
    case ActivityKind::kWaitGroup: return "waits for a count to be reached";
    case ActivityKind::kJoin: return "waits for a thread to end";
    case ActivityKind::kFuture: return "waits for a result";
    case ActivityKind::kSemaphore: return "waits for a semaphore";
    case ActivityKind::kIo: return "waits for I/O" + in;
    case ActivityKind::kSleep: return "sleeps";
    case ActivityKind::kSystemCall: return "is in a system call" + in;
    case ActivityKind::kIdle: return "has nothing to do";
    case ActivityKind::kUnknown: return "does what the dump does not tell";
  }
  return {};
}

Confidence Case::confidence(const Hold* hold) const {
  if (hold == nullptr) return Confidence::kCertain;
  // An owner that was read while the lock moved may have come after the waits that were read before it.
  if (hold->strength < 2) return Confidence::kPossible;
  return hold->basis == Basis::kObserved ? Confidence::kCertain : Confidence::kLikely;
}

Confidence Case::ring_confidence(const Ring& ring) const {
  Confidence weakest = Confidence::kCertain;
  for (const Step& step : ring) {
    weakest = std::min(weakest, confidence(step.hold));
    const Lock& lock = dump_.locks[step.lock.index];
    // Without an address the waits may be for two locks of one kind.
    if (lock.address == 0 && lock.registry_id == 0 && lock.kind != LockKind::kJoin) weakest = std::min(weakest, Confidence::kLikely);
    if (step.hold != nullptr) continue;
    const Wait* writer = graph_.wait_of(step.blocker);
    const bool known_policy = lock.policy == LockPolicy::kPreferWriters || lock.policy == LockPolicy::kFifo;
    if (!known_policy || writer == nullptr || !writer->front) weakest = std::min(weakest, Confidence::kLikely);
  }
  return weakest;
}

std::size_t Case::locks_without_holder() const {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < dump_.locks.size(); ++i) {
    const auto waits = graph_.waits_for({i});
    const Lock& lock = dump_.locks[i];
    const bool unknown = can_be_held(lock.kind) && (lock.owner.empty() || lock.owner_not_identified()) && graph_.holds_of({i}).empty();
    if (unknown && !waits.empty() && !explained(dump_.waits[waits.front()].thread)) ++count;
  }
  return count;
}

std::string Case::unknown_holders() const {
  const std::size_t count = locks_without_holder();
  if (count == 0) return {};
  return counted(count, "lock that threads wait for has", "locks that threads wait for have") + " no known holder";
}

std::string Case::missing_threads() const {
  const std::uint64_t missed = dump_.threads_missed;
  return missed == 0 ? std::string() : threads(missed) + (missed == 1 ? " is" : " are") + " missing from the dump";
}

Finding Case::finding(FindingKind kind) const {
  Finding finding;
  finding.kind = kind;
  finding.dump = index();
  finding.first_seen_wall_ns = dump_.wall_ns;
  return finding;
}

ChainLink Case::link(ThreadIndex thread, const Hold* hold, const Wait* wait) const {
  ChainLink link;
  link.thread = thread;
  const ThreadView stack = view(thread);
  const auto name_and_place = [&](std::size_t frame, std::string& name, std::string& place) {
    if (frame >= stack.size()) frame = 0;
    if (stack.size() == 0) return;
    name = std::string(stack.function(frame));
    const Frame& at = stack.frame(frame);
    if (at.file.valid() && at.line != 0) place = std::string(stack.file(frame)) + ":" + std::to_string(at.line);
  };
  const std::size_t own = activity(thread).own_frame;
  name_and_place(hold != nullptr ? holding_frame(*hold) : own, link.function, link.place);
  if (hold != nullptr) {
    link.holds = hold->lock;
    link.mode = hold->mode;
  }
  if (wait != nullptr) {
    link.waits_for = wait->lock;
    link.wait_mode = wait->mode;
    name_and_place(own, link.wait_function, link.wait_place);
  }
  return link;
}

void Case::add_evidence(Finding& finding, const Hold& hold) const {
  const std::string thread = std::string(thread_word(recording_.info.runtime)) + " " + dump_.threads[hold.thread.index].id;
  const std::string_view told = recording_.table.text(hold.evidence);
  if (dump_.locks[hold.lock.index].kind == LockKind::kFuture && !told.empty()) {
    finding.evidence.push_back(thread + " makes the result: " + std::string(told));
    return;
  }
  const std::string_view verb = hold.basis == Basis::kObserved ? " holds " : hold.strength >= 2 ? " must hold " : " may hold ";
  std::string text = thread + std::string(verb) + lock(hold.lock) +
                     (told.empty() ? hold.basis == Basis::kObserved ? ": on record" : "" : ": " + std::string(told));
  if (std::find(finding.evidence.begin(), finding.evidence.end(), text) == finding.evidence.end()) finding.evidence.push_back(std::move(text));
}

void Case::add_ring(Finding& finding, const Ring& ring) const {
  finding.confidence = ring_confidence(ring);
  finding.severity = severity_of(finding.confidence);
  std::vector<ThreadIndex> members;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const Step& step = ring[i];
    const Step& before = ring[(i + ring.size() - 1) % ring.size()];
    if (std::find(finding.locks.begin(), finding.locks.end(), step.lock) == finding.locks.end()) finding.locks.push_back(step.lock);
    ChainLink next = link(step.thread, before.hold, graph_.wait_of(step.thread));
    if (step.hold == nullptr) next.note = "behind the queued writer";
    finding.chain.push_back(std::move(next));
    if (step.hold != nullptr) add_evidence(finding, *step.hold);
    members.push_back(step.thread);
    if (!activity(step.thread).timed) continue;
    finding.severity = std::max(finding.severity, FindingSeverity::kStall);
    finding.evidence.push_back("thread " + dump_.threads[step.thread.index].id + " waits with a time limit: it gives up by itself, and that opens the ring");
  }
  std::uint64_t ring_threads = 0;
  for (const ThreadIndex thread : members) ring_threads += dump_.threads[thread.index].count;
  finding.blocked_in_all = graph_.blocked_behind(members) + ring_threads;
  count_waiters(finding);
}

void Case::count_waiters(Finding& finding) const {
  finding.blocked_directly = 0;
  for (const LockId lock : finding.locks) {
    for (const std::uint32_t w : graph_.waits_for(lock)) {
      const Wait& wait = dump_.waits[w];
      const ThreadRecord& thread = dump_.threads[wait.thread.index];
      finding.blocked_directly += thread.count;
      finding.oldest_wait_ns = std::max({finding.oldest_wait_ns, wait.since_ns, thread.waited_ns});
    }
  }
  finding.blocked_in_all = std::max(finding.blocked_in_all, finding.blocked_directly);
}

void Case::add_waiters(Finding& finding, LockId lock) const {
  struct Place {
    ThreadIndex first;
    std::uint64_t count = 0;
  };
  std::map<std::pair<std::string_view, LockMode>, Place> places;
  for (const std::uint32_t w : graph_.waits_for(lock)) {
    const Wait& wait = dump_.waits[w];
    const bool listed = std::any_of(finding.chain.begin(), finding.chain.end(), [&](const ChainLink& link) { return link.thread == wait.thread; });
    if (listed) continue;
    Place& place = places[{view(wait.thread).function(activity(wait.thread).own_frame), wait.mode}];
    if (place.count == 0) place.first = wait.thread;
    place.count += dump_.threads[wait.thread.index].count;
  }
  std::vector<Place> sorted;
  for (const auto& [key, place] : places) sorted.push_back(place);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Place& a, const Place& b) { return a.count > b.count; });
  constexpr std::size_t kMostPlaces = 3;
  for (std::size_t i = 0; i < sorted.size() && i < kMostPlaces; ++i) {
    const Wait* wait = graph_.wait_of(sorted[i].first);
    // Those that stand where a link of the chain already does are counted there.
    const auto same = std::find_if(finding.chain.begin(), finding.chain.end(), [&](const ChainLink& link) {
      return !link.holds.valid() && link.waits_for == lock && link.wait_mode == wait->mode && link.wait_function == view(sorted[i].first).function(activity(sorted[i].first).own_frame);
    });
    if (same != finding.chain.end()) {
      same->others += sorted[i].count;
      continue;
    }
    ChainLink next = link(sorted[i].first, nullptr, wait);
    next.others = sorted[i].count - 1;
    finding.chain.push_back(std::move(next));
  }
}

FindingSeverity severity_of(Confidence confidence) { return confidence == Confidence::kPossible ? FindingSeverity::kStall : FindingSeverity::kDeadlock; }

}  // namespace tailback::analyze
