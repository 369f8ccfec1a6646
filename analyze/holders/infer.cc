#include "analyze/holders/infer.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "analyze/holders/bystanders.h"
#include "analyze/holders/candidates.h"
#include "analyze/holders/interrupted.h"
#include "analyze/holders/source_check.h"
#include "analyze/words/names.h"

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
  const std::string function = short_function(view.function(c.frame), recording.info.runtime);
  switch (c.evidence) {
    case Evidence::kScope:
    case Evidence::kScopeType: {
      const WaitPlace& place = subject.places[c.place];
      if (c.by_address) return "stands in " + function + ", further on than the call in which others wait for the lock";
      std::string text = "stands in " + function + " at " + place_of(recording, view.frame(c.frame)) +
                         (c.same_line ? ", the line where others wait for the lock" : ", past line " + std::to_string(place.line) + ", where others wait for the lock");
      return text + (c.evidence == Evidence::kScopeType ? " of an object of the same type" : "");
    }
    case Evidence::kReceiver: return function + " is a method of the object that the lock is in, and has called on from it";
    case Evidence::kReceiverType: return function + " is a method of the type that the lock is in; whether of the same object, the dump does not tell";
    case Evidence::kName: return "the name of " + function + " says that it expects the lock to be held";
    case Evidence::kArgument: return function + " was given the lock, or the object that it is in";
    case Evidence::kOtherLock: return function + " is a method of the type that the lock is in, and waits for another lock: it may have taken this one before";
    case Evidence::kRest:
      if (c.waits_for_it) return "by elimination: a writer waits for readers to leave, and nobody takes part but those who wait for the lock";
      return "by elimination: every other thread waits for this lock, has nothing to do, or wrote the dump";
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
  if (scope(c) && (c.by_address || c.any_lambda)) return 1;
  if (scope(c)) return c.same_line && c.evidence == Evidence::kScopeType ? 1 : 2;
  return c.evidence == Evidence::kReceiver || c.evidence == Evidence::kName ? 2 : 1;
}

/// A candidate, and what the source says of it.
struct Judged {
  Candidate candidate;
  bool proven = false;
  std::string source;
};

void add_hold(Recording& recording, Dump& dump, const Subject& subject, const Judged& judged, std::uint8_t strength) {
  const Candidate& c = judged.candidate;
  Hold hold;
  hold.thread = c.thread;
  hold.lock = subject.lock;
  hold.mode = c.mode;
  hold.basis = Basis::kInferred;
  hold.frame = c.frame;
  hold.strength = judged.proven ? 2 : strength;
  hold.evidence = recording.table.intern(judged.proven ? judged.source : words(recording, dump, subject, c));
  dump.holds.push_back(hold);
}

class Decision {
 public:
  Decision(Recording& recording, Dump& dump, SourceCheck& source) : recording_(recording), dump_(dump), source_(source), stated_(states_a_deadlock(recording.table, dump)) {}

  void decide(const Subject& subject, std::vector<Candidate> candidates) {
    std::vector<Judged> judged = ask_the_source(subject, candidates);
    drop_crowds(judged);
    if (judged.empty()) return;
    const auto best = std::max_element(judged.begin(), judged.end(), [](const Judged& a, const Judged& b) { return rank(a) < rank(b); });
    const int top = rank(*best);
    std::erase_if(judged, [&](const Judged& j) { return rank(j) < top; });
    if (subject.kind == LockKind::kRwlock && judged.front().candidate.mode == LockMode::kShared) decide_readers(subject, judged);
    else decide_writer(subject, judged);
  }

 private:
  static int rank(const Judged& judged) { return (judged.proven ? 100 : 0) + static_cast<int>(judged.candidate.evidence); }

  /// Drops what the source refutes.
  std::vector<Judged> ask_the_source(const Subject& subject, const std::vector<Candidate>& candidates) {
    std::vector<Judged> judged;
    for (const Candidate& candidate : candidates) {
      Judged next{candidate, false, {}};
      const SourceCheck::Verdict verdict = source_.check(subject, candidate, next.source, next.candidate.mode);
      if (verdict == SourceCheck::Verdict::kNotHeld) continue;
      next.proven = verdict == SourceCheck::Verdict::kHeld;
      judged.push_back(std::move(next));
    }
    return judged;
  }

  /// Threads that wait for the lock in one and the same place hold the same locks, and one alone could hold this to write: none of them does.
  void drop_crowds(std::vector<Judged>& judged) const {
    std::unordered_map<StackId, std::uint64_t> waiting;
    for (const Judged& j : judged) {
      const ThreadRecord& thread = dump_.threads[j.candidate.thread.index];
      if (j.candidate.waits_for_it && j.candidate.mode == LockMode::kExclusive && !j.proven) waiting[thread.stack] += thread.count;
    }
    std::erase_if(judged, [&](const Judged& j) {
      const auto crowd = waiting.find(dump_.threads[j.candidate.thread.index].stack);
      return j.candidate.waits_for_it && crowd != waiting.end() && crowd->second > 1;
    });
  }

