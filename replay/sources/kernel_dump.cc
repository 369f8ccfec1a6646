#include "replay/sources/kernel_dump.h"

#include <algorithm>
#include <array>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::uint32_t kNoThread = 0xffffffff;

std::string_view site_function(std::string_view site) { return site.substr(0, std::min({site.find("+0x"), site.find(' '), site.size()})); }

ThreadState state_of(char letter) {
  switch (letter) {
    case 'R': return ThreadState::kRunning;
    case 'D': case 'S': case 'K': case 'W': case 'P': case 'T': case 't': case 'C': return ThreadState::kBlocked;
    case 'I': return ThreadState::kIdle;
    case 'X': case 'x': case 'Z': return ThreadState::kDead;
    default: return ThreadState::kUnknown;
  }
}

/// The frame whose call asked for the lock and has not returned, or the size.
std::size_t asking_frame(const ListedTask& task, const ListedLock& lock) {
  return static_cast<std::size_t>(std::find(task.sites.begin(), task.sites.end(), lock.site) - task.sites.begin());
}

std::uint64_t pair_of(std::uint32_t thread, LockId lock) { return std::uint64_t{thread} << 32 | lock.index; }
std::string key_of(const ListedLock& lock) { return std::to_string(lock.address) + lock.name; }

}  // namespace

ListedMode listed_mode(const ListedLock& lock) {
  // Which of the names that wrap an rwsem were inlined tells more than its class.
  static constexpr std::array<std::string_view, 6> kReaders = {"_shared", "read_lock", "down_read", "_lock_read", "sb_start_write", "mnt_want_write"};
  static constexpr std::array<std::string_view, 5> kWriters = {"write_lock", "down_write", "_lock_write", "inode_lock", "invalidate_lock"};
  for (const std::string_view word : kReaders) {
    if (lock.inlined.find(word) != std::string::npos) return ListedMode::kShared;
  }
  for (const std::string_view word : kWriters) {
    if (lock.inlined.find(word) != std::string::npos) return ListedMode::kExclusive;
  }
  // One character for each kind of context, for writing and for reading by turns; '.': never with interrupts on, nor in one.
  // Locks that sleep are only ever taken with interrupts on. (Documentation/locking/lockdep-design.rst)
  bool written = false, read = false;
  for (std::size_t i = 0; i < lock.usage.size(); ++i) {
    if (lock.usage[i] != '.') (i % 2 == 0 ? written : read) = true;
  }
  if (written && !read) return ListedMode::kExclusive;
  if (read && !written) return ListedMode::kShared;
  // "....": usage is not kept. An i_mutex has been an rwsem since 4.7.
  if (!read && lock.name.find("mutex") != std::string::npos && lock.name.find("i_mutex") == std::string::npos) return ListedMode::kExclusive;
  return ListedMode::kUnknown;
}

bool is_annotation(const ListedLock& lock) {
  static constexpr std::array<std::string_view, 8> kNames = {"rcu_read_lock", "rcu_callback", "fs_reclaim",    "console_owner",
                                                             "jbd2_handle",   "dma_fence_map", "mmu_notifier_", "lockdep_"};
  // ((wq_completion)netns), ((work_completion)(&w->work)), ((&timer)), but ((console_sem).lock); (net_cleanup_work) at: process_one_work
  if (lock.name.starts_with('(')) return !lock.name.ends_with(".lock");
  if (site_function(lock.site) == "process_one_work" || lock.name.ends_with("_ww_class_acquire")) return true;
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) { return lock.name.starts_with(name); });
}

ListedTask& KernelDump::task(std::string_view pid, std::string_view name, std::uint64_t line) {
  const auto [found, added] = by_pid_.try_emplace(std::string(pid), static_cast<std::uint32_t>(tasks_.size()));
  if (added) {
    ListedTask& task = tasks_.emplace_back();
    task.pid = pid;
    task.name = name;
    task.line = line;
  }
  return tasks_[found->second];
}

const ListedTask* KernelDump::find(std::string_view pid) const {
  const auto found = by_pid_.find(std::string(pid));
  return found == by_pid_.end() ? nullptr : &tasks_[found->second];
}

void KernelDump::add_blocker(const KernelBlocker& blocker, std::uint64_t line) {
  task(blocker.waiter.pid, blocker.waiter.name, line).in_blocker = true;
  task(blocker.owner.pid, blocker.owner.name, line).in_blocker = true;
  blockers_.push_back({by_pid_.at(std::string(blocker.waiter.pid)), by_pid_.at(std::string(blocker.owner.pid)), blocker.kind, blocker.wait_mode, blocker.hold_mode});
}

