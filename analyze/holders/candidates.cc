#include "analyze/holders/candidates.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "analyze/holders/bystanders.h"
#include "analyze/holders/elimination.h"

namespace tailback::analyze {
namespace {

constexpr std::string_view kHeldNames[] = {"Locked", "_locked", "_Locked", "LockHeld", "_lock_held", "WithLock", "WithLockHeld", "UnderLock", "_under_lock"};

bool name_says_held(std::string_view function) {
  for (const std::string_view ending : kHeldNames) {
    if (function.ends_with(ending) && function.size() > ending.size()) return true;
  }
  return function.ends_with("AssertHeld") || function.ends_with("assertHeld") || function.ends_with("assert_held");
}

/// Functions that run the program's own under a once: who is inside of one holds it.
constexpr std::string_view kOnceCalls[] = {"sync.(*Once).", "std::call_once", "pthread_once", "__pthread_once", "boost::call_once", "absl::call_once"};

/// Whether a function is a closure of another, and so knows its variables: "main.serve.func1" of "main.serve", "serve()::{lambda()#1}::operator()" of "serve".
bool is_closure_of(std::string_view closure, std::string_view function) {
  if (function.empty() || closure.size() <= function.size() || !closure.starts_with(function)) return false;
  const std::string_view rest = closure.substr(function.size());
  return rest.starts_with(".func") || rest.starts_with("::{lambda") || rest.starts_with("::<lambda") || (rest.starts_with("(") && rest.find(")::{lambda") != std::string_view::npos);
}

/// A closure that javac named after the method it stands in: mostly it calls on, and the method that it calls takes the lock.
bool is_java_lambda(std::string_view function) { return function.find(".lambda$") != std::string_view::npos; }

/// Whether a Java dump tells the owners of java.util.concurrent's locks (jstack -l, jcmd Thread.print -l), which leaves out readers.
bool lists_owners(const Recording& recording, const Dump& dump) {
  if (recording.info.runtime != Runtime::kJava) return false;
  const auto of_library = [](const Lock& lock) { return lock.kind == LockKind::kMutex || lock.kind == LockKind::kRecursiveMutex || lock.kind == LockKind::kRwlock; };
  return std::any_of(dump.holds.begin(), dump.holds.end(), [&](const Hold& hold) { return hold.basis == Basis::kObserved && of_library(dump.locks[hold.lock.index]); }) ||
         std::any_of(dump.locks.begin(), dump.locks.end(), [&](const Lock& lock) { return lock.owner_not_identified() && of_library(lock); });
}

/// What a thread was started with, where that is written in place: it seldom takes a lock itself.
bool is_body(std::string_view function) {
  return function == "main" || function == "operator()" || function.find("{lambda") != std::string_view::npos || function.find("<lambda") != std::string_view::npos ||
         function.find("{closure") != std::string_view::npos;
}

/// A frame of a distinct stack that may speak for one of the subjects.
struct Hit {
  std::uint16_t frame;
  std::uint32_t subject;
  std::uint32_t place;   ///< index into Subject::places, or kNoPlace
  bool method;           ///< of the subject's type
};
constexpr std::uint32_t kNoPlace = 0xffffffff;

class Finder {
 public:
  Finder(const Recording& recording, const Dump& dump, const std::vector<Activity>& activities, const RuntimeRules& rules, const std::vector<Subject>& subjects)
      : recording_(recording), dump_(dump), activities_(activities), rules_(rules), subjects_(subjects), owners_listed_(lists_owners(recording, dump)),
        wait_of_(dump.threads.size(), nullptr), has_candidate_(subjects.size()) {
    for (std::uint32_t i = 0; i < subjects.size(); ++i) {
      if (subjects[i].address != 0) is_of_a_subject_.insert(subjects[i].address);
      is_of_a_subject_.insert(subjects[i].objects.begin(), subjects[i].objects.end());
      for (const WaitPlace& place : subjects[i].places) by_function_[place.function.index].push_back(i);
      for (const std::string_view type : subjects[i].types) by_type_[type].push_back(i);
    }
    for (const Wait& wait : dump.waits) {
      if (wait.thread.index < wait_of_.size() && wait_of_[wait.thread.index] == nullptr) wait_of_[wait.thread.index] = &wait;
    }
  }

