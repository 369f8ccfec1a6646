#include "analyze/classify/activity.h"

#include <algorithm>
#include <unordered_map>

#include "analyze/classify/idle_stacks.h"
#include "analyze/classify/lock_binder.h"
#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {
namespace {

/// Reads each distinct stack and state once.
class SiteTable {
 public:
  SiteTable(const Recording& recording, const RuntimeRules& rules) : recording_(recording), rules_(rules) {}

  const WaitSite& site(const ThreadRecord& thread) {
    const std::uint64_t key = (std::uint64_t{thread.stack.index} << 32) ^ (std::uint64_t{thread.state_text.index} << 8) ^ static_cast<std::uint64_t>(thread.state);
    const auto [found, added] = sites_.try_emplace(key);
    if (added) {
      const ThreadView view(recording_.table, thread);
      found->second = rules_.read(view, thread, recording_.table.text(thread.state_text));
      Activity& activity = found->second.activity;
      if (is_idle(rules_, recording_.table, view, activity.kind, recording_.table.text(thread.state_text))) activity.kind = ActivityKind::kIdle;
      const bool waits = found->second.lock != LockKind::kUnknown;
      activity.own_frame = own_frame(rules_, recording_.table, view, waits ? activity.wait_frame + std::size_t{1} : 0);
    }
    return found->second;
  }

 private:
  const Recording& recording_;
  const RuntimeRules& rules_;
  std::unordered_map<std::uint64_t, WaitSite> sites_;
};

ActivityKind activity_of(LockKind kind) {
  switch (kind) {
    case LockKind::kSemaphore: return ActivityKind::kSemaphore;
    case LockKind::kCondition: return ActivityKind::kCondition;
    case LockKind::kWaitGroup:
    case LockKind::kBarrier: return ActivityKind::kWaitGroup;
    case LockKind::kChannel: return ActivityKind::kChannelReceive;
    case LockKind::kFuture: return ActivityKind::kFuture;
    case LockKind::kJoin: return ActivityKind::kJoin;
    default: return ActivityKind::kLock;
  }
}

/// A wait that the source recorded says more than the frames, except where they tell a worker without work.
Activity recorded_activity(const Recording& recording, const Dump& dump, const Wait& wait, const RuntimeRules& rules, const WaitSite& site) {
  Activity activity = site.activity;
  const LockKind kind = wait.lock.index < dump.locks.size() ? dump.locks[wait.lock.index].kind : LockKind::kUnknown;
  const ActivityKind by_lock = activity_of(kind);
  const bool object = kind == LockKind::kUnknown || kind == LockKind::kFutex || by_lock == ActivityKind::kCondition ||
                      (by_lock == ActivityKind::kFuture && activity.kind == ActivityKind::kIo);  // the future of a library that fetches something
  if (activity.kind != ActivityKind::kIdle && !(object && activity.kind != ActivityKind::kUnknown && activity.kind != ActivityKind::kSystemCall)) {
    activity.kind = by_lock;
  }
  const ThreadView view(recording.table, dump.threads[wait.thread.index]);
  const bool told = activity.kind == ActivityKind::kIo;  // the object that a library waits on for its I/O is its own affair
  if (wait.frame > activity.wait_frame || (site.lock == LockKind::kUnknown && !told)) activity.wait_frame = wait.frame;
  // The frames may know more of the lock's own functions than the source did.
  const std::size_t asking = std::max(dump.asking_frame(wait), kind == LockKind::kMonitor ? 0 : activity.wait_frame + std::size_t{1});
  activity.own_frame = own_frame(rules, recording.table, view, asking);
  if (activity.own_frame == view.size()) activity.own_frame = own_frame(rules, recording.table, view, 0);
  return activity;
}

/// Native text: `pthread_join` shows the id of the thread that it waits for in the futex call below it.
///     __futex_abstimed_wait_common64 (… expected=607055, futex_word=0x7fb67661d990)
void bind_join(Recording& recording, Dump& dump, ThreadIndex thread, const WaitSite& site, const std::unordered_map<std::string_view, std::uint32_t>& by_id) {
  const ThreadView view(recording.table, dump.threads[thread.index]);
  for (std::size_t i = 0; i <= site.activity.wait_frame && i < view.size(); ++i) {
    const Argument* expected = view.argument(i, "expected");
    if (expected == nullptr) continue;
    const auto target = by_id.find(std::to_string(expected->value));
    if (target == by_id.end()) continue;
    const LockId lock{static_cast<std::uint32_t>(dump.locks.size())};
    dump.locks.push_back(Lock{.kind = LockKind::kJoin});
    dump.waits.push_back(Wait{.thread = thread, .lock = lock, .frame = site.activity.wait_frame});
    dump.holds.push_back(Hold{.thread = {target->second}, .lock = lock, .evidence = recording.table.intern("the thread that is waited for has not ended")});
    return;
  }
}

/// Who runs a class's initialiser stands in it: that is whom the others wait for (JLS 12.4.2).
void bind_initialisers(Recording& recording, Dump& dump) {
  std::unordered_map<std::string, LockId> of_function;
  for (std::uint32_t i = 0; i < dump.locks.size(); ++i) {
    const std::string_view name = recording.table.text(dump.locks[i].name);
    if (name.starts_with(kInitialiserOf)) of_function.emplace(std::string(name.substr(kInitialiserOf.size())) + ".<clinit>", LockId{i});
  }
  if (of_function.empty()) return;
  for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {
    const ThreadView view(recording.table, dump.threads[i]);
    for (std::size_t frame = 0; frame < view.size(); ++frame) {
      const auto found = of_function.find(std::string(view.function(frame)));
      if (found == of_function.end()) continue;
      dump.holds.push_back(Hold{.thread = {i}, .lock = found->second, .frame = static_cast<std::uint16_t>(frame),
                                .evidence = recording.table.intern("the thread runs the initialiser of the class")});
    }
  }
}

/// Go's runtime.Stack has no frame of its own: it prints its caller first, as running, and while the world stands still nobody else runs.
/// Who panics or is interrupted is printed first, too, and is about something; there the text says why it stops.
bool first_wrote_the_dump(const Recording& recording, const Dump& dump) {
  if (recording.info.runtime != Runtime::kGo || dump.threads.empty() || dump.reason) return false;
  static constexpr std::string_view kStops[] = {"panic: ", "fatal error: ", "runtime: ", "[signal "};
  const auto stops = [&](StringId statement) { return starts_with_any(recording.table.text(statement), kStops); };
  if (std::any_of(dump.statements.begin(), dump.statements.end(), stops)) return false;
  const auto runs = [&](const ThreadRecord& thread) { return recording.table.text(thread.state_text) == "running"; };
  return runs(dump.threads.front()) && std::none_of(dump.threads.begin() + 1, dump.threads.end(), runs);
}

}  // namespace

