// Lock events: what every thread did with every instrumented lock, and in which order. Off by default.
//
// Each thread writes a ring of its own; the recorder drains them. In mode kFull a full ring loses the newest events and counts
// them; in mode kLast it forgets the oldest, so that at a breach it holds the last N.
//
// Order without a shared counter and without a clock: each thread has a number that grows with its events, and hands it on with
// the lock (Lamport, "Time, clocks, and the ordering of events in a distributed system", 1978): an acquire is greater than
// the release that made it possible, a wake-up greater than its notify. Events that nothing connects are ordered as of the last
// drain, which lifts all threads to the greatest number so far. Rejected: one atomic counter (all threads fight
// for its line), and the time-stamp counter alone (10 ns an event on virtual machines, and it may be read before the lock is granted).
//
// Thread safety: start, stop and drain are one thread's at a time; the rest is any thread's.
// Cost: about 3 ns an event without times, 13 ns with; 32 bytes of ring an event.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/incident/model.h"
#include "runtime/locks/thread_table.h"

namespace tailback::locks {

enum class EventMode : std::uint8_t { kOff, kFull, kLast };

struct EventLogOptions {
  EventMode mode = EventMode::kOff;
  std::uint32_t events_per_thread = 4096;  ///< rounded up to a power of two
  bool times = false;                      ///< mono_ns of each event
};

/// A LockEvent before its place has a name.
struct RawEvent {
  std::uint64_t order = 0;   ///< unique; ascends along every chain of cause and effect
  std::int64_t mono_ns = 0;  ///< 0: times are off
  std::uint64_t thread = 0, lock = 0, other = 0;
  std::uint64_t place = 0;   ///< return address; 0: none
  LockOperation operation = LockOperation::kAcquire;
  LockMode mode = LockMode::kExclusive;
};

/// False when the memory for it is not to be had. Starting again changes the options; threads that have a ring keep its size.
bool start_events(const EventLogOptions& options) noexcept;
/// Threads stop writing; what the rings hold can still be drained.
void stop_events() noexcept;

/// Hands over, in order, what the rings hold, and empties them. Returns how many.
std::size_t drain_events(void (*take)(const RawEvent&, void* context), void* context) noexcept;
/// Events that found no room since the start.
std::uint64_t events_lost() noexcept;

// What the locks call. Each does nothing when events are off.
/// `tried`: it would have given up rather than wait for ever.
void event_acquired(ThreadSlot* record, std::uint64_t key, std::uint64_t place, bool tried = false) noexcept;
void event_released(ThreadSlot* record, std::uint64_t key, std::uint64_t place) noexcept;
/// kCreate, kDestroy, kRequest, kTryFail.
void event_simple(ThreadSlot* record, LockOperation operation, std::uint64_t key, std::uint64_t place) noexcept;
void event_condition_wait(ThreadSlot* record, std::uint64_t condition, std::uint64_t mutex, std::uint64_t place) noexcept;
void event_condition_woken(ThreadSlot* record, std::uint64_t condition) noexcept;
void event_notify(ThreadSlot* record, std::uint64_t condition, bool all, std::uint64_t place) noexcept;
/// What a starting thread needs of its parent: the parent's number, and the order up to now.
struct Parent {
  std::uint64_t logical = 0, clock = 0;
};
Parent event_parent(ThreadSlot* record) noexcept;
void event_thread_start(ThreadSlot* record, Parent parent) noexcept;
void event_thread_end(ThreadSlot* record) noexcept;
/// The calling thread waited for the end of another, whose last event was `clock`.
void event_joined(ThreadSlot* record, Parent joined) noexcept;
void event_after_fork_in_child() noexcept;

[[nodiscard]] inline bool events_on() noexcept {
  return (features.load(std::memory_order_relaxed) & kFeatureEvents) != 0;
}

}  // namespace tailback::locks
