#include "analyze/holders/source_check.h"

#include <algorithm>
#include <unordered_set>

#include "analyze/holders/bystanders.h"

namespace tailback::analyze {
namespace {

/// Distinct lines read for one dump: enough for any program's own frames, a bound on a hostile dump.
constexpr std::size_t kMostLines = 4096;

/// Whether the next frame in is one that the source calls: the runtime interrupts a goroutine anywhere (runtime.asyncPreempt).
bool calls(const ThreadView& view, std::size_t frame) { return frame > 0 && !view.function(frame - 1).starts_with("runtime."); }

/// "s" of "s.mu": the object that the lock is a member of, as the function writes it; empty: its own.
std::string_view object_of(std::string_view lock) {
  const std::size_t dot = lock.find_last_of(".>");
  std::string_view object = dot == std::string_view::npos ? std::string_view{} : lock.substr(0, dot);
  if (object.ends_with('-')) object.remove_suffix(1);
  return object == "this" ? std::string_view{} : object;
}

}  // namespace

/// A lock's key is that of its class, and two objects of one class have two locks: who waits for what the source says that it holds waits for
/// itself only if it is the same object. The receivers tell, else on what the function calls on.
SourceCheck::Verdict SourceCheck::same_object(const Subject& subject, const Candidate& candidate, const SourceEvidence& at, const SourceHold& hold) const {
  const ThreadView view(recording_.table, dump_.threads[candidate.thread.index]);
  const Receiver receiver = rules_.receiver(view, candidate.frame);
  if (receiver.value != 0 && subject.has_object(receiver.value)) return Verdict::kHeld;
  if ((at.callee_object == "this" ? std::string_view{} : at.callee_object) == object_of(hold.lock)) return Verdict::kHeld;
  const auto wait = std::find_if(dump_.waits.begin(), dump_.waits.end(), [&](const Wait& w) { return w.thread == candidate.thread; });
  const bool asks = wait != dump_.waits.end() && candidate.frame == dump_.asking_frame(*wait) + 1;
  return asks ? Verdict::kNotHeld : Verdict::kUnknown;
}

SourceCheck::SourceCheck(const Recording& recording, const Dump& dump, const RuntimeRules& rules, const AnalyzeOptions& options)
    : recording_(recording), dump_(dump), rules_(rules), finder_(options.source_dir, options.source_from_paths) {}

std::string SourceCheck::quote(std::string_view file, std::uint32_t line, const std::string& text) const {
  return std::string(file.substr(file.rfind('/') + 1)) + ":" + std::to_string(line) + " `" + text + "`";
}

const SourceCheck::LockText& SourceCheck::lock_text(const Subject& subject) {
  const auto [found, added] = locks_.try_emplace(subject.lock.index);
  LockText& lock = found->second;
  if (!added || rules_.runtime == Runtime::kPython) return lock;  // python_locks is more careful of which object is meant
  for (const WaitPlace& place : subject.places) {
    if (!place.file.valid() || place.line == 0) continue;
    const std::string file = source_path(recording_.table.text(place.function), recording_.table.text(place.file));
    const SourceEvidence at = finder_.evidence(file, place.line);
    if (!at.in_function || at.taken.size() != 1) continue;
    const SourceHold& taken = at.taken.front();
    if (lock.known && (lock.key != taken.key || (lock.key.empty() && lock.written != taken.lock))) return lock = LockText{};
    lock = {taken.key, taken.lock, file, quote(file, place.line, at.text), true};
  }
  return lock;
}

bool SourceCheck::knows(const Subject& subject) { return lock_text(subject).known; }
std::string SourceCheck::name(const Subject& subject) { return lock_text(subject).key; }

const SourceEvidence& SourceCheck::evidence(const ThreadView& view, std::size_t frame) {
  static const SourceEvidence kNothing;
  const Frame& at = view.frame(frame);
  if (view.file(frame).empty() || at.line == 0) return kNothing;
  const StringId callee = calls(view, frame) ? view.frame(frame - 1).function : StringId{};
  const std::tuple key{at.file.index, at.line, callee.index};
  if (const auto known = evidence_.find(key); known != evidence_.end()) return known->second;
  if (evidence_.size() >= kMostLines) return kNothing;
  return evidence_.emplace(key, finder_.evidence(source_path(view.function(frame), view.file(frame)), at.line, recording_.table.text(callee))).first->second;
}

const SourceHold* SourceCheck::find_hold(const std::vector<SourceHold>& holds, const LockText& lock, std::string_view file) const {
  for (const SourceHold& hold : holds) {
    if (!lock.key.empty() ? hold.key == lock.key : hold.key.empty() && hold.lock == lock.written && file == lock.file) return &hold;
  }
  return nullptr;
}

SourceCheck::Verdict SourceCheck::check(const Subject& subject, const Candidate& candidate, std::string& words, LockMode& mode) {
  const LockText& lock = lock_text(subject);
  const ThreadView view(recording_.table, dump_.threads[candidate.thread.index]);
  if (!lock.known || candidate.frame >= view.size()) return Verdict::kUnknown;
  const SourceEvidence& at = evidence(view, candidate.frame);
  // A line that does not make the call that the dump shows is of another version of the source.
  if (!at.in_function || (calls(view, candidate.frame) && !at.callee_found)) return Verdict::kUnknown;
  const std::string file = source_path(view.function(candidate.frame), view.file(candidate.frame));
  if (const SourceHold* hold = find_hold(at.held, lock, file)) {
    if (hold->maybe) return Verdict::kUnknown;
    // Somebody must read where a writer waits for readers, and then who reads again is the one to suspect.
    const bool must_read = subject.pending_writer && hold->mode == LockMode::kShared;
    if (candidate.waits_for_it && !must_read) {
      if (const Verdict verdict = same_object(subject, candidate, at, *hold); verdict != Verdict::kHeld) return verdict;
    }
    mode = hold->mode;
    words = "the source takes it at " + quote(file, hold->line, hold->text) + " and has not given it back at " + quote(file, view.frame(candidate.frame).line, at.text);
    return Verdict::kHeld;
  }
  // A line that takes it and then waits at a channel: whether before, the line's number does not tell.
  if (!calls(view, candidate.frame) && find_hold(at.taken, lock, file) != nullptr) return Verdict::kUnknown;
  // A key tells one lock from another; without it the names may differ and mean the same.
  if (lock.key.empty()) return Verdict::kUnknown;
  for (const SourceHold& hold : at.held) {
    if (hold.key.empty()) return Verdict::kUnknown;
  }
  // What takes the lock for its caller (a helper named lock()) is not seen here, so only a method of the same type is refuted.
  return subject.has_type(rules_.receiver(view, candidate.frame).type) ? Verdict::kNotHeld : Verdict::kUnknown;
}

void SourceCheck::find(const Subject& subject, std::size_t index, const std::vector<Activity>& activities, std::vector<Candidate>& candidates) {
  if (!knows(subject)) return;
  std::unordered_set<std::uint32_t> stacks_without;
  std::vector<const Wait*> wait_of(dump_.threads.size(), nullptr);
  for (const Wait& wait : dump_.waits) {
    if (wait.thread.index < wait_of.size()) wait_of[wait.thread.index] = &wait;
  }
  for (std::uint32_t i = 0; i < dump_.threads.size(); ++i) {
    if (stacks_without.contains(dump_.threads[i].stack.index)) continue;
    const ThreadView view(recording_.table, dump_.threads[i]);
    const Wait* wait = wait_of[i];
    if (!takes_part(recording_.table, rules_, view, activities[i])) continue;
    const bool waits_for_it = wait != nullptr && wait->lock == subject.lock;
    bool any = false;
    // Who asks for the lock has not got it; who asks for another may hold this one.
    const std::size_t first = wait == nullptr ? 0 : dump_.asking_frame(*wait) + (waits_for_it ? 1 : 0);
    for (std::size_t frame = first; frame < view.size(); ++frame) {
      Candidate candidate{index, {i}, static_cast<std::uint16_t>(frame), LockMode::kExclusive, Evidence::kArgument, waits_for_it, false, 0};
      std::string words;
      if (check(subject, candidate, words, candidate.mode) != Verdict::kHeld) continue;
      any = true;
      const Receiver receiver = rules_.receiver(view, frame);
      if (receiver.value != 0 && !receiver.uncertain && !subject.objects.empty() && !subject.has_object(receiver.value)) continue;
      candidates.push_back(candidate);
      break;
    }
    if (!any) stacks_without.insert(dump_.threads[i].stack.index);
  }
}

}  // namespace tailback::analyze