void KernelDump::end(std::int64_t wall_ns, std::int64_t mono_ns) {
  for (ListedTask& task : tasks_) {
    // A kernel without frame pointers is sure of no frame: what it found is better than nothing.
    if (!task.frames.empty() || task.guesses.empty()) continue;
    task.frames = task.guesses;
    task.sites = task.guessed_sites;
    task.guessed = true;
  }
  if (empty()) return;
  builder_.begin_dump(wall_ns).mono_ns = mono_ns;
  for (const std::string& text : statements_) builder_.dump().statements.push_back(builder_.table().intern(text));
  const auto hung = std::count_if(tasks_.begin(), tasks_.end(), [](const ListedTask& task) { return task.hung_seconds >= 0 && task.state != 'R'; });
  std::int64_t longest = 0;
  for (const ListedTask& task : tasks_) longest = std::max(longest, task.hung_seconds);
  if (hung > 0) builder_.dump().statements.push_back(builder_.table().intern(std::to_string(hung) + (hung == 1 ? " task" : " tasks") + " blocked for more than " + std::to_string(longest) + " seconds"));
  thread_of_.assign(tasks_.size(), kNoThread);
  for (std::uint32_t i = 0; i < tasks_.size(); ++i) add_task(i);
  builder_.end_thread();
  count_candidates();
  for (std::uint32_t i = 0; i < tasks_.size(); ++i) add_waits_and_holds(i);
  add_blockers();
  builder_.end_dump();
  tasks_.clear();
  by_pid_.clear();
  blockers_.clear();
  statements_.clear();
  awaited_.clear();
  candidates_.clear();
  recorded_waits_.clear();
  strong_holds_.clear();
  global_locks_.clear();
}

void KernelDump::add_task(std::uint32_t index) {
  const ListedTask& task = tasks_[index];
  const bool holds = std::any_of(task.locks.begin(), task.locks.end(), [](const ListedLock& lock) { return !is_annotation(lock); });
  if (!task.has_stack && !holds && !task.in_blocker && task.hung_seconds < 0) return;
  StackTable& table = builder_.table();
  ThreadRecord& thread = builder_.begin_thread(task.pid, task.line);
  thread_of_[index] = builder_.thread_index().index;
  thread.name = table.intern(task.name);
  thread.state = state_of(task.state);
  if (task.state != 0) thread.state_text = table.intern(std::string_view(&task.state, 1));
  if (task.hung_seconds >= 0) thread.waited_ns = task.hung_seconds * 1'000'000'000;
  if (!task.workqueue.empty()) thread.label = table.intern(task.workqueue);
  for (const FrameId frame : task.frames) builder_.frame(frame);
  if (task.guessed) {
    thread.quality = StackQuality::kPartial;
    thread.absence_reason = table.intern("the kernel was sure of none of its frames");
  }
  if (!task.has_stack || task.frames.empty()) {
    thread.quality = StackQuality::kMissing;
    thread.absence_reason = table.intern(task.has_stack ? "no frames were printed" : "the kernel printed its locks only");
  }
  if (task.locks.empty()) return;
  // As a debugger prints `mutex=0x…`: what kind of wait it is, the frames tell.
  const ListedLock& last = task.locks.back();
  const std::size_t asking = asking_frame(task, last);
  if (task.asks_again || asking == 0 || asking >= task.frames.size() || last.address == 0 || is_annotation(last)) return;
  builder_.argument({.value = last.address, .name = table.intern("lock"), .frame = static_cast<std::uint16_t>(asking - 1)});
}

LockId KernelDump::lock_of(const ListedLock& listed) {
  const ListedMode mode = listed_mode(listed);
  const LockKind kind = mode == ListedMode::kExclusive ? LockKind::kUnknown : LockKind::kRwlock;
  const StringId name = builder_.table().intern(listed.name);
  if (listed.address != 0) return builder_.lock(listed.address, kind, name);
  if (listed.name.starts_with('&') || listed.name.find("->") != std::string::npos) return builder_.lock(0, kind, name);
  const auto [found, added] = global_locks_.try_emplace(listed.name);
  if (added) found->second = builder_.lock(0, kind, name);
  return found->second;
}

