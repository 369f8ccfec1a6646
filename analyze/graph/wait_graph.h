// Who can't go on before whom: threads and locks, with modes and the locks' policies.
//
// A request for a lock is blocked by the threads that hold it in a conflicting mode; a request to read also by a writer that waits, where
// the lock's policy lets a waiting writer keep readers out. (One small rule; checked against exhaustive search in replay/schedule.)
// Each lock is two nodes, one for requests to write and one for requests to read, so that edges stay linear in waits and holds:
//
//     thread ──waits──▶ lock, write ──held by──▶ thread
//     thread ──waits──▶ lock, read ──held for writing by──▶ thread
//                                  └─a writer waits──▶ thread
//
// A ring in it never ends by itself: everyone on it waits for all that stands before it.
//
// Cost: linear in threads, locks, waits and holds. Pure; holds pointers into the dump, which must outlive it unchanged.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::analyze {

/// Compressed rows: items of `key` are values[begin[key] … begin[key + 1]).
struct Rows {
  std::vector<std::uint32_t> begin, values;

  [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t key) const {
    return key + std::size_t{1} < begin.size() ? std::span(values).subspan(begin[key], begin[key + 1] - begin[key]) : std::span<const std::uint32_t>{};
  }
};

/// Why one thread blocks another.
struct Step {
  ThreadIndex thread;           ///< that waits
  LockId lock;                  ///< for this
  LockMode mode = LockMode::kExclusive;
  ThreadIndex blocker;          ///< because of that one,
  const Hold* hold = nullptr;   ///< which holds it; null: which is a writer that waits for it too
};

/// A ring: the blocker of each step is the thread of the next, the last one's that of the first.
using Ring = std::vector<Step>;

class WaitGraph {
 public:
  /// Takes in holds of at least that strength.
  explicit WaitGraph(const Dump& dump, int least_strength = 1);

  [[nodiscard]] const Dump& dump() const { return dump_; }
  /// The thread's wait, or null; its first where several are on record.
  [[nodiscard]] const Wait* wait_of(ThreadIndex thread) const;
  [[nodiscard]] std::span<const std::uint32_t> waits_for(LockId lock) const { return waits_of_lock_.of(lock.index); }  ///< indices into Dump::waits
  [[nodiscard]] std::span<const std::uint32_t> holds_of(LockId lock) const { return holds_of_lock_.of(lock.index); }   ///< indices into Dump::holds
  [[nodiscard]] std::span<const std::uint32_t> holds_by(ThreadIndex thread) const { return holds_of_thread_.of(thread.index); }

  /// Threads (by their rows' counts) that wait for the lock.
  [[nodiscard]] std::uint64_t waiting(LockId lock) const;
  /// The writer that waits for the readers, else the first that waits to write; null: none waits to write.
  [[nodiscard]] const Wait* pending_writer(LockId lock) const;
  /// Whether a waiting writer keeps readers of this lock out; true also where nothing is known of the lock's policy.
  [[nodiscard]] static bool writer_blocks_readers(const Lock& lock) { return lock.policy != LockPolicy::kPreferReaders; }

  /// One ring (a shortest through its first thread) for each set of threads and locks that wait for each other in a circle.
  [[nodiscard]] std::vector<Ring> rings() const;
  /// Threads, by counts, that can't go on before one of `threads` does, without those themselves.
  [[nodiscard]] std::uint64_t blocked_behind(std::span<const ThreadIndex> threads) const;
  /// Whom a thread waits for; none: it waits for no lock, or for one without a known holder.
  [[nodiscard]] std::optional<Step> next(ThreadIndex thread) const;
  /// From a thread that waits to the one at the end of the chain: waits for no lock, or for one without a known holder.
  /// Ends early where it meets a ring.
  [[nodiscard]] std::vector<Step> chain(ThreadIndex from) const;

 private:
  using Node = std::uint32_t;

  [[nodiscard]] Node write_node(LockId lock) const { return threads_ + lock.index; }
  [[nodiscard]] Node read_node(LockId lock) const { return threads_ + locks_ + lock.index; }
  [[nodiscard]] LockId lock_of(Node node) const { return {(node - threads_) % locks_}; }
  [[nodiscard]] bool usable(const Hold& hold) const;
  [[nodiscard]] bool usable(const Wait& wait) const;
  [[nodiscard]] const Hold* hold(ThreadIndex thread, LockId lock, LockMode request) const;
  void index_waits_and_holds();
  void build_edges();
  [[nodiscard]] Ring ring_through(Node start, std::span<const std::uint32_t> component) const;
  [[nodiscard]] Step step(ThreadIndex thread, ThreadIndex blocker) const;

  const Dump& dump_;
  int least_strength_;
  std::uint32_t threads_, locks_;
  std::vector<std::uint32_t> wait_of_;   ///< by thread: index into Dump::waits
  Rows waits_of_lock_, holds_of_lock_, holds_of_thread_, edges_, reverse_;
  std::vector<std::uint32_t> pending_;   ///< by lock: index into Dump::waits
};

}  // namespace tailback::analyze
