// What each thread holds, waits for and works on, in memory that any other thread may read at any time.
//
// Every thread that takes an instrumented lock has a record, found through a thread-local pointer and written by that thread alone
// (but for erase_foreign). A lock keeps no list of its holders: they are found by looking through the records, which costs
// the thread that takes a lock three plain stores, and nothing that other processors see.
//
// Invariants:
// - A hold is entered after the lock was granted and taken out before it is given back: the records never say more than
//   is true. Between the two a held lock may look free.
// - `wait_sequence` is odd exactly while the thread waits. A thread that waits changes nothing else of its record, so two looks that
//   find the same odd number have seen one wait, and the holds that stand through it.
//
// Thread safety: as said at each function. Blocks: never. Memory: 512 bytes a thread, never unmapped, used again.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/locks/lock_table.h"

namespace tailback::locks {

inline constexpr std::uint32_t kMaxHolds = 22;          ///< locks a thread may hold at once; more are counted, not named
inline constexpr std::uint32_t kMaxThreads = 1u << 17;  ///< with a record at once; more are counted, not seen
inline constexpr std::uint32_t kHoldStackDepth = 16;    ///< frames of a hold's stack, where those were asked for
inline constexpr std::size_t kLabelBytes = 40;          ///< of a task's label, with the final zero

struct HoldStack {
  std::atomic<std::uint64_t> frames[kHoldStackDepth];   ///< return addresses, innermost first; 0 ends them
};

/// A lock held. `key` is 0 where the entry is free.
struct HoldEntry {
  std::atomic<std::uint64_t> key;    ///< lock id, and the mode in the lowest bit: 1 is shared
  std::atomic<std::uint64_t> place;  ///< return address into the function that took it
};

enum class ThreadStatus : std::uint32_t {
  kFree,
  kLive,
  kExited,  ///< gone, but it took locks along: their waiters are orphans
};

enum WaitFlags : std::uint32_t { kWaitTimed = 1 };

struct alignas(64) ThreadSlot {
  std::atomic<std::uint64_t> wait_sequence;
  std::atomic<std::uint64_t> wait_key;        ///< as HoldEntry::key
  std::atomic<std::int64_t> wait_since_ns;    ///< CLOCK_MONOTONIC
  std::atomic<std::uint64_t> wait_place;
  std::atomic<std::uint32_t> wait_flags;
  std::atomic<std::uint32_t> wait_ticket;     ///< place in the lock's queue, ascending; 0: the lock has no order
  std::atomic<std::uint64_t> logical;         ///< number of the thread, never used again
  std::atomic<std::uint32_t> tid;
  std::atomic<ThreadStatus> status;

  std::atomic<std::uint64_t> label_sequence;  ///< odd while the label is being written
  std::atomic<std::uint64_t> label[kLabelBytes / 8];
  std::atomic<HoldStack*> hold_stacks;        ///< kMaxHolds of them, mapped when first asked for
  std::atomic<std::uint32_t> next_free;       ///< while free
  std::atomic<std::uint32_t> unused;

  std::atomic<std::uint32_t> top;             ///< entries of `holds` in use; some of them may be free
  std::atomic<std::uint32_t> unnamed_holds;   ///< taken while all entries were in use
  HoldEntry holds[kMaxHolds];
};
static_assert(sizeof(ThreadSlot) == 512);

extern constinit thread_local ThreadSlot* current_record __attribute__((tls_model("initial-exec")));

/// Gives the calling thread a record. Null when there is none left, or when called from within itself.
ThreadSlot* attach_thread() noexcept;

/// The calling thread's record; null when it can have none.
inline ThreadSlot* this_thread() noexcept {
  ThreadSlot* record = current_record;
  return record != nullptr ? record : attach_thread();
}

constexpr std::uint64_t hold_key(std::uint64_t lock_id, bool shared) noexcept { return lock_id << 1 | (shared ? 1 : 0); }
constexpr std::uint64_t lock_of(std::uint64_t key) noexcept { return key >> 1; }
constexpr bool is_shared(std::uint64_t key) noexcept { return (key & 1) != 0; }

/// Extras that cost time on every acquisition; all off is one load and one branch.
enum Features : std::uint32_t { kFeatureEvents = 1, kFeatureHoldStacks = 2, kFeatureSchedule = 4 /**< runtime/schedule */ };
inline constexpr std::uint32_t kReleaseFeatures = kFeatureEvents | kFeatureSchedule;  ///< those that a release has to do with
extern std::atomic<std::uint32_t> features;

/// Closes gaps in a full record; counts the hold as unnamed and returns false where there is none.
bool make_room(ThreadSlot* record) noexcept;
void erase_slow(ThreadSlot* record, std::uint64_t key) noexcept;

/// Enters a hold of the calling thread; false when all entries are in use, or seem to be.
inline bool try_push_hold(ThreadSlot* record, std::uint64_t key, const void* place) noexcept {
  const std::uint32_t top = record->top.load(std::memory_order_relaxed);
  if (top >= kMaxHolds) [[unlikely]] return false;
  HoldEntry& entry = record->holds[top];
  entry.place.store(reinterpret_cast<std::uintptr_t>(place), std::memory_order_relaxed);
  entry.key.store(key, std::memory_order_release);  // whoever sees the key sees its place
  record->top.store(top + 1, std::memory_order_release);
  return true;
}
inline void push_hold(ThreadSlot* record, std::uint64_t key, const void* place) noexcept {
  while (!try_push_hold(record, key, place)) {
    if (!make_room(record)) return;
  }
}

/// Takes out the calling thread's newest hold; false when that is another one.
inline bool try_erase_hold(ThreadSlot* record, std::uint64_t key) noexcept {
  const std::uint32_t top = record->top.load(std::memory_order_relaxed);
  // Relaxed: the release of the lock itself, which follows, orders these stores before whatever the next owner does.
  if (top == 0 || record->holds[top - 1].key.load(std::memory_order_relaxed) != key) [[unlikely]] return false;
  record->holds[top - 1].key.store(0, std::memory_order_relaxed);
  record->top.store(top - 1, std::memory_order_relaxed);
  return true;
}
/// Takes out a hold of the calling thread; one of another thread's where it has none.
inline void erase_hold(ThreadSlot* record, std::uint64_t key) noexcept {
  if (!try_erase_hold(record, key)) erase_slow(record, key);
}

/// Whether the record says that the thread holds the lock, in any mode.
bool holds_lock(const ThreadSlot* record, std::uint64_t lock_id) noexcept;

/// Records ever used: indexes for record_at().
std::uint32_t record_count() noexcept;
/// Null where there is none.
ThreadSlot* record_at(std::uint32_t index) noexcept;

/// The label of what the calling thread does; longer ones are cut. Called by the thread itself.
void set_label(ThreadSlot* record, const char* text, std::size_t length) noexcept;
/// Copies a label; false when it was being written all the while.
bool read_label(const ThreadSlot* record, char (&text)[kLabelBytes]) noexcept;

struct ThreadTableCounts {
  std::uint64_t live = 0;
  std::uint64_t exited_holding = 0;    ///< threads that ended with locks held
  std::uint64_t overflow = 0;          ///< times that a thread found no record
  std::uint64_t hold_overflow = 0;     ///< holds beyond kMaxHolds
  std::uint64_t foreign_releases = 0;  ///< locks released by another thread than the one that took them
};
ThreadTableCounts thread_table_counts() noexcept;

}  // namespace tailback::locks