  std::vector<Candidate> run() {
    for (std::uint32_t i = 0; i < dump_.threads.size(); ++i) look_at({i});
    for (const Candidate& candidate : found_) has_candidate_[candidate.subject] = true;
    index_words();
    for (std::uint32_t s = 0; s < subjects_.size(); ++s) {
      if (!has_candidate_[s]) look_for_arguments(s);
      if (!has_candidate_[s]) look_for_the_rest(s);
    }
    return std::move(found_);
  }

 private:
  void add(std::uint32_t subject, const Candidate& candidate) {
    found_.push_back(candidate);
    has_candidate_[subject] = true;
  }

  const std::vector<Hit>& hits(ThreadIndex thread, const ThreadView& view) {
    const auto [found, added] = hits_.try_emplace(dump_.threads[thread.index].stack.index);
    if (!added) return found->second;
    for (std::size_t i = 0; i < view.size(); ++i) {
      const Frame& frame = view.frame(i);
      if (const auto scope = by_function_.find(frame.function.index); scope != by_function_.end()) {
        for (const std::uint32_t s : scope->second) add_scope(found->second, i, frame, s);
      }
      const Receiver receiver = rules_.receiver(view, i);
      if (receiver.type.empty() || rules_.library(view.function(i), view.file(i), recording_.table.text(frame.module))) continue;
      if (const auto methods = by_type_.find(receiver.type); methods != by_type_.end()) {
        for (const std::uint32_t s : methods->second) found->second.push_back({static_cast<std::uint16_t>(i), s, kNoPlace, true});
      }
    }
    return found->second;
  }

  /// Where no lines are known, code stands in the order of the source often enough to be weak evidence: a call further on in a function was made later.
  /// Lines of two files say as little: one is of what was inlined.
  [[nodiscard]] static bool has_lines(const WaitPlace& place, const Frame& frame) { return place.line != 0 && frame.line != 0 && place.file == frame.file; }

  [[nodiscard]] static bool before(const WaitPlace& place, const Frame& frame) {
    return has_lines(place, frame) ? place.line <= frame.line : place.address != 0 && place.address < frame.address;
  }

  [[nodiscard]] static bool nearer(const WaitPlace& a, const WaitPlace& b) { return a.line == 0 || a.file != b.file ? a.address > b.address : a.line > b.line; }

  /// The place nearest before the frame's line: what was taken last on the way to it.
  void add_scope(std::vector<Hit>& hits, std::size_t at, const Frame& frame, std::uint32_t s) const {
    const std::vector<WaitPlace>& places = subjects_[s].places;
    std::uint32_t best = kNoPlace;
    for (std::uint32_t p = 0; p < places.size(); ++p) {
      if (places[p].function != frame.function) continue;
      if (!before(places[p], frame) && !(subjects_[s].kind == LockKind::kOnce && places[p].address == frame.address)) continue;
      if (best == kNoPlace || nearer(places[p], places[best])) best = p;
    }
    if (best != kNoPlace) hits.push_back({static_cast<std::uint16_t>(at), s, best, false});
  }

  void look_at(ThreadIndex thread) {
    const ThreadView view(recording_.table, dump_.threads[thread.index]);
    const std::vector<Hit>& all = hits(thread, view);
    if (all.empty()) return;
    const Wait* wait = wait_of_[thread.index];
    for (const Hit& hit : all) {
      Candidate candidate;
      if (judge(thread, view, wait, hit, candidate)) keep(candidate);
    }
  }

