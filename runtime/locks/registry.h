// The registry: who holds and who waits for which instrumented lock, now.
//
// Readable while every thread of the process is blocked: take_snapshot() takes no lock and, into a snapshot that has been reserved,
// allocates nothing. It is no instant: records are read one after the other. What a thread does while it is read may be half
// there; what stands (a thread that waits and what it holds) is exact. Nothing in it is ever more than was true.
//
// Thread safety: any thread, at any time; a Snapshot is a plain value.
// Cost: about 30 ns a thread that holds or waits for nothing, 100 ns one that does.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/locks/lock_table.h"
#include "runtime/locks/thread_table.h"

namespace tailback::locks {

/// A thread that has used an instrumented lock or a label.
struct ThreadView {
  std::uint32_t tid = 0;
  std::uint64_t logical = 0;       ///< never used again in the process
  bool exited = false;             ///< gone, with locks held
  std::uint32_t unnamed_holds = 0; ///< beyond what its record can name
  char label_bytes[kLabelBytes] = {};

  [[nodiscard]] std::string_view label() const noexcept { return label_bytes; }
};

struct HoldView {
  std::uint32_t thread = 0;        ///< index into Snapshot::threads
  std::uint64_t lock = 0;          ///< id
  bool shared = false;
  std::uint64_t place = 0;         ///< return address into the function that took it
  std::uint64_t frames[kHoldStackDepth] = {};  ///< return addresses, innermost first, where stacks were asked for; 0 ends them
};

struct WaitView {
  std::uint32_t thread = 0;
  std::uint64_t lock = 0;
  bool shared = false;
  bool timed = false;              ///< will give up by itself
  std::uint32_t ticket = 0;        ///< place in the lock's queue, ascending; 0: no order
  std::int64_t since_ns = 0;       ///< CLOCK_MONOTONIC
  std::uint64_t place = 0;
};

struct Snapshot {
  std::int64_t mono_ns = 0;        ///< when it was begun
  std::vector<LockView> locks;     ///< those that somebody holds or waits for, ascending by id
  std::vector<ThreadView> threads;
  std::vector<HoldView> holds;
  std::vector<WaitView> waits;
  std::uint64_t missed = 0;        ///< entries for which no room was reserved
  ThreadTableCounts thread_counts;
  LockTableCounts lock_counts;

  /// Makes room, so that take_snapshot() need not allocate.
  void reserve(std::size_t threads, std::size_t holds, std::size_t locks);
  [[nodiscard]] const LockView* find(std::uint64_t lock_id) const noexcept;
};

enum class Growth : bool { kForbidden, kAllowed };

/// Fills a snapshot, in the room that it has or, if allowed, in as much as it takes.
void take_snapshot(Snapshot& snapshot, Growth growth) noexcept;

/// What a sample tells of the locks. Waits for conditions don't count: they are how a thread is idle.
struct LockMetrics {
  std::uint64_t blocked_threads = 0;
  std::int64_t longest_wait_ns = 0;
};
LockMetrics lock_metrics() noexcept;

/// Holds remember the whole stack from now on, not only the place: about 3 µs an acquisition.
void set_hold_stacks(bool on) noexcept;

}  // namespace tailback::locks
