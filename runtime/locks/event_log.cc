#include "runtime/locks/event_log.h"

#include <algorithm>
#include <bit>
#include <ctime>

#include <sys/mman.h>

#include "runtime/locks/pages.h"

namespace tailback::locks {

// One event in four words: order, lock, place with operation and mode below it, and `other` or the time. Addresses of user space
// have 47 bits, so that a place leaves 16 free.
struct PackedEvent {
  std::atomic<std::uint64_t> clock, lock, what, extra;
};

enum class RingState : std::uint32_t { kLive, kFinished, kFree };

// Written by its thread, read by whoever drains. `head` counts events written, `tail` those taken.
class EventRing {
 public:
  std::atomic<EventRing*> next;
  std::atomic<RingState> state;
  std::uint32_t capacity;  // a power of two
  std::atomic<std::uint64_t> thread, head, tail;
  // They follow in the same mapping.
  PackedEvent& event(std::uint64_t index) noexcept { return reinterpret_cast<PackedEvent*>(this + 1)[index & (capacity - 1)]; }
};

namespace {

constinit std::atomic<EventRing*> rings{nullptr};
constinit std::atomic<EventMode> mode{EventMode::kOff};
constinit std::atomic<bool> with_times{false};
constinit std::atomic<std::uint32_t> ring_capacity{4096};
constinit std::atomic<std::uint64_t> lost{0};
// All events written from now on are greater than this: the greatest number that a drain has seen.
constinit std::atomic<std::uint64_t> floor_clock{0};
constinit MappedList<RawEvent> batch;  // the draining thread's

constexpr std::uint64_t kThreadBits = 20;

std::uint64_t now_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

bool has_time(LockOperation operation) noexcept {
  return operation != LockOperation::kWait && operation != LockOperation::kThreadStart && operation != LockOperation::kThreadJoin;
}

EventRing* reuse_ring() noexcept {
  for (EventRing* ring = rings.load(std::memory_order_acquire); ring != nullptr; ring = ring->next.load(std::memory_order_relaxed)) {
    if (ring->capacity != ring_capacity.load(std::memory_order_relaxed)) continue;  // made under other options
    RingState expected = RingState::kFree;
    if (ring->state.compare_exchange_strong(expected, RingState::kLive, std::memory_order_acq_rel)) return ring;
    // The last N of a thread that is gone give way to those of a living one.
    if (mode.load(std::memory_order_relaxed) == EventMode::kLast && expected == RingState::kFinished &&
        ring->state.compare_exchange_strong(expected, RingState::kLive, std::memory_order_acq_rel)) {
      return ring;
    }
  }
  return nullptr;
}

EventRing* make_ring() noexcept {
  const std::uint32_t capacity = ring_capacity.load(std::memory_order_relaxed);
  auto* ring = static_cast<EventRing*>(map_pages(sizeof(EventRing) + capacity * sizeof(PackedEvent)));
  if (ring == nullptr) return nullptr;
  ring->capacity = capacity;
  EventRing* head = rings.load(std::memory_order_relaxed);
  do {
    ring->next.store(head, std::memory_order_relaxed);
  } while (!rings.compare_exchange_weak(head, ring, std::memory_order_release));
  return ring;
}

EventRing* ring_of(ThreadSlot* record) noexcept {
  if (record->ring != nullptr) return record->ring;
  EventRing* ring = reuse_ring();
  if (ring == nullptr) ring = make_ring();
  if (ring == nullptr) return nullptr;
  ring->tail.store(ring->head.load(std::memory_order_relaxed), std::memory_order_relaxed);
  ring->thread.store(record->logical.load(std::memory_order_relaxed), std::memory_order_release);
  record->ring = ring;
  return ring;
}

void append(ThreadSlot* record, LockOperation operation, std::uint64_t key, std::uint64_t place, std::uint64_t other = 0) noexcept {
  EventRing* ring = ring_of(record);
  if (ring == nullptr) {
    lost.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::uint64_t head = ring->head.load(std::memory_order_relaxed);
  // Acquire: a slot that the drain gave back has been read.
  if (mode.load(std::memory_order_relaxed) == EventMode::kFull &&
      head - ring->tail.load(std::memory_order_acquire) >= ring->capacity) {
    lost.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  PackedEvent& event = ring->event(head);
  const std::uint64_t extra =
      !has_time(operation) ? other : with_times.load(std::memory_order_relaxed) ? now_ns() : 0;
  const std::uint64_t what = place << 16 | static_cast<std::uint64_t>(operation) << 8 | (is_shared(key) ? 1 : 0);
  // Release on each: a drain that meets one of these words in a slot that is being overwritten sees, at its second look, a head
  // that tells so (drain_ring).
  event.clock.store(record->clock, std::memory_order_release);
  event.lock.store(lock_of(key), std::memory_order_release);
  event.what.store(what, std::memory_order_release);
  event.extra.store(extra, std::memory_order_release);
  ring->head.store(head + 1, std::memory_order_release);
}

// The thread's next number, greater than all that it knows of.
void advance(ThreadSlot* record, std::uint64_t seen) noexcept {
  record->clock = std::max({record->clock, seen, floor_clock.load(std::memory_order_relaxed)}) + 1;
}

std::uint64_t clock_of(std::uint64_t lock_id) noexcept {
  const LockSlot* slot = live_slot(lock_id);
  return slot == nullptr ? 0 : slot->clock.load(std::memory_order_relaxed);
}

// Relaxed throughout: the lock's own release and acquire carry the number over. Several readers may raise it at once.
void raise_clock(std::uint64_t lock_id, std::uint64_t to, bool alone) noexcept {
  LockSlot* slot = live_slot(lock_id);
  if (slot == nullptr) return;
  std::uint64_t known = slot->clock.load(std::memory_order_relaxed);
  if (alone) {
    if (known < to) slot->clock.store(to, std::memory_order_relaxed);
    return;
  }
  while (known < to && !slot->clock.compare_exchange_weak(known, to, std::memory_order_relaxed)) {
  }
}

RawEvent unpack(const PackedEvent& event, std::uint64_t thread) noexcept {
  RawEvent raw;
  raw.order = event.clock.load(std::memory_order_acquire) << kThreadBits | (thread & ((1u << kThreadBits) - 1));
  raw.thread = thread;
  raw.lock = event.lock.load(std::memory_order_acquire);
  const std::uint64_t what = event.what.load(std::memory_order_acquire);
  const std::uint64_t extra = event.extra.load(std::memory_order_acquire);
  raw.place = what >> 16;
  raw.operation = static_cast<LockOperation>(what >> 8 & 0xff);
  raw.mode = (what & 1) != 0 ? LockMode::kShared : LockMode::kExclusive;
  (has_time(raw.operation) ? reinterpret_cast<std::uint64_t&>(raw.mono_ns) : raw.other) = extra;
  return raw;
}

void drain_ring(EventRing& ring) noexcept {
  const RingState state = ring.state.load(std::memory_order_acquire);
  if (state == RingState::kFree) return;
  const std::uint64_t thread = ring.thread.load(std::memory_order_acquire);
  const std::uint64_t head = ring.head.load(std::memory_order_acquire);
  std::uint64_t from = ring.tail.load(std::memory_order_relaxed);
  if (head - from > ring.capacity) from = head - ring.capacity;
  const std::size_t first = batch.size();
  for (std::uint64_t i = from; i != head; ++i) {
    if (!batch.push_back(unpack(ring.event(i), thread))) {
      lost.fetch_add(head - i, std::memory_order_relaxed);
      break;
    }
  }
  // Those that the thread has overwritten meanwhile (kLast) are torn. It may be at work on one more than `head` says.
  const std::uint64_t now = ring.head.load(std::memory_order_relaxed);
  const std::uint64_t whole_from = now + 1 > ring.capacity ? now + 1 - ring.capacity : 0;
  if (whole_from > from && mode.load(std::memory_order_relaxed) == EventMode::kLast) {
    const std::size_t torn = std::min<std::uint64_t>(whole_from - from, batch.size() - first);
    std::copy(batch.begin() + first + torn, batch.end(), batch.begin() + first);
    for (std::size_t i = 0; i < torn; ++i) batch.pop_back();
  }
  ring.tail.store(head, std::memory_order_release);
  if (state == RingState::kFinished) ring.state.store(RingState::kFree, std::memory_order_release);
}

}  // namespace

bool start_events(const EventLogOptions& options) noexcept {
  if (options.mode == EventMode::kOff) {
    stop_events();
    return true;
  }
  mode.store(options.mode, std::memory_order_relaxed);
  with_times.store(options.times, std::memory_order_relaxed);
  ring_capacity.store(std::bit_ceil(std::clamp(options.events_per_thread, 64u, 1u << 20)), std::memory_order_relaxed);
  features.fetch_or(kFeatureEvents, std::memory_order_release);
  return true;
}

void stop_events() noexcept { features.fetch_and(~std::uint32_t{kFeatureEvents}, std::memory_order_release); }

std::size_t drain_events(void (*take)(const RawEvent&, void*), void* context) noexcept {
  batch.clear();
  for (EventRing* ring = rings.load(std::memory_order_acquire); ring != nullptr; ring = ring->next.load(std::memory_order_relaxed)) {
    drain_ring(*ring);
  }
  std::sort(batch.begin(), batch.end(), [](const RawEvent& a, const RawEvent& b) { return a.order < b.order; });
  if (batch.size() > 0) floor_clock.store(std::max(floor_clock.load(std::memory_order_relaxed), batch.back().order >> kThreadBits), std::memory_order_relaxed);
  for (const RawEvent& event : batch) take(event, context);
  return batch.size();
}

std::uint64_t events_lost() noexcept { return lost.load(std::memory_order_relaxed); }

void event_acquired(ThreadSlot* record, std::uint64_t key, std::uint64_t place, bool tried) noexcept {
  if (!events_on()) return;
  advance(record, clock_of(lock_of(key)));
  append(record, tried ? LockOperation::kTryAcquire : LockOperation::kAcquire, key, place);
}

void event_released(ThreadSlot* record, std::uint64_t key, std::uint64_t place) noexcept {
  if (!events_on()) return;
  advance(record, 0);
  append(record, LockOperation::kRelease, key, place);
  raise_clock(lock_of(key), record->clock, !is_shared(key));
}

void event_simple(ThreadSlot* record, LockOperation operation, std::uint64_t key, std::uint64_t place) noexcept {
  if (!events_on()) return;
  advance(record, 0);
  append(record, operation, key, place);
}

void event_condition_wait(ThreadSlot* record, std::uint64_t condition, std::uint64_t mutex, std::uint64_t place) noexcept {
  if (!events_on()) return;
  advance(record, 0);
  append(record, LockOperation::kWait, hold_key(condition, false), place, mutex);
  raise_clock(mutex, record->clock, true);  // still held: what the wait releases may be taken by others from here on
}

void event_condition_woken(ThreadSlot* record, std::uint64_t condition) noexcept {
  if (events_on()) record->clock = std::max(record->clock, clock_of(condition));
}

void event_notify(ThreadSlot* record, std::uint64_t condition, bool all, std::uint64_t place) noexcept {
  if (!events_on()) return;
  advance(record, 0);
  append(record, all ? LockOperation::kNotifyAll : LockOperation::kNotify, hold_key(condition, false), place);
  raise_clock(condition, record->clock, false);
}

Parent event_parent(ThreadSlot* record) noexcept {
  if (record == nullptr) return {};
  return {record->logical.load(std::memory_order_relaxed), record->clock};
}

void event_thread_start(ThreadSlot* record, Parent parent) noexcept {
  if (!events_on()) return;
  advance(record, parent.clock);
  append(record, LockOperation::kThreadStart, 0, 0, parent.logical);
}

void event_joined(ThreadSlot* record, Parent joined) noexcept {
  if (!events_on()) return;
  advance(record, joined.clock);
  append(record, LockOperation::kThreadJoin, 0, 0, joined.logical);
}

void event_thread_end(ThreadSlot* record) noexcept {
  if (events_on()) {
    advance(record, 0);
    append(record, LockOperation::kThreadEnd, 0, 0);
  }
  if (record->ring != nullptr) {
    record->ring->state.store(RingState::kFinished, std::memory_order_release);
    record->ring = nullptr;
  }
}

void event_after_fork_in_child() noexcept {
  // The rings are copies of the parent's, whose recorder writes them down; the child starts with none.
  stop_events();
  for (EventRing* ring = rings.load(std::memory_order_relaxed); ring != nullptr; ring = ring->next.load(std::memory_order_relaxed)) {
    ring->tail.store(ring->head.load(std::memory_order_relaxed), std::memory_order_relaxed);
    ring->state.store(RingState::kFree, std::memory_order_relaxed);
  }
  if (current_record != nullptr) current_record->ring = nullptr;
}

}  // namespace tailback::locks
