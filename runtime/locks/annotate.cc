#include "runtime/locks/annotate.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

namespace tailback::locks {
namespace {

// An instrumented lock's futex lies within the lock, or, for a read-write lock, on the stack of the waiting thread.
constexpr std::uint64_t kLockBytes = 64;
constexpr std::uint32_t kNone = 0xffffffff;

class Annotator {
 public:
  Annotator(Dump& dump, Recording& recording, const Snapshot& snapshot, const PlaceNames& names)
      : dump_(dump), recording_(recording), snapshot_(snapshot), names_(names) {}

  AnnotateStats run() {
    match_threads();
    index_dump();
    for (const LockView& lock : snapshot_.locks) add_lock(lock);
    find_fronts();
    for (const WaitView& wait : snapshot_.waits) add_wait(wait);
    for (const HoldView& hold : snapshot_.holds) add_hold(hold);
    remove_replaced();
    return stats_;
  }

 private:
  StackTable& table() { return recording_.table; }

  void match_threads() {
    std::unordered_map<std::uint64_t, std::uint32_t> by_tid;
    for (std::uint32_t i = 0; i < dump_.threads.size(); ++i) {
      const std::string& id = dump_.threads[i].id;
      std::uint64_t tid = 0;
      if (std::from_chars(id.data(), id.data() + id.size(), tid).ec == std::errc{}) by_tid.emplace(tid, i);
    }
    for (const ThreadView& thread : snapshot_.threads) {
      // The tid of a thread that is gone may be another's by now.
      const auto found = thread.exited ? by_tid.end() : by_tid.find(thread.tid);
      threads_.push_back(found == by_tid.end() ? ThreadIndex{} : ThreadIndex{found->second});
      if (found == by_tid.end()) {
        if (!thread.exited) ++stats_.unmatched_threads;
      } else if (!thread.label().empty()) {
        dump_.threads[found->second].label = table().intern(thread.label());
        ++stats_.labels;
      }
    }
  }

  void index_dump() {
    for (std::uint32_t i = 0; i < dump_.locks.size(); ++i) {
      if (dump_.locks[i].registry_id == 0 && dump_.locks[i].address != 0) locks_by_address_.emplace(dump_.locks[i].address, i);
    }
    wait_of_.assign(dump_.threads.size(), kNone);
    confirmed_.assign(dump_.threads.size(), false);
    for (std::uint32_t i = 0; i < dump_.waits.size(); ++i) wait_of_[dump_.waits[i].thread.index] = i;
    for (std::uint32_t i = 0; i < dump_.holds.size(); ++i) hold_of_.emplace(hold_key_of(dump_.holds[i]), i);
  }

  static std::tuple<std::uint32_t, std::uint32_t, LockMode> hold_key_of(const Hold& hold) {
    return {hold.thread.index, hold.lock.index, hold.mode};
  }

  void add_lock(const LockView& view) {
    const LockKind kind = to_model(view.kind);
    const auto known = locks_by_address_.find(view.address);
    const std::uint32_t index = known != locks_by_address_.end() ? known->second : static_cast<std::uint32_t>(dump_.locks.size());
    if (known == locks_by_address_.end()) dump_.locks.emplace_back();
    Lock& lock = dump_.locks[index];
    lock.address = view.address;
    lock.registry_id = view.id;
    if (kind != LockKind::kUnknown) lock.kind = kind;
    if (view.policy != lock_policy::none) lock.policy = to_model(view.policy);
    if (!view.name().empty()) lock.name = table().intern(view.name());
    lock_ids_.emplace(view.id, LockId{index});
    ++stats_.locks;
  }

  // The frame that called the lock: the one at the place. The lock's own are those inside of it.
  [[nodiscard]] std::uint16_t own_frame(const ThreadRecord& thread, std::uint64_t place) const {
    const auto frames = recording_.table.stack(thread.stack);
    for (std::size_t i = 1; i < frames.size() && i < Hold::kNoFrame; ++i) {
      if (recording_.table.frame(frames[i]).address != place - 1) continue;
      // A guard's constructor, inlined where the lock was called, is the lock's own too.
      while (i + 1 < frames.size() && recording_.table.frame(frames[i]).inlined && recording_.table.function(frames[i]).starts_with("std::")) ++i;
      return static_cast<std::uint16_t>(i - 1);
    }
    return Hold::kNoFrame;
  }

  // Who is next in each queue that has an order: of those who ask for the lock exclusively, or under `fair` of all, the one who came first.
  void find_fronts() {
    for (const WaitView& wait : snapshot_.waits) {
      const LockView* lock = snapshot_.find(wait.lock);
      if (lock == nullptr || wait.ticket == 0 || (wait.shared && lock->policy != lock_policy::fair)) continue;
      const WaitView*& front = fronts_[wait.lock];
      if (front == nullptr || wait.ticket < front->ticket) front = &wait;
    }
  }