  bool judge(ThreadIndex thread, const ThreadView& view, const Wait* wait, const Hit& hit, Candidate& candidate) const {
    const Subject& subject = subjects_[hit.subject];
    candidate = {hit.subject, thread, hit.frame, LockMode::kExclusive, Evidence::kReceiverType};
    candidate.waits_for_it = wait != nullptr && wait->lock == subject.lock;
    // Frames of the wait itself; and the function that asks for this very lock has not got it.
    const std::size_t asking = wait != nullptr ? dump_.asking_frame(*wait) : 0;
    if (hit.frame < asking || (candidate.waits_for_it && hit.frame == asking)) return false;
    if (candidate.waits_for_it && hit.place == kNoPlace && is_java_lambda(view.function(hit.frame))) return false;
    if (activities_[thread.index].kind == ActivityKind::kIdle) return false;
    const Receiver receiver = rules_.receiver(view, hit.frame);
    const bool told = receiver.value != 0 && !subject.objects.empty();
    const bool same = told && subject.has_object(receiver.value);
    if (told && !same && !receiver.uncertain) return false;
    // A reader that waits while writers do waits for them, so what it holds itself it holds to read.
    const bool reads_again = candidate.waits_for_it && wait->mode == LockMode::kShared && subject.writers_wait;
    const bool read_only = subject.kind == LockKind::kRwlock && (subject.pending_writer || reads_again || owners_listed_);
    candidate.mode = read_only ? LockMode::kShared : LockMode::kExclusive;
    if (hit.place != kNoPlace) {
      const WaitPlace& place = subject.places[hit.place];
      candidate.place = hit.place;
      // Who runs what the once is for stands on the line of the others, but past the lock.
      const bool in_once = subject.kind == LockKind::kOnce && hit.frame > 0 && starts_with_any(view.function(hit.frame - 1u), kOnceCalls);
      candidate.any_lambda = view.function(hit.frame).starts_with("operator");
      candidate.by_address = !has_lines(place, view.frame(hit.frame));
      if (candidate.by_address && !in_once && place.address >= view.frame(hit.frame).address) return false;
      candidate.same_line = !in_once && !candidate.by_address && view.frame(hit.frame).line == place.line;
      candidate.mode = place.mode;
      // A front writer waits for readers: who took the lock to write can't be what it waits for.
      if (read_only && place.mode == LockMode::kExclusive) return false;
      if (candidate.by_address) candidate.frame = named_within(view, hit.frame, activities_[thread.index]);
      candidate.evidence = same || subject.only_of_type ? Evidence::kScope : Evidence::kScopeType;
      return true;
    }
    // The caller of another lock shows no line of this one.
    if (wait != nullptr && hit.frame == asking && !name_says_held(view.function(hit.frame))) {
      candidate.evidence = Evidence::kOtherLock;
      return takes_part(recording_.table, rules_, view, activities_[thread.index]);
    }
    candidate.evidence = name_says_held(view.function(hit.frame)) ? Evidence::kName : same ? Evidence::kReceiver : Evidence::kReceiverType;
    // A class' own main() that waits for what it started is of the type as well.
    return candidate.evidence != Evidence::kReceiverType || takes_part(recording_.table, rules_, view, activities_[thread.index]);
  }

  /// What took the lock was inlined into the body of a thread: the function that it calls says more than "std::thread::_State_impl<…>::_M_run".
  [[nodiscard]] std::uint16_t named_within(const ThreadView& view, std::uint16_t frame, const Activity& activity) const {
    for (std::size_t i = frame; i >= activity.own_frame && i < view.size(); --i) {
      if (is_named(view, i)) return static_cast<std::uint16_t>(i);
      if (i == 0) break;
    }
    return frame;
  }

  /// The outermost frame of the strongest evidence: who took the lock called the others.
  void keep(const Candidate& candidate) {
    const ThreadView view(recording_.table, dump_.threads[candidate.thread.index]);
    for (auto it = found_.rbegin(); it != found_.rend() && it->thread == candidate.thread; ++it) {
      if (it->subject != candidate.subject) continue;
      const bool lambda = is_java_lambda(view.function(candidate.frame)), known_lambda = is_java_lambda(view.function(it->frame));
      const bool by_type = candidate.evidence <= Evidence::kReceiverType && it->evidence <= Evidence::kReceiverType;
      if (by_type && lambda != known_lambda) {
        const Evidence stronger = std::max(candidate.evidence, it->evidence);
        if (known_lambda) *it = candidate;
        it->evidence = stronger;
      } else if (candidate.evidence >= it->evidence && !(candidate.evidence == it->evidence && runs_for_ever(candidate, it->frame))) {
        *it = candidate;
      }
      return;
    }
    found_.push_back(candidate);
  }

  /// What a goroutine was begun with is mostly its loop, which holds no lock from one turn to the next: of two methods equally like to have taken the
  /// lock, of which the inner one is not the one that waits, the loop is the less likely.
  [[nodiscard]] bool runs_for_ever(const Candidate& outer, std::uint16_t inner) const {
    if (rules_.runtime != Runtime::kGo || wait_of_[outer.thread.index] != nullptr || inner <= activities_[outer.thread.index].own_frame) return false;
    if (outer.evidence != Evidence::kReceiver && outer.evidence != Evidence::kReceiverType) return false;
    const ThreadView view(recording_.table, dump_.threads[outer.thread.index]);
    std::uint16_t entry = outermost_own(recording_.table, rules_, view);
    if (entry > 0 && entry < view.size() && view.function(entry).find(".func") != std::string_view::npos) --entry;
    return outer.frame >= entry;
  }

