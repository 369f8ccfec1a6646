#include "analyze/words/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "analyze/classify/runtime_rules.h"
#include "analyze/group/lock_directory.h"
#include "analyze/words/format.h"

namespace tailback::analyze {
namespace {

/// Without what stands in brackets of templates: "Cache<std::string>::get" → "Cache::get". operator<, operator-> stay.
std::string without_templates(std::string_view name) {
  std::string out;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool after_operator = depth == 0 && out.size() >= 8 && out.compare(out.size() - 8, 8, "operator") == 0;
    if (name[i] == '<' && !after_operator && (out.empty() || out.back() != '<')) {
      ++depth;
    } else if (name[i] == '>' && depth > 0 && name[i - 1] != '-') {
      --depth;
    } else if (depth == 0) {
      out += name[i];
    }
  }
  return depth == 0 && !out.empty() ? out : std::string(name);
}

/// The last `parts` parts of a name, with `separator` between them; brackets are never cut.
std::string_view last_parts(std::string_view name, std::string_view separator, int parts) {
  int depth = 0;
  for (std::size_t at = name.size(); at > 0; --at) {
    const char c = name[at - 1];
    if (c == ')' || c == '}' || c == ']') ++depth;
    if (c == '(' || c == '{' || c == '[') --depth;
    if (depth != 0 || name.compare(at - 1, separator.size(), separator) != 0) continue;
    if (--parts == 0) return name.substr(at - 1 + separator.size());
  }
  return name;
}

/// "github.com/acme/store.(*Cache).Get.func1" → "(*Cache).Get.func1"; "net/http.HandlerFunc.ServeHTTP" keeps its package, as
/// the name alone would say little: "http.HandlerFunc.ServeHTTP".
std::string short_go(std::string_view name) {
  const std::size_t bracket = name.find('[');
  const std::size_t slash = name.substr(0, bracket).rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::string(name);
  if (name.substr(dot + 1).starts_with("(") || name.substr(0, dot) == "main") name.remove_prefix(dot + 1);
  return std::string(name);
}

/// "pool-3-thread-17" → "pool-N-thread-N".
std::string without_numbers(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) out += c;
    else if (out.empty() || out.back() != 'N') out += 'N';
  }
  return out;
}

std::string_view activity_words(ActivityKind kind, Runtime runtime) {
  const bool queues = has_queues(runtime);
  switch (kind) {
    case ActivityKind::kUnknown: return "";
    case ActivityKind::kRunning: return "runs";
    case ActivityKind::kLock: return "waits for a lock";
    case ActivityKind::kChannelSend: return queues ? "puts into a queue" : "channel send";
    case ActivityKind::kChannelReceive: return queues ? "takes from a queue" : "channel receive";
    case ActivityKind::kSelect: return "select";
    case ActivityKind::kCondition: return "condition wait";
    case ActivityKind::kWaitGroup: return queues ? "waits for a count" : "wait group";
    case ActivityKind::kJoin: return "joins a thread";
    case ActivityKind::kFuture: return "waits for a future";
    case ActivityKind::kSemaphore: return "semaphore";
    case ActivityKind::kIo: return "I/O";
    case ActivityKind::kSleep: return "sleeps";
    case ActivityKind::kSystemCall: return "system call";
    case ActivityKind::kIdle: return "idle";
  }
  return "";
}

std::string_view kind_words(LockKind kind) {
  switch (kind) {
    case LockKind::kUnknown: return "lock";
    case LockKind::kRecursiveMutex: return "recursive mutex";
    case LockKind::kRwlock: return "lock";
    case LockKind::kWaitGroup: return "wait group";
    default: return to_string(kind);
  }
}

}  // namespace

