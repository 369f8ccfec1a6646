#include "replay/schedule/scenario.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tailback::replay {
namespace {

constexpr std::uint32_t kMaxThreads = 1'000'000;  // COUNT of one line; more is a typing error
constexpr std::string_view kBlank = " \t\r";

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (text = trim(text); !text.empty(); text = trim(text)) {
    const auto end = std::min(text.find_first_of(kBlank), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

struct Verb {
  std::string_view word;
  StepKind kind;
  LockMode mode;
  bool timed;
  bool needs_rwlock;
};

constexpr LockMode kWrite = LockMode::kExclusive;
constexpr std::array<Verb, 17> kVerbs{{
    {"lock", StepKind::kLock, kWrite, false, false},
    {"rdlock", StepKind::kLock, LockMode::kShared, false, true},
    {"wrlock", StepKind::kLock, kWrite, false, true},
    {"trylock", StepKind::kTry, kWrite, false, false},
    {"tryrdlock", StepKind::kTry, LockMode::kShared, false, true},
    {"trywrlock", StepKind::kTry, kWrite, false, true},
    {"timedlock", StepKind::kTry, kWrite, true, false},
    {"timedrdlock", StepKind::kTry, LockMode::kShared, true, true},
    {"timedwrlock", StepKind::kTry, kWrite, true, true},
    {"unlock", StepKind::kUnlock, kWrite, false, false},
    {"wait", StepKind::kWait, kWrite, false, false},
    {"timedwait", StepKind::kWait, kWrite, true, false},
    {"notify", StepKind::kNotify, kWrite, false, false},
    {"notify_all", StepKind::kNotifyAll, kWrite, false, false},
    {"start", StepKind::kStart, kWrite, false, false},
    {"join", StepKind::kJoin, kWrite, false, false},
    {"rdunlock", StepKind::kUnlock, kWrite, false, true},
}};

Error plain(std::string message) { return {ErrorCode::kMalformed, std::move(message), ""}; }

Result<std::uint32_t> named_lock(const Program& program, std::string_view name, bool condition) {
  const std::uint32_t lock = program.find_lock(name);
  if (lock == kNone) {
    return plain(std::string(condition ? "unknown condition " : "unknown lock ") + std::string(name) + " (declare it: " +
                 (condition ? "condition " + std::string(name) : "lock " + std::string(name) + " mutex") + ")");
  }
  if ((program.locks[lock].kind == LockKind::kCondition) != condition) {
    return plain(std::string(name) + (condition ? " is a lock, not a condition" : " is a condition, not a lock"));
  }
  return lock;
}

Result<void> fill_targets(Program& program, const Verb& verb, const std::vector<std::string_view>& words, Step& step) {
  const std::size_t wanted = verb.kind == StepKind::kWait ? 3 : 2;
  if (words.size() != wanted) {
    return plain(std::string(verb.word) + (wanted == 3 ? " takes a condition and a lock" : " takes one name") + ", not " +
                 std::to_string(words.size() - 1) + " words");
  }
  if (verb.kind == StepKind::kStart || verb.kind == StepKind::kJoin) {
    step.other = program.find_thread(words[1]);
    if (step.other == kNone) return plain("unknown thread " + std::string(words[1]));
    return {};
  }
  const bool condition = verb.kind == StepKind::kWait || verb.kind == StepKind::kNotify || verb.kind == StepKind::kNotifyAll;
  const Result<std::uint32_t> lock = named_lock(program, words[1], condition);
  if (!lock.ok()) return lock.error();
  step.lock = *lock;
  const LockKind kind = program.locks[step.lock].kind;
  if (verb.needs_rwlock && kind != LockKind::kRwlock) {
    return plain(std::string(verb.word) + " of " + std::string(words[1]) + ", which is a " + std::string(to_string(kind)));
  }
  if (verb.kind != StepKind::kWait) return {};
  const Result<std::uint32_t> other = named_lock(program, words[2], false);
  if (!other.ok()) return other.error();
  step.other = *other;
  return {};
}

/// Reads the text in two passes, since a step may name a thread or lock declared further down.
class ScenarioParser {
 public:
  ScenarioParser(std::string_view text, std::string_view file) : text_(text), file_(file) {}

  Result<Program> parse() {
    for (const bool declaring : {true, false}) {
      std::string_view rest = text_;
      line_ = 0;
      while (!rest.empty()) {
        const auto end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        ++line_;
        if (auto result = one_line(trim(line.substr(0, line.find('#'))), declaring); !result.ok()) return result.error();
      }
    }
    if (program_.threads.empty()) return error("no thread: write one as `worker: lock mu; unlock mu`", 0);
    if (auto result = check(program_, file_); !result.ok()) return result.error();
    return std::move(program_);
  }

 private:
  [[nodiscard]] Error error(std::string message, std::uint32_t line) const {
    return {ErrorCode::kMalformed, std::move(message), std::string(file_) + (line ? ":" + std::to_string(line) : "")};
  }

  Result<void> one_line(std::string_view line, bool declaring) {
    if (line.empty()) return {};
    if (const auto colon = thread_colon(line); colon != std::string_view::npos) {
      return thread_line(line.substr(0, colon), line.substr(colon + 1), declaring);
    }
    const std::vector<std::string_view> words = words_of(line);
    if (words[0] == "lock" || words[0] == "condition") return declaring ? declaration(words) : Result<void>{};
    if (words[0] == "order") return declaring ? Result<void>{} : order(words);
    return error("neither a lock, a condition, an order nor a thread (`NAME: STEP; STEP`): " + std::string(words[0]), line_);
  }

  // The colon that ends a thread's name is followed by a blank or the end; those of a site (HashSet::Size:rdlock) are not.
  static std::size_t thread_colon(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == ';') break;
      if (line[i] == ':' && (i + 1 == line.size() || kBlank.find(line[i + 1]) != std::string_view::npos)) return i;
    }
    return std::string_view::npos;
  }

  Result<void> declaration(const std::vector<std::string_view>& words) {
    if (words.size() < 2) return error(std::string(words[0]) + " without a name", line_);
    if (program_.find_lock(words[1]) != kNone) return error(std::string(words[1]) + " is declared twice", line_);
    ProgramLock lock;
    lock.name = words[1];
    if (words[0] == "condition") {
      if (words.size() > 2) return error("a condition has only a name", line_);
      lock.kind = LockKind::kCondition;
    } else if (words.size() > 2) {
      const std::string_view kind = words[2];
      lock.kind = kind == "mutex" ? LockKind::kMutex : kind == "rwlock" ? LockKind::kRwlock : LockKind::kRecursiveMutex;
      if (lock.kind == LockKind::kRecursiveMutex && kind != "recursive" && kind != "recursive_mutex") {
        return error("unknown kind of lock " + std::string(kind) + " (mutex, recursive, rwlock)", line_);
      }
    }
    if (words.size() > 3) {
      const std::optional<LockPolicy> policy = policy_from_word(words[3]);
      if (!policy) {
        return error("unknown policy " + std::string(words[3]) + " (prefer-readers, prefer-writers, reentrant, fifo, either, or a library: go, libc++, …)", line_);
      }
      if (lock.kind != LockKind::kRwlock) return error("a policy is for an rwlock; " + lock.name + " is none", line_);
      lock.policy = *policy;
    }
    if (words.size() > 4) return error("words after the policy: " + std::string(words[4]), line_);
    program_.locks.push_back(std::move(lock));
    return {};
  }

  // "worker", "worker x 8"
  Result<void> thread_line(std::string_view head, std::string_view steps, bool declaring) {
    const std::vector<std::string_view> words = words_of(head);
    if (words.empty()) return error("a thread without a name", line_);
    std::uint32_t count = 1;
    if (words.size() == 3 && words[1] == "x") {
      const auto [end, failure] = std::from_chars(words[2].data(), words[2].data() + words[2].size(), count);
      if (failure != std::errc{} || end != words[2].data() + words[2].size() || count == 0 || count > kMaxThreads) {
        return error("thread " + std::string(words[0]) + ": the count is 1 to " + std::to_string(kMaxThreads) + ", not " + std::string(words[2]), line_);
      }
    } else if (words.size() != 1) {
      return error("a thread's line begins with `NAME:` or `NAME x COUNT:`, not " + std::string(head), line_);
    }
    if (!declaring) return steps_of(words[0], steps);
    if (const std::uint32_t known = program_.find_thread(words[0]); known != kNone) {
      if (words.size() == 3) return error("thread " + std::string(words[0]) + ": the count belongs to its first line", line_);
      return {};
    }
    program_.threads.push_back({std::string(words[0]), {}, count, line_});
    return {};
  }

  Result<void> steps_of(std::string_view name, std::string_view steps) {
    ProgramThread& thread = program_.threads[program_.find_thread(name)];
    while (!steps.empty()) {
      const auto end = steps.find(';');
      const std::string_view text = trim(steps.substr(0, end));
      steps = end == std::string_view::npos ? std::string_view{} : steps.substr(end + 1);
      if (text.empty()) continue;
      Result<Step> step = parse_step(program_, text);
      if (!step.ok()) return error("thread " + thread.name + ": " + step.error().message, line_);
      step->line = line_;
      thread.steps.push_back(*step);
    }
    return {};
  }

  Result<void> order(const std::vector<std::string_view>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::uint32_t thread = program_.find_thread(words[i]);
      if (thread == kNone) return error("order names an unknown thread " + std::string(words[i]), line_);
      program_.order.push_back(thread);
    }
    return {};
  }