  /// A word that a thread's frame was given, and that could be a lock or the object that it is in.
  struct Word {
    ThreadIndex thread;
    std::uint32_t order;  ///< among the thread's words
    std::uint16_t frame;
  };

  void index_words() {
    for (std::uint32_t i = 0; i < dump_.threads.size(); ++i) {
      if (activities_[i].kind == ActivityKind::kIdle) continue;
      const Wait* wait = wait_of_[i];
      const ThreadView view(recording_.table, dump_.threads[i]);
      std::uint32_t order = 0;
      for (const Argument& word : view.arguments()) {
        ++order;
        if (word.uncertain || word.value == 0 || word.frame >= view.size() || (wait != nullptr && word.frame < dump_.asking_frame(*wait))) continue;
        if (is_of_a_subject_.contains(word.value)) words_[word.value].push_back({{i}, order, word.frame});
      }
    }
  }

  /// In each thread the first word that is the lock or an object that it is in, and not a library's.
  void look_for_arguments(std::uint32_t s) {
    const Subject& subject = subjects_[s];
    std::vector<Word> given;
    const auto gather = [&](std::uint64_t value) {
      if (const auto words = words_.find(value); words != words_.end()) given.insert(given.end(), words->second.begin(), words->second.end());
    };
    gather(subject.address);
    for (const std::uint64_t object : subject.objects) {
      if (object != subject.address) gather(object);
    }
    std::sort(given.begin(), given.end(), [](const Word& a, const Word& b) { return std::pair(a.thread, a.order) < std::pair(b.thread, b.order); });
    ThreadIndex last;
    for (const Word& word : given) {
      const Wait* wait = wait_of_[word.thread.index];
      if (word.thread == last || (wait != nullptr && wait->lock == subject.lock)) continue;
      const ThreadView view(recording_.table, dump_.threads[word.thread.index]);
      const Frame& frame = view.frame(word.frame);
      if (rules_.library(view.function(word.frame), recording_.table.text(frame.file), recording_.table.text(frame.module))) continue;
      add(s, {s, word.thread, word.frame, mode_of(subject), Evidence::kArgument});
      last = word.thread;
    }
  }

  [[nodiscard]] LockMode mode_of(const Subject& subject) const {
    return subject.kind == LockKind::kRwlock && (subject.pending_writer || owners_listed_) ? LockMode::kShared : LockMode::kExclusive;
  }

  /// Where a thread of which nothing else is known would have taken the lock: in a closure of a function that waits for it, else in its outermost own
  /// that is no mere body of a thread, "serve()::{lambda()#1}::operator()"; where it waits for another lock, in what called the function that asks for that.
  [[nodiscard]] std::uint16_t likeliest_frame(const Subject& subject, const ThreadView& view, const Activity& activity) const {
    for (std::size_t i = 0; i < view.size(); ++i) {
      const bool closure = std::any_of(subject.places.begin(), subject.places.end(),
                                       [&](const WaitPlace& place) { return is_closure_of(view.function(i), recording_.table.text(place.function)); });
      if (closure) return static_cast<std::uint16_t>(i);
    }
    const std::uint16_t outermost = outermost_own(recording_.table, rules_, view);
    if (activity.kind != ActivityKind::kLock) return named_within(view, outermost, activity);
    for (std::size_t i = activity.own_frame + std::size_t{1}; i <= outermost && i < view.size(); ++i) {
      if (is_named(view, i)) return static_cast<std::uint16_t>(i);
    }
    return outermost;
  }

  /// A function of the program's own, and no mere body of a thread.
  [[nodiscard]] bool is_named(const ThreadView& view, std::size_t i) const {
    return !rules_.library(view.function(i), view.file(i), recording_.table.text(view.frame(i).module)) && !is_body(view.function(i));
  }

