// The locks that the registry knows: id → address, name, kind, policy.
//
// A lock has a slot of 64 bytes while it lives. An id is the slot's number plus, above it, how often the slot has been used before, so
// ids are small for the first million locks and never come again: a stale id finds a slot with another id and is known to be dead.
//
// Invariant: a slot's `id` is set last and zeroed first. A reader that finds the same id before and after has read
// that lock's fields.
//
// Thread safety: all. Signal safety: lookups. Blocks: never.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include <tailback/lock_identity.h>

namespace tailback::locks {

inline constexpr std::uint64_t kSlotBits = 20;  ///< at most 2^20 - 1 locks at once; more are counted and not tracked
inline constexpr std::size_t kNameBytes = 38;   ///< with the final zero

struct LockSlot {
  std::atomic<std::uint64_t> id;
  std::atomic<std::uint64_t> address;
  /// Clock of the lock events for a lock without an identity (event_log.h). Next free slot while the slot is free.
  std::atomic<std::uint64_t> clock;
  std::atomic<lock_kind> kind;
  std::atomic<lock_policy> policy;
  std::atomic<char> name[kNameBytes];
};
static_assert(sizeof(LockSlot) == 64);

/// A copy of a slot.
struct LockView {
  std::uint64_t id = 0, address = 0;
  lock_kind kind = lock_kind::unknown;
  lock_policy policy = lock_policy::none;
  char name_bytes[kNameBytes] = {};

  [[nodiscard]] std::string_view name() const noexcept { return name_bytes; }
};

/// A new id, or 0 when the table is full.
std::uint64_t add_lock(const void* address, const char* name, lock_kind kind, lock_policy policy) noexcept;
void remove_lock(std::uint64_t id) noexcept;
/// Another policy for a known lock: its attributes came to light later.
void set_policy(std::uint64_t id, lock_policy policy) noexcept;

/// False when the id is dead or never was.
bool find_lock(std::uint64_t id, LockView& view) noexcept;
/// The slot while the id is alive, else null. What is read from it is only good while the caller knows that the lock lives.
LockSlot* live_slot(std::uint64_t id) noexcept;

struct LockTableCounts {
  std::uint64_t live = 0;      ///< locks known now
  std::uint64_t overflow = 0;  ///< times that a lock found no slot
};
LockTableCounts lock_table_counts() noexcept;

}  // namespace tailback::locks
