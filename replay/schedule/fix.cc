#include "replay/schedule/fix.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "replay/schedule/scenario.h"

namespace tailback::replay {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

/// A step as a fix names it.
struct Selector {
  Step step;
  std::string site;
  std::string thread;          // empty: any
  std::size_t which = 0;       // 1-based; 0: the only one
};

class Fixer {
 public:
  Fixer(const Program& program, std::string_view fix) : program_(program), fix_(fix), words_(words_of(fix)) {}

  Result<Program> run() {
    if (words_.empty()) return wrong("an empty fix");
    const std::string verb = words_[0];
    words_.erase(words_.begin());
    Result<void> done = verb == "drop"      ? drop()
                        : verb == "mode"    ? mode()
                        : verb == "try"     ? make_try()
                        : verb == "reorder" ? reorder()
                        : verb == "gate"    ? gate()
                        : verb == "policy"  ? policy()
                                            : Result<void>(wrong("unknown change " + verb + " (drop, mode, try, reorder, gate, policy)"));
    if (!done.ok()) return done.error();
    const bool open = std::any_of(program_.threads.begin(), program_.threads.end(), [](const ProgramThread& thread) {
      return std::any_of(thread.steps.begin(), thread.steps.end(), [](const Step& step) { return step.assumed; });
    });
    if (Result<void> checked = check(program_, "after the fix", open); !checked.ok()) return wrong(checked.error().message + " after it");
    return std::move(program_);
  }

 private:
  [[nodiscard]] Error wrong(std::string message) const { return {ErrorCode::kInvalidArgument, std::move(message), "fix '" + std::string(fix_) + "'"}; }

  // VERB LOCK [#N] [in THREAD] from words_[from] on; advances `from`.
  Result<Selector> selector(std::size_t& from) {
    if (words_.size() < from + 2) return wrong("a step is VERB LOCK, like rdlock mu");
    Selector selected;
    std::string verb = words_[from];
    if (const auto colon = verb.rfind(':'); colon != std::string::npos) {
      selected.site = verb.substr(0, colon);
      verb = verb.substr(colon + 1);
    }
    Result<Step> step = parse_step(program_, verb + " " + words_[from + 1]);
    if (!step.ok()) return wrong(step.error().message);
    selected.step = *step;
    from += 2;
    if (from < words_.size() && words_[from].front() == '#') {
      const std::string& word = words_[from];
      const auto [end, failure] = std::from_chars(word.data() + 1, word.data() + word.size(), selected.which);
      if (failure != std::errc{} || end != word.data() + word.size() || selected.which == 0) return wrong("which one is #1, #2, …, not " + word);
      ++from;
    }
    if (from + 1 < words_.size() && words_[from] == "in") {
      selected.thread = words_[from + 1];
      if (program_.find_thread(selected.thread) == kNone) return wrong("unknown thread " + selected.thread);
      from += 2;
    }
    // refresher:rdlock mu, where no site but a thread has that name
    if (!selected.site.empty() && selected.thread.empty() && !has_site(selected.site) && program_.find_thread(selected.site) != kNone) {
      selected.thread = std::move(selected.site);
      selected.site.clear();
    }
    return selected;
  }

  [[nodiscard]] bool has_site(std::string_view name) const {
    return std::any_of(program_.sites.begin() + 1, program_.sites.end(), [&](const std::string& site) { return names_place(site, name); });
  }

  [[nodiscard]] static bool same_operation(const Selector& selected, const Step& step) {
    return step.kind == selected.step.kind && step.lock == selected.step.lock && step.mode == selected.step.mode;
  }

  [[nodiscard]] bool matches(const Selector& selected, const Step& step) const {
    return same_operation(selected, step) && (selected.site.empty() || names_place(program_.sites[step.site], selected.site));
  }

  /// "no thread does that", with the sites or threads that do.
  [[nodiscard]] Error nobody(const Selector& selected) const {
    constexpr std::size_t kMost = 8;  // a recorded program may have thousands
    std::vector<std::string> names;
    for (const ProgramThread& thread : program_.threads) {
      for (const Step& step : thread.steps) {
        if (!same_operation(selected, step)) continue;
        const std::string& name = step.site == 0 ? thread.name : program_.sites[step.site];
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        if (names.size() > kMost) break;
      }
    }
    if (names.empty()) return wrong("no thread does that");
    std::string list;
    for (std::size_t i = 0; i < names.size() && i < kMost; ++i) list += (i == 0 ? "" : ", ") + names[i];
    return wrong("no thread does that there; it is done in: " + list + (names.size() > kMost ? ", …" : ""));
  }