  /// Threads that wait for the end of others can hold a lock only where nobody else can.
  void look_for_the_rest(std::uint32_t s) {
    if (dump_.threads_missed != 0) return;
    if (!others_) eliminate();
    const LockId lock = subjects_[s].lock;
    const bool apart = others_->any_beside(lock);
    if (!apart) look_among_waiters(s);
    const auto only = (apart ? others_ : those_that_wait_for_others_)->only_one_beside(lock);
    if (!only) return;
    const ThreadView view(recording_.table, dump_.threads[only->index]);
    add(s, {s, *only, likeliest_frame(subjects_[s], view, activities_[only->index]), mode_of(subjects_[s]), Evidence::kRest});
  }

  void eliminate() {
    std::vector<Elimination::Member> others, wait_for_others;
    for (std::uint32_t i = 0; i < dump_.threads.size(); ++i) {
      const ThreadRecord& record = dump_.threads[i];
      const ThreadView view(recording_.table, record);
      if (!takes_part(recording_.table, rules_, view, activities_[i]) || polls_events(view, activities_[i])) continue;
      const bool waits_for_others = activities_[i].kind == ActivityKind::kJoin || activities_[i].kind == ActivityKind::kWaitGroup;
      (waits_for_others ? wait_for_others : others).push_back({{i}, record.stack, wait_of_[i] != nullptr ? wait_of_[i]->lock : LockId{}, record.count == 1});
    }
    others_.emplace(std::move(others));
    those_that_wait_for_others_.emplace(std::move(wait_for_others));
  }

  /// A writer waits for readers to leave, and nobody takes part but those who wait for the lock: then some of them read. Who waits to read has taken the
  /// lock before, or who waits to write has asked for more than it has. A place where a crowd stands is the less likely one. Other runtimes' dumps
  /// show the objects, and this says nothing of those.
  void look_among_waiters(std::uint32_t s) {
    const Subject& subject = subjects_[s];
    if (rules_.runtime != Runtime::kNative) return;
    const bool order_unknown = subject.address == 0 && subject.writers_wait && subject.readers_wait;
    if (subject.kind != LockKind::kRwlock || !(subject.pending_writer || order_unknown)) return;
    std::map<std::uint32_t, std::vector<Candidate>> by_stack;
    std::size_t crowd = 0;
    for (std::uint32_t i = 0; i < dump_.threads.size(); ++i) {
      const Wait* wait = wait_of_[i];
      if (wait == nullptr || wait->lock != subject.lock || (subject.readers_wait && wait->mode != LockMode::kShared)) continue;
      const ThreadView view(recording_.table, dump_.threads[i]);
      Candidate candidate{s, {i}, likeliest_frame(subject, view, activities_[i]), LockMode::kShared, Evidence::kRest};
      candidate.waits_for_it = true;
      std::vector<Candidate>& same = by_stack[dump_.threads[i].stack.index];
      same.push_back(candidate);
      crowd = std::max(crowd, same.size());
    }
    const bool some_stand_alone = std::any_of(by_stack.begin(), by_stack.end(), [&](const auto& entry) { return entry.second.size() < crowd; });
    for (const auto& [stack, members] : by_stack) {
      if (members.size() < crowd || !some_stand_alone) found_.insert(found_.end(), members.begin(), members.end());
    }
  }

  const Recording& recording_;
  const Dump& dump_;
  const std::vector<Activity>& activities_;
  const RuntimeRules& rules_;
  const std::vector<Subject>& subjects_;
  const bool owners_listed_;  ///< of locks that are no monitors: then who holds a read-write lock that no owner is listed of reads
  std::vector<const Wait*> wait_of_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_function_;
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> by_type_;
  std::unordered_map<std::uint32_t, std::vector<Hit>> hits_;  ///< by stack
  std::vector<Candidate> found_;
  std::vector<bool> has_candidate_;                              ///< by subject
  std::unordered_set<std::uint64_t> is_of_a_subject_;            ///< addresses of locks and of the objects that they are in
  std::unordered_map<std::uint64_t, std::vector<Word>> words_;   ///< by value
  std::optional<Elimination> others_, those_that_wait_for_others_;
};

}  // namespace

std::vector<Candidate> find_candidates(const Recording& recording, const Dump& dump, const std::vector<Activity>& activities, const RuntimeRules& rules,
                                       const std::vector<Subject>& subjects) {
  return subjects.empty() ? std::vector<Candidate>{} : Finder(recording, dump, activities, rules, subjects).run();
}

}  // namespace tailback::analyze
