// Lock events: what every thread did with every instrumented lock, and in which order. Off by default.
//
// Each thread writes a ring of its own; the recorder drains them. In mode kFull a full ring loses the newest events and counts
// them; in mode kLast it forgets the oldest, so that at a breach it holds the last N.
//
// Order without a shared counter and without a clock: each thread has a number that grows with its events, and hands it on with
// the lock (Lamport, "Time, clocks, and the ordering of events in a distributed system", 1978): an acquire is greater than
// the release that made it possible, a wake-up greater than its notify. Readers of tailback's own lock leave a clock of their own that runs a
// little ahead of them, so that most of them find it great enough and write nothing that others see. Events that nothing connects are ordered as of the last
// drain, which lifts all threads to the greatest number so far. Rejected: one atomic counter (all threads fight
// for its line), and the time-stamp counter alone (10 ns an event on virtual machines, and it may be read before the lock is granted).
//
// Thread safety: start, stop and drain are one thread's at a time; the rest is any thread's, about itself.
// Cost: tests/bench/locks, "events on"; 16 bytes of ring an event.
#pragma once

#include <atomic>
#include <cstdint>

#include <tailback/lock_identity.h>

#include "runtime/locks/event_ring.h"
#include "runtime/locks/thread_table.h"

namespace tailback::locks {

struct EventLogOptions {
  EventMode mode = EventMode::kOff;
  /// Rounded up to a power of two. One in 64 says the time and order of a block; some more do at waits.
  std::uint32_t records_per_thread = 4096;
};

/// Starting again changes the options; threads that have a ring keep its size.
void start_events(const EventLogOptions& options) noexcept;
/// Threads stop writing; what the rings hold can still be drained.
void stop_events() noexcept;

/// Hands over, in order, what the rings hold, and empties them. Returns how many.
std::size_t drain_events(void (*take)(const RawEvent&, void* context), void* context) noexcept;
/// Events that found no room since the start.
std::uint64_t events_lost() noexcept;

[[nodiscard]] inline bool events_on() noexcept {
  return (features.load(std::memory_order_relaxed) & kFeatureEvents) != 0;
}

/// A lock, and where its clock is: in its identity; null: in its slot of the lock table.
struct EventLock {
  std::uint64_t id;
  std::atomic<std::uint64_t>* clock = nullptr;

  explicit EventLock(std::uint64_t lock_id) noexcept : id(lock_id) {}
  EventLock(std::uint64_t lock_id, std::atomic<std::uint64_t>& lock_clock) noexcept : id(lock_id), clock(&lock_clock) {}
  EventLock(std::uint64_t lock_id, lock_identity& identity) noexcept : id(lock_id), clock(&identity.event_clock()) {}
};

// What the locks call while events are on.
/// `tried`: it would have given up rather than wait for ever.
void event_acquired(EventLock lock, bool shared, const void* place, bool tried) noexcept;
void event_released(EventLock lock, bool shared, const void* place) noexcept;
/// For a lock that keeps its readers' clock apart: a reader leaves; the caller holds it alone, and readers were there before.
void event_reader_leaves(std::uint64_t lock, std::atomic<std::uint64_t>& readers_clock, const void* place) noexcept;
void event_readers_left(std::atomic<std::uint64_t>& clock, const std::atomic<std::uint64_t>& readers_clock) noexcept;

// What the locks call at any time: nothing is done while events are off, or for a lock that is not known.
void event_requested(std::uint64_t lock, bool shared, const void* place) noexcept;
void event_gave_up(std::uint64_t lock, bool shared, const void* place) noexcept;
void event_created(EventLock lock) noexcept;
void event_destroyed(EventLock lock) noexcept;
void event_condition_wait(EventLock condition, EventLock mutex, const void* place) noexcept;
void event_condition_woken(EventLock condition) noexcept;
void event_notify(EventLock condition, bool all, const void* place) noexcept;

/// What another thread has to know of one: its number, and the clock of its newest event.
struct ThreadPoint {
  std::uint64_t logical = 0, clock = 0;
};
ThreadPoint event_point() noexcept;
void event_thread_start(ThreadPoint parent) noexcept;
/// The calling thread waited for the end of another.
void event_joined(ThreadPoint joined) noexcept;
/// Returns the clock of the calling thread's last event; 0: it had none.
std::uint64_t event_thread_end() noexcept;
void event_after_fork_in_child() noexcept;

}  // namespace tailback::locks
