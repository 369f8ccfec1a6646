// Sees a deadlock among instrumented locks as it happens.
//
// Who waits for whom, by the rules of read-write locks (lockdep-design in the kernel's documentation tells the same for lock classes):
// a request waits for
//   - every thread that holds the lock in a mode that conflicts with it (exclusive with all, shared with exclusive),
//   - if it is shared, and the lock prefers writers, a thread that waits to write;
//   - if the lock is fair, the request before it in the queue.
// A ring of threads that all wait so, none of them with a time limit, never ends by itself. A thread that waits for itself (the
// same mutex twice, an upgrade) is a ring of one.
//
// A ring is reported only after a second look has found each of its threads in the very same wait: all of them then waited at
// one and the same moment, between the looks, and what a waiting thread holds does not change. So a ring reported is a ring.
// And a ring is not missed: the last thread that closes it waits a few milliseconds, and then checks, or sees that another thread has
// begun a check since.
//
// Thread safety: all. One check runs at a time.
// Cost: linear in threads and what they hold; tests/bench/locks has the figures. No malloc.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/locks/thread_table.h"

namespace tailback::locks {

inline constexpr std::size_t kMaxRing = 32;  ///< threads of a ring that a report names

struct RingMember {
  std::uint32_t tid = 0;
  std::uint64_t logical = 0;
  std::uint64_t waits_for = 0;      ///< lock id
  bool waits_shared = false;
  std::uint64_t wait_place = 0;     ///< return address
  std::int64_t since_ns = 0;        ///< CLOCK_MONOTONIC
  std::uint64_t held = 0;           ///< the lock that the thread before it in the ring waits for; 0: it only stands before it in the queue
  bool held_shared = false;
  std::uint64_t hold_place = 0;
};

/// A ring: each member waits for the next, the last for the first.
struct DeadlockReport {
  RingMember members[kMaxRing];
  std::uint32_t named = 0;          ///< members filled
  std::uint32_t length = 0;         ///< of the ring
  std::uint32_t waiting = 0;        ///< threads that waited for any lock at the time
  std::int64_t closed_ns = 0;       ///< when the last of them began to wait
  std::int64_t found_ns = 0;
};

/// In words, several lines; addresses as numbers.
std::string describe(const DeadlockReport& report);

enum class DeadlockPolicy : std::uint8_t {
  kReport,  ///< tell the handler
  kThrow,   ///< for tests: the lock() of a member throws std::system_error (resource_deadlock_would_occur); of several, where they look before the first has given way
  kAbort,   ///< for tests: the report on standard error, then std::abort
};
void set_deadlock_policy(DeadlockPolicy policy) noexcept;
DeadlockPolicy deadlock_policy() noexcept;

/// How long a thread waits before it looks. Default 3 ms; 0 turns looking off.
void set_deadlock_delay(std::int64_t delay_ns) noexcept;
std::int64_t deadlock_delay() noexcept;

/// Called once for each new ring, on the thread that found it, which is about to wait: it must not block, take an instrumented lock or call
/// anything of this file. Once set_deadlock_handler() has returned, the handler before is not running and won't be called.
using DeadlockHandler = void (*)(const DeadlockReport& report, void* context) noexcept;
void set_deadlock_handler(DeadlockHandler handler, void* context) noexcept;
/// An eventfd that becomes readable with each new ring; made at the first call, -1 when it can't be.
int deadlock_event_fd() noexcept;

/// Looks now. Returns how many rings there are; new ones are reported first.
std::uint32_t check_deadlocks() noexcept;
/// What the check that ended last found; number 0: there was none.
struct CheckResult {
  std::uint64_t number = 0;
  std::uint32_t rings = 0;
};
CheckResult last_check() noexcept;
/// Rings reported since the process began.
std::uint64_t deadlocks_reported() noexcept;
/// The ring reported last; false when there was none.
bool last_deadlock(DeadlockReport& report) noexcept;

// For waiting.h.

/// Number of the check begun last.
std::uint64_t checks_begun() noexcept;
/// True when a check begun after `begun` was read has ended.
bool checked_since(std::uint64_t begun) noexcept;
/// Looks, unless another thread does. `member`: the record of the caller, and whether it is in a ring.
bool try_check(const ThreadSlot* caller, bool& member) noexcept;

}  // namespace tailback::locks
