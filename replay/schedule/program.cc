#include "replay/schedule/program.h"

#include <algorithm>

namespace tailback::replay {
namespace {

// Removes the newest hold of `lock`; the newest one, as guards nest.
std::optional<StepHold> release(std::vector<StepHold>& holds, std::uint32_t lock) {
  for (std::size_t i = holds.size(); i-- > 0;) {
    if (holds[i].lock != lock) continue;
    const StepHold released = holds[i];
    holds.erase(holds.begin() + static_cast<std::ptrdiff_t>(i));
    return released;
  }
  return std::nullopt;
}

void apply(std::vector<StepHold>& holds, const Step& step, std::uint32_t index) {
  if (step.kind == StepKind::kLock || step.kind == StepKind::kTry) holds.push_back({step.lock, step.mode, index});
  if (step.kind == StepKind::kUnlock) release(holds, step.lock);
}

class Checker {
 public:
  Checker(Program& program, std::string_view file, bool allow_open)
      : program_(program), file_(file), allow_open_(allow_open) {}

  Result<void> thread(ProgramThread& thread) {
    std::vector<StepHold> holds;
    for (std::uint32_t i = 0; i < thread.steps.size(); ++i) {
      Step& step = thread.steps[i];
      if (auto wrong = check_step(thread, step, holds, i); !wrong.ok()) return wrong;
    }
    if (!holds.empty() && !allow_open_) {
      const StepHold& open = holds.back();
      const Step& taken = thread.steps[open.step];
      return fail(taken.line, thread, "ends with " + name(open.lock) + " still held (" + to_string(program_, taken) + " has no unlock)");
    }
    return {};
  }

 private:
  Result<void> check_step(ProgramThread& thread, Step& step, std::vector<StepHold>& holds, std::uint32_t index) {
    if (step.kind == StepKind::kWait) {
      const bool held = std::any_of(holds.begin(), holds.end(), [&](const StepHold& hold) { return hold.lock == step.other; });
      if (!held) return fail(step.line, thread, "waits on " + name(step.lock) + " without holding " + name(step.other));
    }
    if (step.kind == StepKind::kUnlock) return close(thread, step, holds, index);
    apply(holds, step, index);
    return {};
  }

  Result<void> close(ProgramThread& thread, Step& step, std::vector<StepHold>& holds, std::uint32_t index) {
    const std::size_t depth = holds.size();
    const bool innermost = depth > 0 && holds.back().lock == step.lock;
    const std::optional<StepHold> released = release(holds, step.lock);
    if (!released) return fail(step.line, thread, "unlocks " + name(step.lock) + ", which it does not hold");
    step.mode = released->mode;
    Step& taken = thread.steps[released->step];
    // A refused try can only be skipped over when its section closes everything it opens.
    if (taken.kind == StepKind::kTry && innermost) taken.skip_to = index + 1;
    return {};
  }

  [[nodiscard]] std::string name(std::uint32_t lock) const { return program_.locks[lock].name; }

  [[nodiscard]] Error fail(std::uint32_t line, const ProgramThread& thread, std::string what) const {
    std::string context(file_);
    if (line != 0) context += ":" + std::to_string(line);
    return {ErrorCode::kMalformed, "thread " + thread.name + " " + std::move(what), std::move(context)};
  }

  Program& program_;
  std::string_view file_;
  bool allow_open_;
};

}  // namespace

std::uint32_t Program::find_lock(std::string_view name) const {
  for (std::uint32_t i = 0; i < locks.size(); ++i) {
    if (locks[i].name == name) return i;
  }
  return kNone;
}

std::uint32_t Program::find_thread(std::string_view name) const {
  for (std::uint32_t i = 0; i < threads.size(); ++i) {
    if (threads[i].name == name) return i;
  }
  return kNone;
}

std::uint32_t Program::site(std::string_view text) {
  const auto found = std::find(sites.begin(), sites.end(), text);
  if (found != sites.end()) return static_cast<std::uint32_t>(found - sites.begin());
  sites.emplace_back(text);
  return static_cast<std::uint32_t>(sites.size() - 1);
}

std::uint64_t Program::thread_count() const {
  std::uint64_t sum = 0;
  for (const ProgramThread& thread : threads) sum += thread.count;
  return sum;
}

HoldTable::HoldTable(const ProgramThread& thread) {
  lists_.emplace_back();
  index_.reserve(thread.steps.size() + 1);
  index_.push_back(0);
  for (std::uint32_t i = 0; i < thread.steps.size(); ++i) {
    const Step& step = thread.steps[i];
    if (step.kind == StepKind::kLock || step.kind == StepKind::kTry || step.kind == StepKind::kUnlock) {
      std::vector<StepHold> next = lists_.back();
      apply(next, step, i);
      lists_.push_back(std::move(next));
    }
    index_.push_back(static_cast<std::uint32_t>(lists_.size() - 1));
  }
}

Result<void> check(Program& program, std::string_view file, bool allow_open) {
  Checker checker(program, file, allow_open);
  for (ProgramThread& thread : program.threads) {
    if (auto result = checker.thread(thread); !result.ok()) return result;
  }
  return {};
}

std::string_view verb_of(const Program& program, const Step& step) {
  const bool rwlock = step.lock < program.locks.size() && program.locks[step.lock].kind == LockKind::kRwlock;
  const bool shared = step.mode == LockMode::kShared;
  switch (step.kind) {
    case StepKind::kLock:
      return !rwlock ? "lock" : shared ? "rdlock" : "wrlock";
    case StepKind::kTry:
      if (step.timed) return !rwlock ? "timedlock" : shared ? "timedrdlock" : "timedwrlock";
      return !rwlock ? "trylock" : shared ? "tryrdlock" : "trywrlock";
    case StepKind::kUnlock:
      return "unlock";
    case StepKind::kWait:
      return step.timed ? "timedwait" : "wait";
    case StepKind::kNotify:
      return "notify";
    case StepKind::kNotifyAll:
      return "notify_all";
    case StepKind::kStart:
      return "start";
    case StepKind::kJoin:
      return "join";
  }
  return "?";
}

std::string to_string(const Program& program, const Step& step, bool with_site) {
  std::string text;
  if (with_site && step.site != 0) text += program.sites[step.site] + ":";
  text += verb_of(program, step);
  text += ' ';
  if (step.kind == StepKind::kStart || step.kind == StepKind::kJoin) return text + program.threads[step.other].name;
  text += program.locks[step.lock].name;
  if (step.kind == StepKind::kWait) text += " " + program.locks[step.other].name;
  return text;
}

}  // namespace tailback::replay
