// What a lock tells the registry on its way: granted, about to be given back.
//
// Cost: a thread-local load, a compare with the newest hold and three plain stores; see tests/bench/locks.
#pragma once

#include <tailback/lock_identity.h>

#include "runtime/locks/thread_table.h"

/// The return address into the function that called the function this stands in.
#define TAILBACK_PLACE() __builtin_extract_return_addr(__builtin_return_address(0))

namespace tailback::locks {

/// The part of note_acquired that events and hold stacks need.
void observe_acquired(ThreadSlot* record, std::uint64_t key, const void* place, bool tried) noexcept;
void observe_released(ThreadSlot* record, std::uint64_t key, const void* place) noexcept;

/// After the lock was granted.
inline void note_acquired(ThreadSlot* record, std::uint64_t id, bool shared, const void* place, bool tried = false) noexcept {
  if (record == nullptr || id == 0) [[unlikely]] return;
  const std::uint64_t key = hold_key(id, shared);
  push_hold(record, key, place);
  if (features.load(std::memory_order_relaxed) != 0) [[unlikely]] observe_acquired(record, key, place, tried);
}

/// Before the lock is given back.
inline void note_releasing(ThreadSlot* record, std::uint64_t id, bool shared, const void* place) noexcept {
  if (record == nullptr || id == 0) [[unlikely]] return;
  const std::uint64_t key = hold_key(id, shared);
  if (features.load(std::memory_order_relaxed) != 0) [[unlikely]] observe_released(record, key, place);
  erase_hold(record, key);
}

}  // namespace tailback::locks