  std::string_view text_, file_;
  std::uint32_t line_ = 0;
  Program program_;
};

}  // namespace

Result<Step> parse_step(Program& program, std::string_view text) {
  std::vector<std::string_view> words = words_of(text);
  if (words.empty()) return plain("an empty step");
  Step step;
  std::string_view site;
  if (const auto colon = words[0].rfind(':'); colon != std::string_view::npos) {
    site = words[0].substr(0, colon);
    words[0].remove_prefix(colon + 1);
  }
  const auto verb = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& known) { return known.word == words[0]; });
  if (verb == kVerbs.end()) return plain("unknown step " + std::string(words[0]) + " (lock, rdlock, wrlock, unlock, wait, notify, start, join, …)");
  step.kind = verb->kind;
  step.mode = verb->mode;
  step.timed = verb->timed;
  if (auto filled = fill_targets(program, *verb, words, step); !filled.ok()) return filled.error();
  step.site = site.empty() ? 0 : program.site(site);
  return step;
}

Result<Program> parse_scenario(std::string_view text, std::string_view file) { return ScenarioParser(text, file).parse(); }

std::string write_scenario(const Program& program) {
  std::string text;
  for (const ProgramLock& lock : program.locks) {
    if (lock.kind == LockKind::kCondition) {
      text += "condition " + lock.name + "\n";
      continue;
    }
    const LockRule rule = lock.rule();
    text += "lock " + lock.name + (rule.rwlock ? " rwlock" : rule.recursive ? " recursive" : " mutex");
    if (rule.rwlock && lock.policy != LockPolicy::kUnknown) text += " " + std::string(to_string(lock.policy));
    text += "\n";
  }
  for (const ProgramThread& thread : program.threads) {
    text += thread.name;
    if (thread.count > 1) text += " x " + std::to_string(thread.count);
    text += ":";
    for (std::size_t i = 0; i < thread.steps.size(); ++i) text += (i ? "; " : " ") + to_string(program, thread.steps[i]);
    text += "\n";
  }
  if (!program.order.empty()) {
    text += "order";
    for (const Turn& turn : program.order) text += " " + program.threads[turn.thread].name;
    text += "\n";
  }
  return text;
}

bool looks_like_scenario(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::vector<std::string_view> words = words_of(text.substr(0, end).substr(0, text.substr(0, end).find('#')));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (words.empty()) continue;
    return words.size() >= 2 && (words[0] == "lock" || words[0] == "condition");
  }
  return false;
}

}  // namespace tailback::replay