void KernelDump::count_candidates() {
  for (const ListedTask& task : tasks_) {
    for (const ListedLock& lock : task.locks) {
      const bool asked = &lock == &task.locks.back() && asking_frame(task, lock) < task.sites.size();
      if (!asked) ++candidates_[key_of(lock)];
    }
  }
}

void KernelDump::add_waits_and_holds(std::uint32_t index) {
  const ListedTask& task = tasks_[index];
  if (thread_of_[index] == kNoThread) return;
  for (std::size_t i = 0; i < task.locks.size(); ++i) {
    const ListedLock& listed = task.locks[i];
    if (is_annotation(listed)) continue;
    const bool last = i + 1 == task.locks.size();
    const ListedMode mode = listed_mode(listed);
    const LockMode surely = mode == ListedMode::kExclusive ? LockMode::kExclusive : LockMode::kShared;
    if (last && (task.asks_again || asking_frame(task, listed) < task.sites.size())) {
      // It is being asked for. The argument word says so; without an address, or without frames of a lock's own, this does.
      const LockId lock = lock_of(listed);
      awaited_[index] = lock;
      if (task.asks_again || (listed.address == 0 && mode != ListedMode::kUnknown)) {
        add_wait(index, lock, surely);
      }
      continue;
    }
    std::uint16_t frame = Hold::kNoFrame;
    for (std::size_t f = task.frames.size(); f-- > 0;) {
      if (site_function(task.sites[f]) == site_function(listed.site)) frame = static_cast<std::uint16_t>(f);
    }
    const std::string where = listed.site.empty() ? std::string() : " at " + listed.site;
    if (last && !task.has_stack) {
      // Held or awaited: which, its stack would tell.
      if (candidates_[key_of(listed)] == 1) {
        add_hold(index, lock_of(listed), surely, Basis::kInferred, 1, frame, "lockdep lists it last for this task" + where + ", and for no other that could hold it");
      }
      continue;
    }
    add_hold(index, lock_of(listed), surely, Basis::kObserved, 2, frame, "lockdep lists it as held, taken" + where);
    if (mode == ListedMode::kUnknown) add_hold(index, lock_of(listed), LockMode::kExclusive, Basis::kObserved, 1, frame, "lockdep lists it as held, taken" + where + "; it does not say whether for reading or for writing");
  }
}

/// The kernel's own reading of the owner's word. It says "likely": the word may have moved since the task began to wait; of an rw-semaphore
/// that is read it names the reader that came last, which may have gone.
void KernelDump::add_blockers() {
  for (const Blocker& blocker : blockers_) {
    const auto listed = awaited_.find(blocker.waiter);
    const LockId lock = listed != awaited_.end() ? listed->second : builder_.lock(0, blocker.kind, {});
    Dump& dump = builder_.dump();
    if (dump.locks[lock.index].kind == LockKind::kUnknown) dump.locks[lock.index].kind = blocker.kind;
    add_wait(blocker.waiter, lock, blocker.wait_mode);
    if (strong_holds_.contains(pair_of(thread_of_[blocker.owner], lock))) continue;
    const bool certain_word = blocker.kind == LockKind::kMutex || (blocker.kind == LockKind::kRwlock && blocker.hold_mode == LockMode::kExclusive);
    add_hold(blocker.owner, lock, blocker.hold_mode, Basis::kInferred, certain_word ? 2 : 1, Hold::kNoFrame,
             blocker.kind == LockKind::kSemaphore ? "the kernel names it as the last that took the semaphore" : "the kernel names it as the likely owner");
  }
}

void KernelDump::add_wait(std::uint32_t task, LockId lock, LockMode mode) {
  const ThreadIndex thread{thread_of_[task]};
  if (!recorded_waits_.insert(thread.index).second) return;
  builder_.dump().waits.push_back({.thread = thread, .lock = lock, .mode = mode, .since_ns = builder_.dump().threads[thread.index].waited_ns});
}

void KernelDump::add_hold(std::uint32_t task, LockId lock, LockMode mode, Basis basis, std::uint8_t strength, std::uint16_t frame, std::string_view evidence) {
  const ThreadIndex thread{thread_of_[task]};
  if (strength == 2) strong_holds_.insert(pair_of(thread.index, lock));
  builder_.dump().holds.push_back({.thread = thread, .lock = lock, .mode = mode, .basis = basis, .frame = frame, .strength = strength, .evidence = builder_.table().intern(evidence)});
}

}  // namespace tailback::replay
