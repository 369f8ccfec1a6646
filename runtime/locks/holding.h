// What a lock tells the registry on its way: granted, about to be given back.
//
// Cost: a thread-local load, a compare with the newest hold and three plain stores; see tests/bench/locks.
#pragma once

#include <tailback/lock_identity.h>

#include "runtime/locks/event_log.h"
#include "runtime/locks/thread_table.h"

/// The return address into the function that called the function this stands in.
#define TAILBACK_PLACE() __builtin_extract_return_addr(__builtin_return_address(0))

namespace tailback::locks {

/// The part of note_acquired that is asked for seldom.
void observe_acquired(ThreadSlot* record, EventLock lock, bool shared, const void* place, bool tried) noexcept;

/// After the lock was granted.
inline void note_acquired(ThreadSlot* record, EventLock lock, bool shared, const void* place, bool tried = false) noexcept {
  if (record == nullptr || lock.id == 0) [[unlikely]] return;
  push_hold(record, hold_key(lock.id, shared), place);
  if (features.load(std::memory_order_relaxed) != 0) [[unlikely]] observe_acquired(record, lock, shared, place, tried);
}

/// Before the lock is given back.
inline void note_releasing(ThreadSlot* record, EventLock lock, bool shared, const void* place) noexcept {
  if (record == nullptr || lock.id == 0) [[unlikely]] return;
  if (events_on()) [[unlikely]] event_released(lock, shared, place);
  erase_hold(record, hold_key(lock.id, shared));
}

// The same for tailback's own locks, on whose fast path nothing is called but at its end, so that it needs no stack: each push would be
// one more store for the lock's atomic operation to wait for.

/// The whole of note_acquired().
[[gnu::cold]] void note_acquired_slow(lock_identity& identity, const void* lock, bool shared, const void* place, bool tried) noexcept;

inline void note_acquired(lock_identity& identity, const void* lock, bool shared, const void* place, bool tried = false) noexcept {
  ThreadSlot* record = current_record;
  const std::uint64_t id = identity.id();
  if (record == nullptr || id == 0 || !try_push_hold(record, hold_key(id, shared), place)) [[unlikely]] {
    return note_acquired_slow(identity, lock, shared, place, tried);
  }
  const std::uint32_t asked = features.load(std::memory_order_relaxed);
  if (asked == 0) [[likely]] return;
  if (asked == kFeatureEvents) return event_acquired({id, identity}, shared, place, tried);
  observe_acquired(record, {id, identity}, shared, place, tried);
}

/// False, with nothing done, where there is more to do than taking out the newest hold: see note_releasing().
inline bool note_releasing_fast(lock_identity& identity, bool shared) noexcept {
  ThreadSlot* record = current_record;
  return record != nullptr && (features.load(std::memory_order_relaxed) & kReleaseFeatures) == 0 &&
         try_erase_hold(record, hold_key(identity.id(), shared));
}
inline void note_releasing(lock_identity& identity, bool shared, const void* place) noexcept {
  note_releasing(this_thread(), {identity.id(), identity}, shared, place);
}

}  // namespace tailback::locks
