#include "replay/sources/kernel_lines.h"

#include <charconv>

#include "replay/sources/native_names.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kStates = "RSDTtXZPIKWNxC";

std::string_view token(std::string_view& text) {
  text = trim_front(text);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

bool all_hex(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos; }

/// "kworker/u4:3:46": the pid is behind the last separator, names may have it too.
std::optional<KernelTask> named(std::string_view text, char separator) {
  const std::size_t at = text.rfind(separator);
  if (at == std::string_view::npos || at == 0 || !all_digits(text.substr(at + 1)) || text.size() - at > 20) return std::nullopt;
  return KernelTask{text.substr(0, at), text.substr(at + 1)};
}

/// The number behind `key` ("pid:", which may be padded), as text.
std::string_view number_after(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view word = trim_front(text.substr(at + key.size()));
  return word.substr(0, std::min(word.find_first_not_of("0123456789"), word.size()));
}

std::optional<KernelTask> old_task_line(std::string_view text) {
  constexpr std::size_t kName = 15;  // "%-15.15s %c"
  if (text.size() < kName + 12 || text[kName] != ' ' || text[kName + 2] != ' ' || kStates.find(text[kName + 1]) == std::string_view::npos) return std::nullopt;
  KernelTask task{trim(text.substr(0, kName)), {}, text[kName + 1]};
  std::string_view rest = trim_front(text.substr(kName + 2));
  std::string_view word;
  if (!skip(rest, "running task")) {
    std::string_view after = rest;
    word = token(after);
    if ((word.size() == 16 || word.size() == 8) && all_hex(word)) rest = after;  // the saved program counter
  }
  const std::string_view free = token(rest), pid = token(rest), parent = token(rest), flags = token(rest);
  if (task.name.empty() || !all_digits(free) || !all_digits(pid) || !all_digits(parent) || !flags.starts_with("0x")) return std::nullopt;
  task.pid = pid;
  return task;
}

/// Cuts "[<ffffffff816a9589>] " and "[c000000000a1b2c0] " off the front.
std::string_view without_addresses(std::string_view text) {
  for (;;) {
    std::string_view rest = trim_front(text);
    if (!skip(rest, "[")) return rest;
    (void)skip(rest, "<");
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return trim_front(text);
    std::string_view word = rest.substr(0, end);
    if (word.ends_with('>')) word.remove_suffix(1);
    if (!all_hex(word) || word.size() < 8) return trim_front(text);
    text = rest.substr(end + 1);
  }
}

/// "kernel/sched/core.c:6837", "drivers/i.c:12:5"; line 0: none.
Place kernel_place(std::string_view text) {
  const Place outer = split_place(text);
  const Place inner = split_place(outer.file);
  const Place place = outer.line != 0 && inner.line != 0 ? inner : outer;
  return place.line != 0 && place.file.find_first_of(" ()[]") == std::string_view::npos && place.file.find('.') != std::string_view::npos ? place : Place{};
}

/// What stands behind the name: a module, a file and line, or both.
bool read_rest(std::string_view rest, KernelFrame& frame) {
  rest = trim(rest);
  if (rest.empty()) return true;
  if (rest.front() == '(') {  // (kernel/sched/core.c:5357 kernel/sched/core.c:6961 (discriminator 3)) dm_mod: the last place is the function's own
    const std::size_t close = rest.rfind(')');
    if (close == std::string_view::npos) return false;
    for (std::string_view inside = rest.substr(1, close - 1); !inside.empty();) {
      if (const Place place = kernel_place(token(inside)); place.line != 0) frame.file = place.file, frame.line = place.line;
    }
    frame.module = trim(rest.substr(close + 1));
    return frame.line != 0;
  }
  if (rest.front() == '[') {  // [dm_mod], [dm_mod build-id]
    rest.remove_prefix(1);
    frame.module = rest.substr(0, std::min(rest.find_first_of("] "), rest.size()));
    return true;
  }
  const Place place = kernel_place(token(rest));
  frame.file = place.file;
  frame.line = place.line;
  if (rest.find("[inline]") != std::string_view::npos) frame.inlined = true;
  return place.line != 0;
}

}  // namespace