std::vector<Activity> classify(Recording& recording, Dump& dump) {
  const RuntimeRules& rules = runtime_rules(recording.info.runtime);
  SiteTable sites(recording, rules);
  std::vector<Activity> activities(dump.threads.size());
  std::vector<std::uint32_t> wait_of(dump.threads.size(), LockId::kNone);
  for (std::size_t i = 0; i < dump.waits.size(); ++i) {
    const std::uint32_t thread = dump.waits[i].thread.index;
    if (thread < wait_of.size() && wait_of[thread] == LockId::kNone) wait_of[thread] = static_cast<std::uint32_t>(i);
  }
  LockBinder binder(recording, dump, rules);
  std::vector<std::pair<ThreadIndex, WaitSite>> joins;
  for (std::uint32_t i = 0; i < dump.threads.size(); ++i) {
    const WaitSite& site = sites.site(dump.threads[i]);
    if (wait_of[i] != LockId::kNone) {
      activities[i] = recorded_activity(recording, dump, dump.waits[wait_of[i]], rules, site);
      continue;
    }
    activities[i] = site.activity;
    if (site.lock == LockKind::kJoin) joins.emplace_back(ThreadIndex{i}, site);
    else if (site.lock != LockKind::kUnknown) binder.add({i}, site);
  }
  binder.bind();
  if (recording.info.runtime == Runtime::kJava) bind_initialisers(recording, dump);
  if (!joins.empty()) {
    std::unordered_map<std::string_view, std::uint32_t> by_id;
    for (std::uint32_t i = 0; i < dump.threads.size(); ++i) by_id.emplace(dump.threads[i].id, i);
    for (const auto& [thread, site] : joins) bind_join(recording, dump, thread, site, by_id);
  }
  if (first_wrote_the_dump(recording, dump)) activities.front().wrote_dump = true;
  return activities;
}

std::string_view to_string(ActivityKind kind) {
  switch (kind) {
    case ActivityKind::kUnknown: return "unknown";
    case ActivityKind::kRunning: return "running";
    case ActivityKind::kLock: return "lock";
    case ActivityKind::kChannelSend: return "channel_send";
    case ActivityKind::kChannelReceive: return "channel_receive";
    case ActivityKind::kSelect: return "select";
    case ActivityKind::kCondition: return "condition";
    case ActivityKind::kWaitGroup: return "wait_group";
    case ActivityKind::kJoin: return "join";
    case ActivityKind::kFuture: return "future";
    case ActivityKind::kSemaphore: return "semaphore";
    case ActivityKind::kIo: return "io";
    case ActivityKind::kSleep: return "sleep";
    case ActivityKind::kSystemCall: return "system_call";
    case ActivityKind::kIdle: return "idle";
  }
  return "unknown";
}

}  // namespace tailback::analyze