  /// (thread, step) of every step selected; an error for none, and for several of a thread without site or number.
  Result<std::vector<std::pair<std::uint32_t, std::uint32_t>>> find(const Selector& selected) const {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> found;
    for (std::uint32_t t = 0; t < program_.threads.size(); ++t) {
      const ProgramThread& thread = program_.threads[t];
      if (!selected.thread.empty() && thread.name != selected.thread) continue;
      std::vector<std::uint32_t> own;
      for (std::uint32_t i = 0; i < thread.steps.size(); ++i) {
        if (matches(selected, thread.steps[i])) own.push_back(i);
      }
      if (selected.which > 0) {
        if (own.size() >= selected.which) found.emplace_back(t, own[selected.which - 1]);
        continue;
      }
      if (own.size() > 1 && selected.site.empty()) {
        return wrong(thread.name + " does that " + std::to_string(own.size()) + " times: say which, #1 to #" + std::to_string(own.size()) + ", or name its site");
      }
      for (const std::uint32_t step : own) found.emplace_back(t, step);
    }
    if (found.empty()) return nobody(selected);
    return found;
  }

  Result<std::vector<std::pair<std::uint32_t, std::uint32_t>>> only_selector() {
    std::size_t from = 0;
    const Result<Selector> selected = selector(from);
    if (!selected.ok()) return selected.error();
    if (from != words_.size()) return wrong("words too many: " + words_[from]);
    return find(*selected);
  }

  /// The unlock that ends the section which the step begins: of the newest hold, as check() pairs them.
  [[nodiscard]] static std::uint32_t end_of(const ProgramThread& thread, std::uint32_t begin) {
    std::vector<std::uint32_t> holds;
    for (std::uint32_t i = 0; i < thread.steps.size(); ++i) {
      const Step& step = thread.steps[i];
      if (step.lock != thread.steps[begin].lock) continue;
      if (step.kind == StepKind::kLock || step.kind == StepKind::kTry) holds.push_back(i);
      if (step.kind != StepKind::kUnlock || holds.empty()) continue;
      if (holds.back() == begin) return i;
      holds.pop_back();
    }
    return kNone;
  }

  Result<void> drop() {
    auto found = only_selector();
    if (!found.ok()) return found.error();
    for (auto at = found->rbegin(); at != found->rend(); ++at) {
      auto& steps = program_.threads[at->first].steps;
      const std::uint32_t end = end_of(program_.threads[at->first], at->second);
      if (end != kNone) steps.erase(steps.begin() + end);
      steps.erase(steps.begin() + at->second);
    }
    return {};
  }

  Result<void> mode() {
    if (words_.size() < 3) return wrong("mode STEP wrlock (or rdlock)");
    const std::string to = words_.back();
    if (to != "rdlock" && to != "wrlock") return wrong("the new mode is rdlock or wrlock, not " + to);
    words_.pop_back();
    auto found = only_selector();
    if (!found.ok()) return found.error();
    for (const auto& [thread, step] : *found) program_.threads[thread].steps[step].mode = to == "rdlock" ? LockMode::kShared : LockMode::kExclusive;
    return {};
  }

  Result<void> make_try() {
    auto found = only_selector();
    if (!found.ok()) return found.error();
    for (const auto& [thread, step] : *found) program_.threads[thread].steps[step].kind = StepKind::kTry;
    return {};
  }

  Result<void> reorder() {
    std::size_t from = 0;
    const Result<Selector> first = selector(from);
    if (!first.ok()) return first.error();
    if (from >= words_.size() || words_[from] != "before") return wrong("reorder STEP before STEP");
    const Result<Selector> second = selector(++from);
    if (!second.ok()) return second.error();
    if (first->which > 0 || second->which > 0) return wrong("reorder takes a site or a thread, not the number of a step");
    bool changed = false;
    for (ProgramThread& thread : program_.threads) changed = pull_before(thread, *first, *second) || changed;
    return changed ? Result<void>{} : wrong("no thread takes the second and, while it holds it, the first");
  }