std::optional<KernelTask> parse_task_line(std::string_view text) {
  std::string_view rest = text;
  if (!skip(rest, "task:")) return old_task_line(text);
  const std::size_t state = rest.find("state:");
  if (state == std::string_view::npos || state + 6 >= rest.size()) return std::nullopt;
  KernelTask task{trim(rest.substr(0, state)), number_after(rest.substr(state), " pid:"), rest[state + 6]};
  if (task.name.empty() || kStates.find(task.state) == std::string_view::npos) return std::nullopt;
  return task;  // without a pid where the line was broken before it
}

std::optional<KernelTask> parse_cpu_line(std::string_view text) {
  if (!text.starts_with("CPU: ")) return std::nullopt;
  const std::string_view pid = number_after(text, " PID: ");
  const std::size_t comm = text.find(" Comm: ");
  if (pid.empty() || comm == std::string_view::npos) return std::nullopt;
  std::string_view name = text.substr(comm + 7);
  name = name.substr(0, std::min({name.find(" Not tainted"), name.find(" Tainted:"), name.find(" Kdump:"), name.size()}));
  return KernelTask{trim(name), pid, 'R'};
}

std::optional<KernelStuck> parse_stuck_line(std::string_view text) {
  (void)skip(text, "INFO: ");
  std::string_view rest = text;
  if (skip(rest, "task ")) {
    const std::size_t at = rest.find(" blocked for more than ");
    if (at == std::string_view::npos) return std::nullopt;
    const auto task = named(rest.substr(0, at), ':');
    rest.remove_prefix(at + 23);
    const auto seconds = take_number(rest);
    if (!task || !seconds || *seconds > 1u << 30 || !rest.starts_with(" seconds")) return std::nullopt;
    return KernelStuck{*task, static_cast<std::int64_t>(*seconds), false};
  }
  const std::size_t lockup = text.find("soft lockup - CPU#");
  if (lockup == std::string_view::npos) return std::nullopt;
  const std::size_t stuck = text.find(" stuck for ", lockup), open = text.rfind('[');
  if (stuck == std::string_view::npos || open == std::string_view::npos || !text.ends_with(']')) return std::nullopt;
  rest = text.substr(stuck + 11);
  const auto seconds = take_number(rest);
  const auto task = named(text.substr(open + 1, text.size() - open - 2), ':');
  if (!seconds || *seconds > 1u << 30 || !task) return std::nullopt;
  return KernelStuck{*task, static_cast<std::int64_t>(*seconds), true};
}

std::optional<KernelBlocker> parse_blocker_line(std::string_view text) {
  (void)skip(text, "INFO: ");
  if (!skip(text, "task ")) return std::nullopt;
  const auto mode = [](std::string_view& part, LockMode& into) {
    if (part.ends_with(" <reader>")) into = LockMode::kShared;
    if (part.ends_with(" <reader>") || part.ends_with(" <writer>")) part.remove_suffix(9);
  };
  KernelBlocker blocker;
  std::size_t at = std::string_view::npos, behind = 0;
  for (const auto& [words, kind] : {std::pair{std::string_view(" is blocked on a mutex likely owned by task "), LockKind::kMutex},
                                    std::pair{std::string_view(" blocked on a semaphore likely last held by task "), LockKind::kSemaphore},
                                    std::pair{std::string_view(" blocked on an rw-semaphore likely owned by task "), LockKind::kRwlock}}) {
    if (at = text.find(words); at == std::string_view::npos) continue;
    blocker.kind = kind;
    behind = at + words.size();
    break;
  }
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view waiter = text.substr(0, at), owner = trim(text.substr(behind));
  if (waiter.ends_with(" is")) waiter.remove_suffix(3);
  if (owner.ends_with('.')) owner.remove_suffix(1);
  mode(waiter, blocker.wait_mode);
  mode(owner, blocker.hold_mode);
  const auto waits = named(waiter, ':'), holds = named(owner, ':');
  if (!waits || !holds) return std::nullopt;
  blocker.waiter = *waits;
  blocker.owner = *holds;
  return blocker;
}

std::optional<KernelTask> parse_holder_line(std::string_view text) {
  std::string_view rest = trim(text);
  if (!skip(rest, "no locks held by ")) {
    if (!take_number(rest) || (!skip(rest, " locks held by ") && !skip(rest, " lock held by "))) return std::nullopt;
  }
  if (!rest.ends_with(':') && !rest.ends_with('.')) return std::nullopt;
  rest.remove_suffix(1);
  return named(rest, '/');
}

