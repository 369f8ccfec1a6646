// One report of the kernel on its tasks, put together: stacks come first, lockdep's lists of locks behind them.
//
// What lockdep lists as held includes the lock that a task is asking for: it is put on the list before the task sleeps
// (mutex_acquire() stands before the wait in __mutex_lock_common(), rwsem_acquire_read() before __down_read()). It is always the
// task's last, and the call that asks for it has not returned: the address printed behind "at:" is a return address on the task's stack.
// So the last lock of a task whose stack shows that very place is awaited; where the stack was not printed it may be either.
//
// lockdep does not print the mode. The usage of the class tells it where the class is only ever taken one way.
//
// Thread safety: none; owned by one reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "replay/sources/dump_builder.h"
#include "replay/sources/kernel_lines.h"

namespace tailback::replay {

/// A lock on lockdep's list. Owns its texts.
struct ListedLock {
  std::uint64_t address = 0;
  std::string name, usage;
  std::string site;           ///< "fscrypt_ioctl_set_policy+0x11f/0x2a0"
  std::string inlined;        ///< names of functions inlined there: "inode_lock_shared"
};

struct ListedTask {
  std::string pid, name, workqueue;
  char state = 0;
  std::int64_t hung_seconds = -1;
  std::uint64_t line = 0;
  std::vector<FrameId> frames;
  std::vector<std::string> sites;        ///< of `frames`
  std::vector<FrameId> guesses;          ///< found on the stack, perhaps left from an earlier call
  std::vector<std::string> guessed_sites;
  bool guessed = false;                  ///< `frames` are guesses
  std::vector<ListedLock> locks;         ///< in the order of asking
  bool asks_again = false;               ///< lockdep's report says that it is about to ask for `locks.back()`, which it holds
  bool has_stack = false;
  bool in_blocker = false;               ///< the kernel names it as an owner, or as waiting for one
};

class KernelDump {
 public:
  explicit KernelDump(DumpBuilder& builder) : builder_(builder) {}

  [[nodiscard]] bool empty() const { return tasks_.empty() && statements_.empty(); }
  /// The task of that pid, added if it is new. Valid until the next call.
  ListedTask& task(std::string_view pid, std::string_view name, std::uint64_t line);
  [[nodiscard]] const ListedTask* find(std::string_view pid) const;
  void add_blocker(const KernelBlocker& blocker, std::uint64_t line);
  void add_statement(std::string text) { statements_.push_back(std::move(text)); }

  /// Passes all of it on as a dump, and is empty.
  void end(std::int64_t wall_ns, std::int64_t mono_ns);

 private:
  struct Blocker {
    std::uint32_t waiter, owner;
    LockKind kind;
    LockMode wait_mode, hold_mode;
  };

  void add_task(std::uint32_t index);
  void add_waits_and_holds(std::uint32_t index);
  void add_blockers();
  void add_wait(std::uint32_t task, LockId lock, LockMode mode);
  void add_hold(std::uint32_t task, LockId lock, LockMode mode, Basis basis, std::uint8_t strength, std::uint16_t frame, std::string_view evidence);
  LockId lock_of(const ListedLock& lock);
  void count_candidates();

  DumpBuilder& builder_;
  std::vector<ListedTask> tasks_;
  std::unordered_map<std::string, std::uint32_t> by_pid_;
  std::vector<Blocker> blockers_;
  std::vector<std::string> statements_;
  std::vector<std::uint32_t> thread_of_;                 ///< by index of tasks_; kNoThread: not in the dump
  std::unordered_map<std::uint32_t, LockId> awaited_;    ///< by index of tasks_
  std::unordered_map<std::string, unsigned> candidates_; ///< tasks that may hold a lock, by its address and name
  std::unordered_set<std::uint32_t> recorded_waits_;     ///< threads
  std::unordered_set<std::uint64_t> strong_holds_;       ///< thread and lock
  std::unordered_map<std::string, LockId> global_locks_; ///< old kernels print no address: locks that there is one of, by name
};

/// The mode in which locks of a class are held, from its usage: "+.+." was never taken for reading, ".+.+" never for writing.
enum class ListedMode : std::uint8_t { kExclusive, kShared, kUnknown };
[[nodiscard]] ListedMode listed_mode(const ListedLock& lock);

/// Whether an entry is a mark of lockdep's that no one waits for as for a lock: RCU's read sides, the work that a worker is at.
[[nodiscard]] bool is_annotation(const ListedLock& lock);

}  // namespace tailback::replay
