#include "analyze/holders/bystanders.h"

#include <algorithm>

namespace tailback::analyze {

namespace {

/// Frames of who writes a dump: Go's profile, the alarm of Go's tests, and tailback's own threads.
constexpr std::string_view kWriters[] = {"runtime/pprof.", "runtime/debug.", "testing.(*M).startAlarm", "testing.startAlarm", "tailback::Collector::", "tailback::Observer::run", "tailback::Scribe::", "tailback::AsyncProbe::"};

}  // namespace

bool wrote_the_dump(const ThreadView& thread) {
  constexpr std::size_t kFarthest = 16;
  for (std::size_t i = 0; i < thread.size() && i < kFarthest; ++i) {
    const std::string_view function = thread.function(i);
    if (starts_with_any(function, kWriters) || function == "runtime.Stack") return true;
  }
  return false;
}

std::uint16_t outermost_own(const StackTable& table, const RuntimeRules& rules, const ThreadView& thread) {
  for (std::size_t i = thread.size(); i > 0; --i) {
    const Frame& frame = thread.frame(i - 1);
    if (!rules.library(table.text(frame.function), table.text(frame.file), table.text(frame.module))) return static_cast<std::uint16_t>(i - 1);
  }
  return own_frame(rules, table, thread, 0);
}

bool accepts(const StackTable& table, const RuntimeRules& rules, const ThreadView& thread) {
  for (std::size_t i = 0; i < thread.size(); ++i) {
    const Frame& frame = thread.frame(i);
    const std::string_view function = thread.function(i);
    if (!rules.library(function, table.text(frame.file), table.text(frame.module))) return false;
    for (const std::string_view name : {"Accept", "accept", "accept4"}) {
      if (function.ends_with(name)) return true;
    }
  }
  return false;
}

bool polls_events(const ThreadView& thread, const Activity& activity) {
  return activity.kind == ActivityKind::kIo && activity.wait_frame < thread.size() && thread.function(activity.wait_frame).find("epoll_") != std::string_view::npos;
}

bool is_periodic(const StackTable& table, const RuntimeRules& rules, const ThreadView& thread, const Activity& activity) {
  return activity.kind == ActivityKind::kSleep && activity.own_frame < thread.size() && activity.own_frame == outermost_own(table, rules, thread);
}

namespace {

bool acts(const RuntimeRules& rules, const ThreadView& thread, const Activity& activity, bool writer, std::uint16_t own) {
  if (activity.kind == ActivityKind::kIdle || activity.wrote_dump || writer) return false;
  // No line of the program's own, and yet at a lock: somebody's code was inlined, or stripped of its name.
  if (own == thread.size()) return thread.size() != 0 && activity.kind == ActivityKind::kLock;
  const std::string_view function = thread.function(own);
  // main() that polls, or sleeps in something that it called, is about something.
  const bool polls = rules.runtime == Runtime::kNative && activity.kind == ActivityKind::kSleep && (activity.own_frame < own || thread.function(activity.wait_frame).ends_with("usleep"));
  const bool is_main = function == "main" || function.ends_with(".main") || function.ends_with("TestMain") || function == "<module>";
  const bool waits = activity.kind != ActivityKind::kIo && activity.kind != ActivityKind::kRunning && activity.kind != ActivityKind::kUnknown &&
                     activity.kind != ActivityKind::kLock && activity.kind != ActivityKind::kChannelSend;
  return !(is_main && waits && !polls);
}

}  // namespace

bool takes_part(const StackTable& table, const RuntimeRules& rules, const ThreadView& thread, const Activity& activity) {
  return acts(rules, thread, activity, wrote_the_dump(thread), outermost_own(table, rules, thread));
}

Bystanders::Role& Bystanders::role(const ThreadRecord& thread) const {
  const auto [found, added] = roles_.try_emplace(thread.stack.index);
  if (added) {
    const ThreadView view(table_, thread);
    found->second.own = analyze::outermost_own(table_, rules_, view);
    found->second.writer = wrote_the_dump(view);
  }
  return found->second;
}

bool Bystanders::accepts(const ThreadRecord& thread) const {
  Role& role = this->role(thread);
  if (role.accepts < 0) role.accepts = analyze::accepts(table_, rules_, ThreadView(table_, thread)) ? 1 : 0;
  return role.accepts == 1;
}

bool Bystanders::takes_part(const ThreadRecord& thread, const Activity& activity) const {
  const Role& role = this->role(thread);
  return acts(rules_, ThreadView(table_, thread), activity, role.writer, role.own);
}

bool states_a_deadlock(const StackTable& table, const Dump& dump) {
  return std::any_of(dump.statements.begin(), dump.statements.end(), [&](StringId id) { return table.text(id).find("all goroutines are asleep") != std::string_view::npos; });
}

}  // namespace tailback::analyze