  void add_wait(const WaitView& view) {
    const ThreadIndex thread = threads_[view.thread];
    const auto lock = lock_ids_.find(view.lock);
    if (!thread || lock == lock_ids_.end()) return;
    ThreadRecord& record = dump_.threads[thread.index];
    const std::uint16_t frame = own_frame(record, view.place);
    // Without its frame on the stack the wait began after the capture; a thread without a stack has no say.
    if (frame == Hold::kNoFrame && record.quality == StackQuality::kComplete && !table().stack(record.stack).empty() && has_addresses(record)) return;
    std::uint32_t& index = wait_of_[thread.index];
    const bool is_this = index != kNone && (dump_.waits[index].lock == lock->second || is_futex_of(dump_.waits[index], view));
    if (is_this && dump_.waits[index].lock != lock->second) {
      replaced_.push_back(dump_.waits[index].lock);
      ++stats_.replaced_waits;
    }
    if (!is_this) {
      index = static_cast<std::uint32_t>(dump_.waits.size());
      dump_.waits.emplace_back();
    }
    confirmed_[thread.index] = true;
    Wait* const wait = &dump_.waits[index];
    wait->thread = thread;
    wait->lock = lock->second;
    wait->mode = view.shared ? LockMode::kShared : LockMode::kExclusive;
    wait->since_ns = snapshot_.mono_ns - view.since_ns;
    if (frame != Hold::kNoFrame) wait->frame = frame;
    const auto front = fronts_.find(view.lock);
    if (front != fronts_.end() && front->second == &view) wait->front = true;
    if (record.waited_ns < 0) record.waited_ns = wait->since_ns;
    record.state = ThreadState::kBlocked;
    ++stats_.waits;
  }

  [[nodiscard]] bool has_addresses(const ThreadRecord& record) const {
    const auto frames = recording_.table.stack(record.stack);
    return std::any_of(frames.begin(), frames.end(), [&](FrameId id) { return recording_.table.frame(id).address != 0; });
  }

  // A wait that the capture could give no lock to but the futex's own address. A thread waits for one thing at a time.
  [[nodiscard]] bool is_futex_of(const Wait& wait, const WaitView& view) const {
    const Lock& lock = dump_.locks[wait.lock.index];
    const LockView* known = snapshot_.find(view.lock);
    const bool inside = known != nullptr && lock.address >= known->address && lock.address < known->address + kLockBytes;
    return lock.registry_id == 0 && (inside || lock.kind == LockKind::kFutex || lock.kind == LockKind::kUnknown);
  }

  void add_hold(const HoldView& view) {
    const ThreadIndex thread = threads_[view.thread];
    const auto lock = lock_ids_.find(view.lock);
    if (lock == lock_ids_.end()) return;
    if (!thread && !snapshot_.threads[view.thread].exited) return;
    const LockMode mode = view.shared ? LockMode::kShared : LockMode::kExclusive;
    // The capture may have the same hold from an owner word, or by inference: this one knows better.
    const auto same = thread ? hold_of_.find({thread.index, lock->second.index, mode}) : hold_of_.end();
    // Two of a recursive lock, one behind the other, are one as well.
    if (thread && same == hold_of_.end()) hold_of_.emplace(std::tuple(thread.index, lock->second.index, mode), static_cast<std::uint32_t>(dump_.holds.size()));
    Hold& hold = same == hold_of_.end() ? dump_.holds.emplace_back() : dump_.holds[same->second];
    hold.thread = thread;
    hold.lock = lock->second;
    hold.mode = mode;
    hold.basis = Basis::kObserved;
    hold.strength = 2;
    if (!thread) dump_.locks[lock->second.index].owner = std::to_string(snapshot_.threads[view.thread].tid);
    name_place(hold, view);
    if (thread && has_gone_on(thread)) {
      hold.strength = 1;
      hold.evidence = table().intern(std::string(table().text(hold.evidence)) + "; the thread has gone on since it was seen to wait");
    }
    ++stats_.holds;
  }

  // The capture saw the thread wait for a lock of ours, and the registry, read later, does not: what it holds now it may have got since. Such a pair proves no ring.
  [[nodiscard]] bool has_gone_on(ThreadIndex thread) const {
    const std::uint32_t index = wait_of_[thread.index];
    if (index == kNone || confirmed_[thread.index]) return false;
    const Lock& lock = dump_.locks[dump_.waits[index].lock.index];
    return lock.registry_id != 0 && lock.kind != LockKind::kCondition;
  }

  // Which frame of the holder took the lock: the one of the function that the place lies in, searched from the inside.
  void name_place(Hold& hold, const HoldView& view) {
    const std::vector<FrameId> taken = names_ && view.place != 0 ? names_(view.place - 1) : std::vector<FrameId>{};
    if (hold.thread) {
      const auto frames = table().stack(dump_.threads[hold.thread.index].stack);
      for (std::size_t i = 0; i < frames.size() && i < Hold::kNoFrame && hold.frame == Hold::kNoFrame; ++i) {
        if (in_function(frames[i], taken, view)) hold.frame = static_cast<std::uint16_t>(i);
      }
    }
    const StringId place = place_text(table(), view.place - 1, names_);
    if (place) hold.evidence = table().intern("lock registry; taken at " + std::string(table().text(place)) + callers(view));
    else if (!hold.evidence) hold.evidence = table().intern("lock registry");
  }

