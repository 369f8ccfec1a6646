#include "runtime/locks/lock_table.h"

#include "runtime/locks/event_log.h"
#include "runtime/locks/pages.h"

namespace tailback::locks {
namespace {

constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
constexpr std::uint64_t kGenerationStep = kSlotMask + 1;

// 1,024 slots to a chunk of 64 KiB. Slot 0 is never used, so that an id is never 0.
constinit ChunkedArray<LockSlot, 1024, (1u << kSlotBits) / 1024> slots;
constinit std::atomic<std::uint64_t> used{1};  // slots ever used

// Free slots are a stack, linked by `clock`. The head carries a count above the slot number, so that a pop can't be fooled
// by a slot that was popped and pushed in between (the ABA problem).
constinit std::atomic<std::uint64_t> free_head{0};
constinit std::atomic<std::uint64_t> live{0}, overflow{0};

// The id that a slot had last; its next use is one generation on. Kept outside the slot's `id`, which is 0 while free.
struct Generation {
  std::atomic<std::uint64_t> last_id;
};
constinit ChunkedArray<Generation, 8192, (1u << kSlotBits) / 8192> generations;

std::uint64_t pop_free() noexcept {
  std::uint64_t head = free_head.load(std::memory_order_acquire);
  while ((head & kSlotMask) != 0) {
    const std::uint64_t next = slots.find(head & kSlotMask)->clock.load(std::memory_order_relaxed) & kSlotMask;
    // Acquire: pairs with push_free's release, so that the slot's zeroed id is seen before it is filled again.
    if (free_head.compare_exchange_weak(head, ((head & ~kSlotMask) + kGenerationStep) | next, std::memory_order_acquire)) {
      return head & kSlotMask;
    }
  }
  return 0;
}

void push_free(std::uint64_t slot) noexcept {
  std::uint64_t head = free_head.load(std::memory_order_relaxed);
  do {
    slots.find(slot)->clock.store(head & kSlotMask, std::memory_order_relaxed);
  } while (!free_head.compare_exchange_weak(head, ((head & ~kSlotMask) + kGenerationStep) | slot, std::memory_order_release));
}

std::uint64_t take_slot() noexcept {
  if (const std::uint64_t slot = pop_free()) return slot;
  std::uint64_t fresh = used.load(std::memory_order_relaxed);
  while (fresh <= kSlotMask) {
    if (used.compare_exchange_weak(fresh, fresh + 1, std::memory_order_relaxed)) return fresh;
  }
  return 0;
}

}  // namespace

std::uint64_t add_lock(const void* address, const char* name, lock_kind kind, lock_policy policy) noexcept {
  const std::uint64_t index = take_slot();
  LockSlot* slot = index == 0 ? nullptr : slots.make(index);
  Generation* generation = index == 0 ? nullptr : generations.make(index);
  if (slot == nullptr || generation == nullptr) {
    overflow.fetch_add(1, std::memory_order_relaxed);
    return 0;
  }
  const std::uint64_t last = generation->last_id.load(std::memory_order_relaxed);
  const std::uint64_t id = last == 0 ? index : last + kGenerationStep;
  generation->last_id.store(id, std::memory_order_relaxed);

  // Release on each: a reader that meets one of these values, and then looks at the id again, sees at least the zero that the id
  // was given when the slot's last lock went, and so does not take this lock's fields for that one's.
  constexpr auto kRelease = std::memory_order_release;
  slot->address.store(reinterpret_cast<std::uintptr_t>(address), kRelease);
  slot->clock.store(0, kRelease);
  slot->kind.store(kind, kRelease);
  slot->policy.store(policy, kRelease);
  std::size_t i = 0;
  if (name != nullptr) {
    for (; i + 1 < kNameBytes && name[i] != '\0'; ++i) slot->name[i].store(name[i], kRelease);
  }
  slot->name[i].store('\0', kRelease);
  slot->id.store(id, std::memory_order_release);  // a reader that sees the id sees the fields
  live.fetch_add(1, std::memory_order_relaxed);
  return id;
}

void remove_lock(std::uint64_t id) noexcept {
  LockSlot* slot = live_slot(id);
  // Whoever zeroes the id gives the slot back, once.
  if (slot == nullptr || !slot->id.compare_exchange_strong(id, 0, std::memory_order_acq_rel)) return;
  live.fetch_sub(1, std::memory_order_relaxed);
  push_free(id & kSlotMask);
}

void set_policy(std::uint64_t id, lock_policy policy) noexcept {
  if (LockSlot* slot = live_slot(id)) slot->policy.store(policy, std::memory_order_relaxed);
}

LockSlot* live_slot(std::uint64_t id) noexcept {
  if (id == 0) return nullptr;
  LockSlot* slot = slots.find(id & kSlotMask);
  return slot != nullptr && slot->id.load(std::memory_order_acquire) == id ? slot : nullptr;
}

bool find_lock(std::uint64_t id, LockView& view) noexcept {
  const LockSlot* slot = live_slot(id);
  if (slot == nullptr) return false;
  view.id = id;
  constexpr auto kAcquire = std::memory_order_acquire;  // see add_lock
  view.address = slot->address.load(kAcquire);
  view.kind = slot->kind.load(kAcquire);
  view.policy = slot->policy.load(kAcquire);
  for (std::size_t i = 0; i < kNameBytes; ++i) view.name_bytes[i] = slot->name[i].load(kAcquire);
  view.name_bytes[kNameBytes - 1] = '\0';
  return slot->id.load(std::memory_order_relaxed) == id;
}

LockTableCounts lock_table_counts() noexcept {
  return {live.load(std::memory_order_relaxed), overflow.load(std::memory_order_relaxed)};
}

}  // namespace tailback::locks

namespace tailback {

std::uint64_t lock_identity::enter_slow(const void* address) noexcept {
  const std::uint64_t fresh = locks::add_lock(address, name_, kind(), policy());
  if (fresh == 0) return 0;
  locks::event_created({fresh, *this});
  std::uint64_t known = 0;
  // Relaxed: the id is only a number to whoever reads it here; the table orders what stands behind it.
  if (id_.compare_exchange_strong(known, fresh, std::memory_order_relaxed)) return fresh;
  locks::event_destroyed({fresh, *this});  // another thread was first
  locks::remove_lock(fresh);
  return known;
}

void lock_identity::forget() noexcept {
  const std::uint64_t id = id_.exchange(0, std::memory_order_relaxed);
  locks::event_destroyed({id, *this});
  locks::remove_lock(id);
}

}  // namespace tailback
