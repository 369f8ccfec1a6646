#include "analyze/holders/infer.h"

#include <algorithm>

#include "analyze/holders/candidates.h"

namespace tailback::analyze {
namespace {

/// A read lock that so many threads seem to hold is a guess about a crowd: nobody is named.
constexpr std::size_t kMostReaders = 64;

std::string place_of(const Recording& recording, const Frame& frame) {
  const std::string_view file = recording.table.text(frame.file);
  return std::string(file.substr(file.rfind('/') + 1)) + ":" + std::to_string(frame.line);
}

std::string words(const Recording& recording, const Dump& dump, const Subject& subject, const Candidate& c) {
  const ThreadView view(recording.table, dump.threads[c.thread.index]);
  const std::string function(c.frame < view.size() ? view.function(c.frame) : std::string_view{});
  switch (c.evidence) {
    case Evidence::kScope:
    case Evidence::kScopeType: {
      const WaitPlace& place = subject.places[c.place];
      std::string text = "stands in " + function + " at " + place_of(recording, view.frame(c.frame)) +
                         (c.same_line ? ", the line where others wait for the lock" : ", past line " + std::to_string(place.line) + ", where others wait for the lock");
      return text + (c.evidence == Evidence::kScopeType ? " of an object of the same type" : "");
    }
    case Evidence::kReceiver: return function + " is a method of the object that the lock is in, and has called on from it";
    case Evidence::kReceiverType: return function + " is a method of the type that the lock is in; whether of the same object, the dump does not tell";
    case Evidence::kName: return "the name of " + function + " says that it expects the lock to be held";
    case Evidence::kArgument: return function + " was given the lock, or the object that it is in";
    case Evidence::kRest: return "by elimination: every other thread waits for this lock, has nothing to do, or wrote the dump";
  }
  return {};
}

bool scope(const Candidate& c) { return c.evidence == Evidence::kScope || c.evidence == Evidence::kScopeType; }

/// The strength of a candidate that stands alone at the top.
std::uint8_t strength(const Subject& subject, const Candidate& c, bool deadlock_stated) {
  if (c.waits_for_it) {
    // Its wait is explained only by a writer that waits for it: then a reader must hold, and this one's object is the lock's.
    if (subject.pending_writer && c.mode == LockMode::kShared && c.evidence >= Evidence::kReceiver) return 2;
    return deadlock_stated && c.evidence >= Evidence::kReceiver ? 2 : 1;
  }
  if (scope(c)) return c.same_line && c.evidence == Evidence::kScopeType ? 1 : 2;
  return c.evidence == Evidence::kReceiver || c.evidence == Evidence::kName ? 2 : 1;
}

/// A ring of one thread needs the thread to have waited: one that merely passes through a lock waits a moment.
void add_hold(Recording& recording, Dump& dump, const Subject& subject, const Candidate& c, std::uint8_t strength) {
  Hold hold;
  hold.thread = c.thread;
  hold.lock = subject.lock;
  hold.mode = c.mode;
  hold.basis = Basis::kInferred;
  hold.frame = c.frame;
  hold.strength = strength;
  hold.evidence = recording.table.intern(words(recording, dump, subject, c));
  dump.holds.push_back(hold);
}

bool deadlock_stated(const Recording& recording, const Dump& dump) {
  return std::any_of(dump.statements.begin(), dump.statements.end(), [&](StringId id) {
    return recording.table.text(id).find("all goroutines are asleep") != std::string_view::npos;
  });
}

class Decision {
 public:
  Decision(Recording& recording, Dump& dump, const std::vector<Subject>& subjects) : recording_(recording), dump_(dump), subjects_(subjects), stated_(deadlock_stated(recording, dump)) {}

  void decide(std::size_t subject, std::vector<Candidate> candidates) {
    if (candidates.empty()) return;
    const Subject& s = subjects_[subject];
    const Evidence best = std::max_element(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) { return rank(a) < rank(b); })->evidence;
    std::erase_if(candidates, [&](const Candidate& c) { return rank(c) < static_cast<int>(best) * 4; });
    const bool readers = s.kind == LockKind::kRwlock && candidates.front().mode == LockMode::kShared;
    if (readers) decide_readers(s, candidates);
    else decide_writer(s, candidates);
  }

 private:
  static int rank(const Candidate& c) { return static_cast<int>(c.evidence) * 4; }

  /// Read locks have many holders.
  void decide_readers(const Subject& s, std::vector<Candidate>& candidates) {
    std::erase_if(candidates, [](const Candidate& c) { return c.mode != LockMode::kShared; });
    if (candidates.size() > kMostReaders) return;
    for (const Candidate& c : candidates) add_hold(recording_, dump_, s, c, strength(s, c, stated_));
  }

  void decide_writer(const Subject& s, std::vector<Candidate>& candidates) {
    // A thread that waits for the lock itself is the less likely holder; one past the line of the wait more likely than one on it.
    const auto narrow = [&](auto keep) {
      if (std::any_of(candidates.begin(), candidates.end(), keep)) std::erase_if(candidates, [&](const Candidate& c) { return !keep(c); });
    };
    narrow([](const Candidate& c) { return !c.waits_for_it; });
    narrow([](const Candidate& c) { return !c.same_line; });
    narrow([&](const Candidate& c) { return !runs_or_unknown(c); });
    if (candidates.size() != 1 || dump_.threads[candidates.front().thread.index].count != 1) return;
    add_hold(recording_, dump_, s, candidates.front(), strength(s, candidates.front(), stated_));
  }

  /// Threads about to run have often just given the lock back.
  [[nodiscard]] bool runs_or_unknown(const Candidate& c) const { return dump_.threads[c.thread.index].state == ThreadState::kRunning; }

  Recording& recording_;
  Dump& dump_;
  const std::vector<Subject>& subjects_;
  const bool stated_;
};

}  // namespace

void infer_holders(Recording& recording, std::size_t dump_index, const std::vector<Activity>& activities, const AnalyzeOptions&) {
  Dump& dump = recording.dumps[dump_index];
  const RuntimeRules& rules = runtime_rules(recording.info.runtime);
  const std::vector<Subject> subjects = find_subjects(recording, dump, rules);
  if (subjects.empty()) return;
  std::vector<std::vector<Candidate>> by_subject(subjects.size());
  for (const Candidate& c : find_candidates(recording, dump, activities, rules, subjects)) by_subject[c.subject].push_back(c);
  Decision decision(recording, dump, subjects);
  for (std::size_t s = 0; s < subjects.size(); ++s) decision.decide(s, std::move(by_subject[s]));
}

}  // namespace tailback::analyze