  /// Read locks have many holders.
  void decide_readers(const Subject& s, std::vector<Judged>& judged) {
    std::erase_if(judged, [](const Judged& j) { return j.candidate.mode != LockMode::kShared; });
    if (judged.size() > kMostReaders) return;
    // Java prints no receivers: a class has many objects, and of several of its methods' threads each could be the one.
    const bool by_class = recording_.info.runtime == Runtime::kJava && !judged.empty() && !judged.front().proven && judged.front().candidate.evidence <= Evidence::kReceiverType;
    if (by_class && std::any_of(judged.begin(), judged.end(), [](const Judged& j) { return !j.candidate.waits_for_it; })) {
      std::erase_if(judged, [](const Judged& j) { return j.candidate.waits_for_it; });
    }
    if (by_class && judged.size() != 1) return;
    for (const Judged& j : judged) add_hold(recording_, dump_, s, j, strength(s, j.candidate, stated_));
  }

  void decide_writer(const Subject& s, std::vector<Judged>& judged) {
    // A thread that waits for the lock itself is the less likely holder; one past the line of the wait more likely than one on it; and
    // a thread that is about to run has often just given the lock back.
    const auto narrow = [&](auto keep) {
      if (std::any_of(judged.begin(), judged.end(), keep)) std::erase_if(judged, [&](const Judged& j) { return !keep(j); });
    };
    narrow([](const Judged& j) { return !j.candidate.waits_for_it; });
    narrow([](const Judged& j) { return !j.candidate.same_line; });
    if (judged.size() > 1) {
      const std::unordered_set<FrameId> passed = frames_of_waiters(s);
      narrow([&](const Judged& j) { return !passed.contains(frame_of(j.candidate)); });
    }
    narrow([&](const Judged& j) { return dump_.threads[j.candidate.thread.index].state != ThreadState::kRunning; });
    if (judged.size() != 1 || dump_.threads[judged.front().candidate.thread.index].count != 1) return;
    add_hold(recording_, dump_, s, judged.front(), strength(s, judged.front().candidate, stated_));
  }

  /// Frames that those who wait for the lock stand in, on their way to it: they have come by that line, and do not have it.
  std::unordered_set<FrameId> frames_of_waiters(const Subject& s) const {
    std::unordered_set<FrameId> frames;
    std::unordered_set<StackId> known;
    for (const Wait& wait : dump_.waits) {
      if (wait.lock != s.lock || wait.thread.index >= dump_.threads.size() || !known.insert(dump_.threads[wait.thread.index].stack).second) continue;
      const auto stack = recording_.table.stack(dump_.threads[wait.thread.index].stack);
      for (std::size_t i = dump_.asking_frame(wait); i < stack.size(); ++i) frames.insert(stack[i]);
    }
    return frames;
  }

  FrameId frame_of(const Candidate& candidate) const {
    const auto stack = recording_.table.stack(dump_.threads[candidate.thread.index].stack);
    return candidate.frame < stack.size() ? stack[candidate.frame] : FrameId{};
  }

  Recording& recording_;
  Dump& dump_;
  SourceCheck& source_;
  const bool stated_;
};

/// The name that the source gives the lock is better than the class and offset that the stacks give.
void name_lock(Recording& recording, Lock& lock, const std::string& name) {
  const bool better = !name.empty() && (recording.info.runtime == Runtime::kGo || !lock.name.valid() || recording.table.text(lock.name).empty());
  if (better && lock.registry_id == 0) lock.name = recording.table.intern(name);
}

}  // namespace

void infer_holders(Recording& recording, std::size_t dump_index, const std::vector<Activity>& activities, const AnalyzeOptions& options) {
  Dump& dump = recording.dumps[dump_index];
  const RuntimeRules& rules = runtime_rules(recording.info.runtime);
  add_interrupted_holds(recording, dump);
  const std::vector<Subject> subjects = find_subjects(recording, dump, activities, rules);
  if (subjects.empty()) return;
  SourceCheck source(recording, dump, rules, options);
  std::vector<std::vector<Candidate>> by_subject(subjects.size());
  for (const Candidate& c : find_candidates(recording, dump, activities, rules, subjects)) by_subject[c.subject].push_back(c);
  Decision decision(recording, dump, source);
  for (std::size_t s = 0; s < subjects.size(); ++s) {
    if (source.knows(subjects[s])) {
      name_lock(recording, dump.locks[subjects[s].lock.index], source.name(subjects[s]));
      source.find(subjects[s], s, activities, by_subject[s]);
    }
    decision.decide(subjects[s], std::move(by_subject[s]));
  }
}

}  // namespace tailback::analyze
