#include <tailback/lock_hooks.h>

#include "runtime/locks/deadlock_watch.h"
#include "runtime/locks/holding.h"
#include "runtime/locks/waiting.h"

namespace tailback {

using namespace locks;

bool watch_hooked_locks() noexcept { return start_deadlock_watch(); }

namespace hooks {

// The lock's address is not told; its identity is a member, which is near enough for people who compare addresses.
void waits(lock_identity& lock, bool shared, bool timed, const void* place) noexcept {
  const std::uint64_t id = lock.enter(&lock);
  ThreadSlot* thread = this_thread();
  if (thread == nullptr || id == 0) return;
  begin_wait(thread, {id, shared, timed, place != nullptr ? place : TAILBACK_PLACE()});
}

void waits_no_more() noexcept {
  ThreadSlot* thread = this_thread();
  // Even: the wait could not be published.
  if (thread != nullptr && thread->wait_sequence.load(std::memory_order_relaxed) % 2 == 1) end_wait(thread);
}

void acquired(lock_identity& lock, bool shared, const void* place, bool tried) noexcept {
  note_acquired(lock, &lock, shared, place != nullptr ? place : TAILBACK_PLACE(), tried);
}

void releasing(lock_identity& lock, bool shared) noexcept { note_releasing(lock, shared, TAILBACK_PLACE()); }

}  // namespace hooks

}  // namespace tailback
