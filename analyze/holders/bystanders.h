// Which threads of a dump have a part in what goes on at all.
//
// A worker without work, the thread that wrote the dump, and a main() that waits for the threads that it started hold no lock, signal no
// condition and read no channel that others wait for. What is left can act; where nobody is left, what waits, waits for ever.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "analyze/classify/activity.h"
#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {

/// Whether the thread is the one that wrote the dump.
[[nodiscard]] bool wrote_the_dump(const ThreadView& thread);

/// Index of the outermost frame of the program's own; size of the stack: none.
[[nodiscard]] std::uint16_t outermost_own(const StackTable& table, const RuntimeRules& rules, const ThreadView& thread);

/// Whether the thread waits for connections: it begins work, and ends nobody's wait itself.
[[nodiscard]] bool accepts(const StackTable& table, const RuntimeRules& rules, const ThreadView& thread);

/// Whether the thread is none of the above.
[[nodiscard]] bool takes_part(const StackTable& table, const RuntimeRules& rules, const ThreadView& thread, const Activity& activity);

/// Whether the runtime itself says that no thread of the dump can go on.
[[nodiscard]] bool states_a_deadlock(const StackTable& table, const Dump& dump);

/// Whether the thread waits for events in epoll_wait: a loop that gives its locks back before it goes round.
[[nodiscard]] bool polls_events(const ThreadView& thread, const Activity& activity);

/// Whether the thread sleeps in the function that it was started with: it does something every so often, and nothing now.
[[nodiscard]] bool is_periodic(const StackTable& table, const RuntimeRules& rules, const ThreadView& thread, const Activity& activity);

/// The same of the threads of one dump, found out once for each stack: thousands of threads share one, and every rule asks of every thread.
class Bystanders {
 public:
  Bystanders(const StackTable& table, const RuntimeRules& rules) : table_(table), rules_(rules) {}

  [[nodiscard]] std::uint16_t outermost_own(const ThreadRecord& thread) const { return role(thread).own; }
  [[nodiscard]] bool accepts(const ThreadRecord& thread) const;
  [[nodiscard]] bool takes_part(const ThreadRecord& thread, const Activity& activity) const;

 private:
  struct Role {
    std::uint16_t own = 0;
    bool writer = false;
    signed char accepts = -1;  ///< not found out yet
  };
  Role& role(const ThreadRecord& thread) const;

  const StackTable& table_;
  const RuntimeRules& rules_;
  mutable std::unordered_map<std::uint32_t, Role> roles_;  ///< by StackId
};

}  // namespace tailback::analyze