std::optional<KernelLock> parse_lock_line(std::string_view text) {
  KernelLock lock;
  text = trim(text);
  if (skip(text, "#")) {
    const auto index = take_number(text);
    if (!index || *index > 1024 || !skip(text, ":")) return std::nullopt;
    lock.index = static_cast<int>(*index);
    text = trim_front(text);
  }
  if (skip(text, "(____ptrval____)") || skip(text, "(ptrval)")) text = trim_front(text);  // hidden early after the start
  const std::size_t space = std::min(text.find_first_of(" ("), text.size());
  if (all_hex(text.substr(0, space)) && space >= 8) {
    (void)std::from_chars(text.data(), text.data() + space, lock.address, 16);
    text = trim_front(text.substr(space));
  }
  // The name may have brackets of every kind: the usage is what the last "){" before ", at: " begins.
  const std::size_t at = text.find(", at: ");
  const std::size_t close = text.substr(0, at).find("){");
  if (!text.starts_with('(') || close == std::string_view::npos) return std::nullopt;
  lock.name = trim(text.substr(1, close - 1));
  const std::size_t end = text.find('}', close);
  if (end == std::string_view::npos || lock.name.empty()) return std::nullopt;
  lock.usage = text.substr(close + 2, end - close - 2);
  if (at != std::string_view::npos) {
    lock.site = without_addresses(text.substr(at + 6));
    if (const std::size_t first = lock.site.find(' '); lock.site.substr(0, first).find("+0x") != std::string_view::npos) lock.site = lock.site.substr(0, first);
  }
  return lock;
}

/// "(__schedule) from [<819bf7d8>] (schedule+0x40/0xa8)", "__schedule from schedule+0x40/0xa8"
std::optional<KernelFrame> arm_frame(std::string_view text) {
  std::size_t from = text.find(" from ");
  if (from == std::string_view::npos) return std::nullopt;
  std::string_view callee = text.substr(0, from), caller = without_addresses(text.substr(from + 6));
  if (skip(callee, "(") != callee.ends_with(')')) return std::nullopt;
  if (callee.ends_with(')')) callee.remove_suffix(1);
  (void)skip(caller, "(");
  std::string_view module;
  if (const std::size_t open = callee.find(" ["); open != std::string_view::npos) {  // tape_read [tape]
    module = callee.substr(open + 2, callee.find(']', open) - open - 2);
    callee = callee.substr(0, open);
  }
  const std::size_t plus = caller.find("+0x");
  if (plus == std::string_view::npos || plus == 0 || callee.empty() || callee.find(' ') != std::string_view::npos || caller.substr(0, plus).find(' ') != std::string_view::npos) return std::nullopt;
  KernelFrame frame;
  frame.module = module;
  frame.site = callee;
  frame.function = function_name(callee.substr(0, callee.find("+0x")));
  frame.caller = function_name(caller.substr(0, plus));
  return frame;
}

std::optional<KernelFrame> parse_kernel_frame(std::string_view text) {
  KernelFrame frame;
  text = without_addresses(trim(text));
  if (skip(text, "? ")) frame.unreliable = true;
  text = trim_front(text);
  if (const auto arm = arm_frame(text)) return arm;
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  if (word.empty() || word.find_first_of("()[]{}=,;\"'") != std::string_view::npos || !(word[0] == '_' || (word[0] | 32) >= 'a')) return std::nullopt;
  const std::size_t plus = word.find("+0x");
  const bool offset = plus != std::string_view::npos && plus > 0 && word.find("/0x", plus) != std::string_view::npos;
  if (!offset && word.ends_with(':')) return std::nullopt;
  const std::string_view rest = trim_front(text.substr(end));
  const bool placed = read_rest(rest, frame);
  // A name and a place alone may be any log's line.
  if (!offset && (!placed || frame.line == 0 || !(frame.inlined || rest.starts_with('(')))) return std::nullopt;
  frame.site = offset ? word : text;
  frame.function = function_name(word.substr(0, offset ? plus : word.size()));
  return frame;
}

}  // namespace tailback::replay
