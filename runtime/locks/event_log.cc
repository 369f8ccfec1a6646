#include "runtime/locks/event_log.h"

#include <algorithm>
#include <bit>

#include "runtime/locks/pages.h"

namespace tailback::locks {
namespace {

constinit thread_local EventRing* current_ring __attribute__((tls_model("initial-exec"))) = nullptr;
constinit std::atomic<EventRing*> rings{nullptr};
constinit std::atomic<std::uint32_t> ring_records{4096};
// All events written from now on are greater than this: the greatest clock that a drain has seen.
constinit std::atomic<std::uint64_t> floor_clock{0};
constinit MappedList<RawEvent> batch;  // the draining thread's

EventRing* reuse_ring() noexcept {
  using State = EventRing::State;
  for (EventRing* ring = rings.load(std::memory_order_acquire); ring != nullptr; ring = ring->next.load(std::memory_order_relaxed)) {
    if (ring->capacity() != ring_records.load(std::memory_order_relaxed)) continue;  // made under other options
    State expected = State::kFree;
    if (ring->state.compare_exchange_strong(expected, State::kLive, std::memory_order_acq_rel)) return ring;
    // The last N of a thread that is gone give way to those of a living one.
    if (event_mode.load(std::memory_order_relaxed) == EventMode::kLast && expected == State::kFinished &&
        ring->state.compare_exchange_strong(expected, State::kLive, std::memory_order_acq_rel)) {
      return ring;
    }
  }
  return nullptr;
}

EventRing* make_ring() noexcept {
  EventRing* ring = EventRing::make(ring_records.load(std::memory_order_relaxed));
  if (ring == nullptr) return nullptr;
  ring->state.store(EventRing::State::kLive, std::memory_order_relaxed);
  EventRing* head = rings.load(std::memory_order_relaxed);
  do {
    ring->next.store(head, std::memory_order_relaxed);
  } while (!rings.compare_exchange_weak(head, ring, std::memory_order_release));
  return ring;
}

// Null when there is no memory for it, or the thread has no record.
[[gnu::noinline, gnu::cold]] EventRing* take_ring() noexcept {
  const ThreadSlot* record = this_thread();
  if (record == nullptr) return nullptr;
  EventRing* ring = reuse_ring();
  if (ring == nullptr) ring = make_ring();
  if (ring == nullptr) {
    lost_events.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  ring->adopt(record->logical.load(std::memory_order_relaxed));
  current_ring = ring;
  return ring;
}

EventRing* ring_of_thread() noexcept {
  EventRing* ring = current_ring;
  return ring != nullptr ? ring : take_ring();
}

// The thread's next clock, greater than all that it knows of.
std::uint64_t clock_after(const EventRing& ring, std::uint64_t seen) noexcept {
  return std::max(std::max(ring.clock(), seen), floor_clock.load(std::memory_order_relaxed)) + 1;
}

std::uint64_t address(const void* place) noexcept { return reinterpret_cast<std::uintptr_t>(place); }

// A lock's clock stands above the 16 bits of its identity's kind and policy (0 in a slot).
constexpr unsigned kClockShift = lock_identity::kEventClockShift;
constexpr std::uint64_t kBelowClock = (std::uint64_t{1} << kClockShift) - 1;

std::atomic<std::uint64_t>* clock_of(const EventLock& lock) noexcept {
  if (lock.clock != nullptr) [[likely]] return lock.clock;
  LockSlot* slot = live_slot(lock.id);
  return slot == nullptr ? nullptr : &slot->clock;
}

// Relaxed throughout: the lock's own release and acquire carry the clock over.
std::uint64_t heard_by(const std::atomic<std::uint64_t>* lock_clock) noexcept {
  return lock_clock == nullptr ? 0 : lock_clock->load(std::memory_order_relaxed) >> kClockShift;
}

// The calling thread alone may do so now, and `to` is greater than what the clock says.
void set_clock(std::atomic<std::uint64_t>* lock_clock, std::uint64_t to) noexcept {
  if (lock_clock != nullptr) lock_clock->store(to << kClockShift | (lock_clock->load(std::memory_order_relaxed) & kBelowClock), std::memory_order_relaxed);
}

// Several threads may do so at once.
void raise_clock(std::atomic<std::uint64_t>* lock_clock, std::uint64_t to) noexcept {
  if (lock_clock == nullptr) return;
  std::uint64_t known = lock_clock->load(std::memory_order_relaxed);
  while (known >> kClockShift < to &&
         !lock_clock->compare_exchange_weak(known, to << kClockShift | (known & kBelowClock), std::memory_order_relaxed)) {
  }
}

// An event with a time. Returns its clock, 0 when there is no ring for it.
std::uint64_t write_timed(LockOperation operation, std::uint64_t lock, bool shared, const void* place, std::uint64_t seen = 0,
                          std::uint64_t other = 0) noexcept {
  if (!events_on()) return 0;
  EventRing* ring = ring_of_thread();
  if (ring == nullptr) return 0;
  const std::uint64_t clock = clock_after(*ring, seen);
  ring->write_timed(EventRing::word(operation, shared, address(place)), lock, clock, other);
  return clock;
}

// How far the clock of a lock's readers runs ahead of the one that sets it.
constexpr std::uint64_t kAhead = 64;

// For the first event of a thread, or a lock without an identity: gets the thread its ring and finds the clock; then once more.
[[gnu::noinline, gnu::cold]] void event_prepared(EventLock lock, bool shared, const void* place, bool tried, bool acquired) noexcept {
  static constinit std::atomic<std::uint64_t> clock_of_the_dead{0};
  if (ring_of_thread() == nullptr) return;
  lock.clock = clock_of(lock);
  if (lock.clock == nullptr) lock.clock = &clock_of_the_dead;
  if (acquired) {
    event_acquired(lock, shared, place, tried);
  } else {
    event_released(lock, shared, place);
  }
}

}  // namespace

void start_events(const EventLogOptions& options) noexcept {
  if (options.mode == EventMode::kOff) return stop_events();
  event_mode.store(options.mode, std::memory_order_relaxed);
  ring_records.store(std::bit_ceil(std::clamp(options.records_per_thread, std::uint32_t{2 * EventRing::kBlock}, 1u << 20)),
                     std::memory_order_relaxed);
  features.fetch_or(kFeatureEvents, std::memory_order_release);
}

void stop_events() noexcept { features.fetch_and(~std::uint32_t{kFeatureEvents}, std::memory_order_release); }

std::size_t drain_events(void (*take)(const RawEvent&, void*), void* context) noexcept {
  batch.clear();
  for (EventRing* ring = rings.load(std::memory_order_acquire); ring != nullptr; ring = ring->next.load(std::memory_order_relaxed)) {
    EventRing::State state = ring->state.load(std::memory_order_acquire);
    if (state == EventRing::State::kFree) continue;
    ring->read(batch);
    if (state == EventRing::State::kFinished) ring->state.compare_exchange_strong(state, EventRing::State::kFree, std::memory_order_release);
  }
  std::sort(batch.begin(), batch.end(), [](const RawEvent& a, const RawEvent& b) { return a.order < b.order; });
  if (batch.size() > 0) {
    floor_clock.store(std::max(floor_clock.load(std::memory_order_relaxed), batch.back().order >> EventRing::kOrderThreadBits),
                      std::memory_order_relaxed);
  }
  for (const RawEvent& event : batch) take(event, context);
  return batch.size();
}

std::uint64_t events_lost() noexcept { return lost_events.load(std::memory_order_relaxed); }

// Both are on the path of every lock and unlock: they call nothing but at their end, so that they need no stack.
void event_acquired(EventLock lock, bool shared, const void* place, bool tried) noexcept {
  EventRing* const ring = current_ring;
  if (ring == nullptr || lock.clock == nullptr) [[unlikely]] return event_prepared(lock, shared, place, tried, true);
  const LockOperation operation = tried ? LockOperation::kTryAcquire : LockOperation::kAcquire;
  ring->write(EventRing::word(operation, shared, address(place)), lock.id, clock_after(*ring, heard_by(lock.clock)));
}

void event_released(EventLock lock, bool shared, const void* place) noexcept {
  EventRing* const ring = current_ring;
  if (ring == nullptr || lock.clock == nullptr) [[unlikely]] return event_prepared(lock, shared, place, false, false);
  const std::uint64_t clock = clock_after(*ring, heard_by(lock.clock));
  if (shared) {
    raise_clock(lock.clock, clock);
  } else {
    set_clock(lock.clock, clock);
  }
  ring->write(EventRing::word(LockOperation::kRelease, shared, address(place)), lock.id, clock);
}

void event_reader_leaves(std::uint64_t lock, std::atomic<std::uint64_t>& readers_clock, const void* place) noexcept {
  EventRing* const ring = current_ring;
  if (ring == nullptr) [[unlikely]] return event_prepared({lock, readers_clock}, true, place, false, false);
  const std::uint64_t clock = clock_after(*ring, 0);
  if (heard_by(&readers_clock) < clock) [[unlikely]] raise_clock(&readers_clock, clock + kAhead);
  ring->write(EventRing::word(LockOperation::kRelease, true, address(place)), lock, clock);
}

void event_readers_left(std::atomic<std::uint64_t>& clock, const std::atomic<std::uint64_t>& readers_clock) noexcept {
  const std::uint64_t readers = heard_by(&readers_clock);
  if (heard_by(&clock) < readers) set_clock(&clock, readers);
}

void event_requested(std::uint64_t lock, bool shared, const void* place) noexcept {
  if (lock != 0) write_timed(LockOperation::kRequest, lock, shared, place);
}

void event_gave_up(std::uint64_t lock, bool shared, const void* place) noexcept {
  if (lock != 0) write_timed(LockOperation::kTryFail, lock, shared, place);
}

void event_created(EventLock lock) noexcept {
  const std::uint64_t clock = write_timed(LockOperation::kCreate, lock.id, false, nullptr);
  if (clock != 0) raise_clock(clock_of(lock), clock);
}

// Locks are destroyed at any time, also when a thread's record is gone already.
void event_destroyed(EventLock lock) noexcept {
  if (current_ring != nullptr && lock.id != 0) write_timed(LockOperation::kDestroy, lock.id, false, nullptr, heard_by(clock_of(lock)));
}

void event_condition_wait(EventLock condition, EventLock mutex, const void* place) noexcept {
  if (condition.id == 0) return;
  std::atomic<std::uint64_t>* const mutex_clock = clock_of(mutex);
  const std::uint64_t clock = write_timed(LockOperation::kWait, condition.id, false, place, heard_by(mutex_clock), mutex.id);
  // Still held: what the wait releases may be taken by others from here on.
  if (clock != 0) set_clock(mutex_clock, clock);
}

void event_condition_woken(EventLock condition) noexcept {
  if (events_on() && current_ring != nullptr) current_ring->hear(heard_by(clock_of(condition)));
}

void event_notify(EventLock condition, bool all, const void* place) noexcept {
  if (condition.id == 0) return;
  const std::uint64_t clock = write_timed(all ? LockOperation::kNotifyAll : LockOperation::kNotify, condition.id, false, place);
  if (clock != 0) raise_clock(clock_of(condition), clock);
}

ThreadPoint event_point() noexcept {
  const ThreadSlot* record = this_thread();
  if (record == nullptr) return {};
  return {record->logical.load(std::memory_order_relaxed), current_ring == nullptr ? 0 : current_ring->clock()};
}

void event_thread_start(ThreadPoint parent) noexcept {
  write_timed(LockOperation::kThreadStart, 0, false, nullptr, parent.clock, parent.logical);
}

void event_joined(ThreadPoint joined) noexcept { write_timed(LockOperation::kThreadJoin, 0, false, nullptr, joined.clock, joined.logical); }

std::uint64_t event_thread_end() noexcept {
  if (current_ring == nullptr) return 0;
  const std::uint64_t clock = write_timed(LockOperation::kThreadEnd, 0, false, nullptr);
  current_ring->state.store(EventRing::State::kFinished, std::memory_order_release);
  current_ring = nullptr;
  return clock;
}

void event_after_fork_in_child() noexcept {
  // The rings are copies of the parent's, whose recorder writes them down; the child starts with none.
  stop_events();
  for (EventRing* ring = rings.load(std::memory_order_relaxed); ring != nullptr; ring = ring->next.load(std::memory_order_relaxed)) {
    ring->clear();
  }
  current_ring = nullptr;
}

}  // namespace tailback::locks
