#include "analyze/holders/subjects.h"

#include <algorithm>
#include <unordered_map>

namespace tailback::analyze {
namespace {

/// A hold that settles the question: the owner by the lock's own words, or strong evidence from the live process.
std::vector<bool> settled(const Dump& dump) {
  std::vector<bool> result(dump.locks.size(), false);
  for (const Hold& hold : dump.holds) {
    if (hold.lock.index < result.size() && (hold.basis == Basis::kObserved || hold.strength >= 2)) result[hold.lock.index] = true;
  }
  for (std::size_t i = 0; i < dump.locks.size(); ++i) {
    if (!dump.locks[i].owner.empty()) result[i] = true;
  }
  return result;
}

template <class T>
void add_once(std::vector<T>& values, const T& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

/// `caller`: index of the frame that asks for the lock.
void add_place(Subject& subject, const ThreadView& view, std::size_t caller, LockMode mode, const RuntimeRules& rules) {
  if (caller >= view.size()) return;
  const Frame& frame = view.frame(caller);
  const bool known = std::any_of(subject.places.begin(), subject.places.end(), [&](const WaitPlace& place) {
    return place.function == frame.function && place.line == frame.line && place.mode == mode && (frame.line != 0 || place.address == frame.address);
  });
  if (!known) subject.places.push_back({frame.function, frame.file, frame.line, frame.address, mode});
  // What is done once is no object's: a method of the class need not have begun it.
  if (subject.kind == LockKind::kOnce && rules.runtime == Runtime::kNative) return;
  const Receiver receiver = rules.receiver(view, caller);
  if (receiver.type.empty()) return;
  add_once(subject.types, receiver.type);
  if (receiver.value != 0 && !receiver.uncertain) add_once(subject.objects, receiver.value);
}

}  // namespace

bool Subject::has_object(std::uint64_t value) const { return std::find(objects.begin(), objects.end(), value) != objects.end(); }
bool Subject::has_type(std::string_view type) const { return std::find(types.begin(), types.end(), type) != types.end(); }

std::vector<Subject> find_subjects(const Recording& recording, const Dump& dump, const std::vector<Activity>& activities, const RuntimeRules& rules) {
  const std::vector<bool> known = settled(dump);
  std::vector<Subject> subjects;
  std::unordered_map<std::uint32_t, std::size_t> of_lock;
  for (const Wait& wait : dump.waits) {
    if (wait.lock.index >= dump.locks.size() || wait.thread.index >= dump.threads.size()) continue;
    // What a worker without work waits at is no lock that somebody holds, whatever class it is of.
    if (activities[wait.thread.index].kind == ActivityKind::kIdle) continue;
    const Lock& lock = dump.locks[wait.lock.index];
    if (known[wait.lock.index] || !can_be_held(lock.kind)) continue;
    const auto [found, added] = of_lock.try_emplace(wait.lock.index, subjects.size());
    if (added) {
      Subject& subject = subjects.emplace_back();
      subject.lock = wait.lock;
      subject.kind = lock.kind;
      subject.address = lock.address;
    }
    Subject& subject = subjects[found->second];
    subject.pending_writer = subject.pending_writer || (wait.front && wait.mode == LockMode::kExclusive);
    (wait.mode == LockMode::kShared ? subject.readers_wait : subject.writers_wait) = true;
    // Thousands wait in a few places; the first few dozen of each object show them all.
    if (subject.places.size() < 64) add_place(subject, ThreadView(recording.table, dump.threads[wait.thread.index]), dump.asking_frame(wait), wait.mode, rules);
  }
  std::map<std::pair<std::string_view, LockKind>, int> locks_of_type;
  for (const Subject& subject : subjects) {
    for (const std::string_view type : subject.types) ++locks_of_type[{type, subject.kind}];
  }
  for (Subject& subject : subjects) {
    for (const std::string_view type : subject.types) subject.only_of_type = subject.only_of_type && locks_of_type[{type, subject.kind}] == 1;
  }
  return subjects;
}

}  // namespace tailback::analyze