  bool pull_before(ProgramThread& thread, const Selector& first, const Selector& second) const {
    for (const Selector& selected : {first, second}) {
      if (!selected.thread.empty() && selected.thread != thread.name) return false;
    }
    bool changed = false;
    for (std::uint32_t outer = 0; outer < thread.steps.size(); ++outer) {
      if (!matches(second, thread.steps[outer])) continue;
      const std::uint32_t end = end_of(thread, outer);
      for (std::uint32_t inner = outer + 1; inner < thread.steps.size() && inner < end; ++inner) {
        if (!matches(first, thread.steps[inner])) continue;
        std::rotate(thread.steps.begin() + outer, thread.steps.begin() + inner, thread.steps.begin() + inner + 1);
        changed = true;
        break;
      }
    }
    return changed;
  }

  Result<void> gate() {
    std::vector<std::uint32_t> locks;
    for (const std::string& name : words_) {
      locks.push_back(program_.find_lock(name));
      if (locks.back() == kNone) return wrong("unknown lock " + name);
    }
    if (locks.empty()) return wrong("gate LOCK LOCK …");
    std::string name = "gate";
    while (program_.find_lock(name) != kNone) name += "'";
    const auto gate = static_cast<std::uint32_t>(program_.locks.size());
    program_.locks.push_back({name, LockKind::kMutex, LockPolicy::kUnknown});
    for (ProgramThread& thread : program_.threads) thread.steps = gated(thread, locks, gate);
    return {};
  }

  static std::vector<Step> gated(const ProgramThread& thread, const std::vector<std::uint32_t>& locks, std::uint32_t gate) {
    const auto counts = [&](const StepHold& hold) { return std::find(locks.begin(), locks.end(), hold.lock) != locks.end(); };
    const HoldTable holds(thread);
    std::vector<Step> steps;
    bool inside = false;
    for (std::uint32_t i = 0; i < thread.steps.size(); ++i) {
      const auto& after = holds.before(i + 1);
      const bool within = std::any_of(after.begin(), after.end(), counts);
      if (within && !inside) steps.push_back({StepKind::kLock, LockMode::kExclusive, false, false, gate});
      steps.push_back(thread.steps[i]);
      if (!within && inside) steps.push_back({StepKind::kUnlock, LockMode::kExclusive, false, false, gate});
      inside = within;
    }
    if (inside) steps.push_back({StepKind::kUnlock, LockMode::kExclusive, false, true, gate});
    return steps;
  }

  Result<void> policy() {
    if (words_.size() != 1) return wrong("policy LOCK=POLICY");
    Result<void> set = set_policy(program_.locks, words_[0]);
    return set.ok() ? set : wrong(set.error().message);
  }

  Program program_;
  std::string_view fix_;
  std::vector<std::string> words_;
};

}  // namespace

Result<Program> with_fix(const Program& program, std::string_view fix) { return Fixer(program, fix).run(); }

Result<void> set_policy(std::vector<ProgramLock>& locks, std::string_view assignment) {
  const auto equals = assignment.rfind('=');
  const std::string context = "policy '" + std::string(assignment) + "'";
  if (equals == std::string_view::npos) return Error{ErrorCode::kInvalidArgument, "a policy is LOCK=POLICY", context};
  const std::string_view name = assignment.substr(0, equals), word = assignment.substr(equals + 1);
  const std::optional<LockPolicy> policy = policy_from_word(word);
  if (!policy) return Error{ErrorCode::kInvalidArgument, "unknown policy " + std::string(word), context};
  bool found = false;
  for (ProgramLock& lock : locks) {
    if (name != "*" && lock.name != name) continue;
    if (lock.kind == LockKind::kRwlock) {
      lock.policy = *policy;
      found = true;
    } else if (name != "*") {
      return Error{ErrorCode::kInvalidArgument, std::string(name) + " is no read-write lock", context};
    }
  }
  if (!found) return Error{ErrorCode::kInvalidArgument, name == "*" ? "there is no read-write lock" : "unknown lock " + std::string(name), context};
  return {};
}

bool names_place(std::string_view place, std::string_view name) {
  if (place == name) return true;
  if (!place.starts_with(name)) {
    // "service::HashSet::Size hashset.cc:43" is HashSet::Size too
    const auto at = place.find("::" + std::string(name));
    return at != std::string_view::npos && names_place(place.substr(at + 2), name);
  }
  return place[name.size()] == ' ' || place[name.size()] == '(';
}

}  // namespace tailback::replay