std::string metric_words(std::string_view name) {
  std::string words(name);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string_view thread_word(Runtime runtime) { return runtime == Runtime::kGo ? "goroutine" : runtime == Runtime::kKernel ? "task" : "thread"; }
std::string_view threads_word(Runtime runtime) { return runtime == Runtime::kGo ? "goroutines" : runtime == Runtime::kKernel ? "tasks" : "threads"; }

std::string short_function(std::string_view function, Runtime runtime) {
  if (runtime == Runtime::kGo) return short_go(function);
  if (runtime == Runtime::kJava) return std::string(last_parts(function, ".", 2));
  // An ABI tag is the compiler's: "Values[abi:cxx11]".
  const std::size_t tag = function.find("[abi:");
  const std::string plain = without_templates(function.substr(0, tag));
  return std::string(last_parts(plain, "::", 2));
}

std::string short_place(std::string_view place) {
  const std::size_t slash = place.rfind('/');
  return std::string(slash == std::string_view::npos ? place : place.substr(slash + 1));
}

std::string short_lock_name(std::string_view name, Runtime runtime) {
  if (runtime != Runtime::kJava || name.find(' ') != std::string_view::npos) return std::string(name);
  const std::string_view type = last_parts(name, ".", 1);
  return std::string(type.ends_with("Synchronizer$ConditionObject") ? "Condition" : type);
}

std::string lock_label(const Recording& recording, const Lock& lock) {
  const std::string_view name = recording.table.text(lock.name);
  if (!name.empty()) return short_lock_name(name, recording.info.runtime);
  const std::string_view kind = lock.kind == LockKind::kUnknown ? "lock" : to_string(lock.kind);
  if (lock.address == 0) return fmt::format("a {}", kind);
  return fmt::format("{} {:#x}", kind, lock.address);
}

std::string_view mode_word(LockKind kind, LockMode mode) {
  if (kind != LockKind::kRwlock && mode == LockMode::kExclusive) return "";
  return mode == LockMode::kShared ? "read" : "write";
}

std::string_view task_of(const Recording& recording, const ThreadRecord& thread) {
  return recording.info.runtime == Runtime::kNative ? recording.table.text(thread.label) : std::string_view();
}

std::string_view given_name(const Recording& recording, const ThreadRecord& thread) {
  if (const std::string_view task = task_of(recording, thread); !task.empty()) return task;
  const std::string_view name = recording.table.text(thread.name);
  const std::string program = short_place(std::string_view(recording.info.command).substr(0, recording.info.command.find(' ')));
  return name.size() <= program.size() && program.starts_with(name) ? std::string_view() : name;
}

std::string group_names(const Recording& recording, const Dump& dump, const Group& group) {
  constexpr std::size_t kShown = 2;
  std::vector<std::string> names;
  for (const ThreadIndex thread : group.threads) {
    const std::string_view given = given_name(recording, dump.threads[thread.index]);
    if (given.empty()) continue;
    std::string name = group.threads.size() > 1 ? without_numbers(given) : std::string(given);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (names.size() == kShown) return fmt::format("{}, …", fmt::join(names, ", "));
    names.push_back(std::move(name));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string group_activity(const Recording& recording, const Dump& dump, const Group& group) {
  // What a worker without work waits on is of no interest.
  if (group.activity == ActivityKind::kIdle) return std::string(activity_words(group.activity, recording.info.runtime));
  if (group.lock.index < dump.locks.size()) {
    const Lock& lock = dump.locks[group.lock.index];
    const std::string_view mode = mode_word(lock.kind, group.mode);
    const std::string_view kind = kind_words(lock.kind);
    const std::string which = lock.name.valid() ? short_lock_name(recording.table.text(lock.name), recording.info.runtime) : address_text(lock.address);
    return fmt::format("{}{}{}{}{}", mode, mode.empty() ? "" : " ", kind, which.empty() ? "" : " ", which);
  }
  const std::string_view words = activity_words(group.activity, recording.info.runtime);
  if (!words.empty()) return std::string(words);
  const std::string_view state = recording.table.text(dump.threads[group.threads.front().index].state_text);
  return std::string(state.empty() ? to_string(group.state) : state);
}

std::string frame_name(const Recording& recording, const Frame& frame) {
  const std::string_view function = recording.table.text(frame.function);
  if (function.empty()) {
    return fmt::format("{}+{:#x}", short_place(recording.table.text(frame.module)), frame.offset ? frame.offset : frame.address);
  }
  std::string name = short_function(function, recording.info.runtime);
  // The name of a lambda says nothing; its place does.
  const bool lambda = recording.info.runtime == Runtime::kNative && name.find("operator()") != std::string::npos;
  if (const std::string place = short_place(place_text(recording.table, frame)); lambda && !place.empty()) return "lambda at " + place;
  return name;
}

std::string own_frames(const Recording& recording, StackId id, std::size_t own_frame, std::size_t frames) {
  const StackTable& table = recording.table;
  const auto stack = table.stack(id);
  const RuntimeRules& rules = runtime_rules(recording.info.runtime);
  std::string text;
  std::size_t shown = 0;
  for (std::size_t i = own_frame; i < stack.size() && shown < frames; ++i) {
    const Frame& frame = table.frame(stack[i]);
    // What a library does between two functions of the program is noise.
    if (rules.library(table.text(frame.function), table.text(frame.file), table.text(frame.module))) continue;
    if (!text.empty()) text += " ← ";
    text += frame_name(recording, frame);
    ++shown;
  }
  if (!text.empty() || stack.empty()) return text;
  // A stack of a library alone: what it does, and what it does that for.
  text = frame_name(recording, table.frame(stack.front()));
  return stack.size() == 1 ? text : text + (stack.size() > 2 ? " ← … ← " : " ← ") + frame_name(recording, table.frame(stack.back()));
}

}  // namespace tailback::analyze