  // Where stacks were asked for: " ← Session::refresh session.cc:31 ← …", without the function that took the lock.
  [[nodiscard]] std::string callers(const HoldView& view) {
    std::string text;
    for (std::size_t i = 1; i < std::size(view.frames) && view.frames[i] != 0; ++i) {
      if (const StringId place = place_text(table(), view.frames[i] - 1, names_)) text += " ← " + std::string(table().text(place));
    }
    return text;
  }

  [[nodiscard]] bool in_function(FrameId id, const std::vector<FrameId>& taken, const HoldView& view) const {
    const Frame& frame = recording_.table.frame(id);
    // The holder still stands in the very call that took it only while that call lasts; else names decide.
    if (frame.address != 0 && frame.address == view.place - 1) return true;
    return !taken.empty() && frame.function && recording_.table.frame(taken.back()).function == frame.function;
  }

  // Futexes that nobody waits for any more were shadows of instrumented locks.
  void remove_replaced() {
    std::sort(replaced_.begin(), replaced_.end());
    replaced_.erase(std::unique(replaced_.begin(), replaced_.end()), replaced_.end());
    for (auto it = replaced_.rbegin(); it != replaced_.rend(); ++it) {
      const LockId gone = *it;
      const auto uses = [gone](const auto& edge) { return edge.lock == gone; };
      if (std::any_of(dump_.waits.begin(), dump_.waits.end(), uses) || std::any_of(dump_.holds.begin(), dump_.holds.end(), uses)) continue;
      dump_.locks.erase(dump_.locks.begin() + gone.index);
      const auto shift = [gone](auto& edge) {
        if (edge.lock.index > gone.index && edge.lock) --edge.lock.index;
      };
      std::for_each(dump_.waits.begin(), dump_.waits.end(), shift);
      std::for_each(dump_.holds.begin(), dump_.holds.end(), shift);
    }
  }

  Dump& dump_;
  Recording& recording_;
  const Snapshot& snapshot_;
  const PlaceNames& names_;
  AnnotateStats stats_;
  std::vector<ThreadIndex> threads_;                       // by index of Snapshot::threads
  std::unordered_map<std::uint64_t, LockId> lock_ids_;     // by registry id
  std::unordered_map<std::uint64_t, std::uint32_t> locks_by_address_;  // of the capture's
  std::vector<std::uint32_t> wait_of_;                     // by thread of the dump
  std::vector<bool> confirmed_;                            // by thread of the dump: the registry knows of its wait, too
  std::map<std::tuple<std::uint32_t, std::uint32_t, LockMode>, std::uint32_t> hold_of_;
  std::unordered_map<std::uint64_t, const WaitView*> fronts_;  // by registry id
  std::vector<LockId> replaced_;
};

}  // namespace

LockKind to_model(lock_kind kind) noexcept {
  switch (kind) {
    case lock_kind::mutex: return LockKind::kMutex;
    case lock_kind::recursive_mutex: return LockKind::kRecursiveMutex;
    case lock_kind::rwlock: return LockKind::kRwlock;
    case lock_kind::condition: return LockKind::kCondition;
    case lock_kind::semaphore: return LockKind::kSemaphore;
    case lock_kind::unknown: break;
  }
  return LockKind::kUnknown;
}

LockPolicy to_model(lock_policy policy) noexcept {
  switch (policy) {
    case lock_policy::prefer_readers: return LockPolicy::kPreferReaders;
    case lock_policy::prefer_writers: return LockPolicy::kPreferWriters;
    case lock_policy::fair: return LockPolicy::kFifo;
    case lock_policy::reentrant: return LockPolicy::kReentrant;
    case lock_policy::either: return LockPolicy::kEither;
    case lock_policy::none: break;
  }
  return LockPolicy::kUnknown;
}

StringId place_text(StackTable& table, std::uint64_t address, const PlaceNames& names) {
  if (!names || address + 1 == 0) return {};
  const std::vector<FrameId> frames = names(address);
  if (frames.empty()) return {};
  // Inlined: the innermost frame is where the code stands, but guards' constructors say nothing; the outermost is the function.
  const Frame& frame = table.frame(frames.back());
  if (!frame.function) return {};
  std::string text(table.text(frame.function));
  if (frame.file) text += " " + std::string(table.text(frame.file)) + ":" + std::to_string(frame.line);
  return table.intern(text);
}

AnnotateStats annotate(Dump& dump, Recording& recording, const Snapshot& snapshot, const PlaceNames& names) {
  if (snapshot.missed != 0) {
    dump.statements.push_back(recording.table.intern("of the instrumented locks " + std::to_string(snapshot.missed) +
                                                     " holds, waits or locks found no room in the snapshot and are not in this dump"));
  }
  return Annotator(dump, recording, snapshot, names).run();
}

}  // namespace tailback::locks
