// The mutexes. Source of the algorithm: Ulrich Drepper, "Futexes are tricky" (2011), the third mutex: 0 free, 1 held, 2 held and perhaps
// waited for; glibc's own mutex works so too.
#include <tailback/mutex.h>

#include <system_error>

#include "runtime/locks/event_log.h"
#include "runtime/locks/holding.h"
#include "runtime/locks/waiting.h"
#include "runtime/schedule/hook.h"

namespace tailback {

using namespace locks;

namespace {

constexpr std::uint32_t kFree = 0, kHeld = 1, kWaited = 2;

bool try_take(std::atomic<std::uint32_t>& state) noexcept {
  std::uint32_t expected = kFree;
  return state.compare_exchange_strong(expected, kHeld, std::memory_order_acquire, std::memory_order_relaxed);
}

// Release: whoever takes the lock next sees all that its holder did, and that the registry's hold is gone.
void give(std::atomic<std::uint32_t>& state) noexcept {
  if (state.exchange(kFree, std::memory_order_release) == kWaited) [[unlikely]] wake_one(&state);
}

std::int64_t deadline_after(std::int64_t ns) noexcept {
  const std::int64_t now = monotonic_ns();
  return ns <= 0 ? now : ns > kNoDeadline - 1 - now ? kNoDeadline - 1 : now + ns;
}

// False when the deadline came first. Throws under the policy "throw" only.
bool take_slow(std::atomic<std::uint32_t>& state, std::uint64_t id, std::int64_t deadline_ns, const void* place) {
  // A holder that runs is soon done: worth some hundred cycles before the kernel is asked.
  for (int i = 0; i < 30; ++i) {
    if (state.load(std::memory_order_relaxed) == kFree && try_take(state)) return true;
    pause_processor();
  }
  WaitScope scope(this_thread(), {id, false, deadline_ns != kNoDeadline, place});
  while (state.exchange(kWaited, std::memory_order_acquire) != kFree) {
    switch (scope.sleep(state, kWaited, deadline_ns)) {
      case WaitScope::Woken::kMaybe: break;
      case WaitScope::Woken::kDeadline: return false;
      case WaitScope::Woken::kDeadlock:
        throw std::system_error(std::make_error_code(std::errc::resource_deadlock_would_occur), "tailback::mutex");
    }
  }
  return true;
}

// What lock() and unlock() do when they have more to do than usual. Out of their way, so that those need no stack (holding.h).
[[gnu::noinline]] void lock_observed(std::atomic<std::uint32_t>& state, lock_identity& identity, const void* lock, const void* place) {
  schedule_before(ScheduledOperation::kLock, identity);
  if (!try_take(state)) take_slow(state, identity.enter(lock), kNoDeadline, place);
  note_acquired(identity, lock, false, place);
}

[[gnu::noinline]] void unlock_observed(std::atomic<std::uint32_t>& state, lock_identity& identity, const void* place) noexcept {
  schedule_before(ScheduledOperation::kUnlock, identity);
  note_releasing(identity, false, place);
  give(state);
}

}  // namespace

bool mutex::lock_slow(std::int64_t deadline_ns, const void* place) {
  return take_slow(state_, identity_.enter(this), deadline_ns, place);
}

void mutex::lock() {
  const void* place = TAILBACK_PLACE();
  if (scheduled() || !try_take(state_)) [[unlikely]] return lock_observed(state_, identity_, this, place);
  note_acquired(identity_, this, false, place);
}

void mutex::unlock() noexcept {
  if (!note_releasing_fast(identity_, false)) [[unlikely]] return unlock_observed(state_, identity_, TAILBACK_PLACE());
  give(state_);
}

bool mutex::try_lock() noexcept {
  const void* place = TAILBACK_PLACE();
  schedule_before(ScheduledOperation::kTry, identity_);
  const bool taken = try_take(state_);
  if (taken) {
    note_acquired(identity_, this, false, place, true);
  } else {
    event_gave_up(identity_.enter(this), false, place);
  }
  return taken;
}

bool mutex::try_lock_for_ns(std::int64_t ns) noexcept {
  const void* place = TAILBACK_PLACE();
  schedule_before(ScheduledOperation::kTry, identity_);
  // A timed wait is in no ring, so lock_slow does not throw.
  const bool taken = try_take(state_) || (ns > 0 && lock_slow(deadline_after(ns), place));
  if (taken) {
    note_acquired(identity_, this, false, place, true);
  } else {
    event_gave_up(identity_.enter(this), false, place);
  }
  return taken;
}

namespace {

// What tells the calling thread from all others that live: the address of something of its own.
const void* thread_token() noexcept { return &current_record; }

}  // namespace

// Relaxed: only the thread itself ever stores its own token, and it stores another one, or null, before it gives the lock back.
// A thread that is not the owner may read anything but its own token.
bool recursive_mutex::again() noexcept {
  if (owner_.load(std::memory_order_relaxed) != thread_token()) return false;
  ++depth_;
  return true;
}

void recursive_mutex::take(const void* place, bool tried) noexcept {
  owner_.store(thread_token(), std::memory_order_relaxed);
  depth_ = 1;
  note_acquired(identity_, this, false, place, tried);
}

void recursive_mutex::lock() {
  if (again()) return;
  const void* place = TAILBACK_PLACE();
  schedule_before(ScheduledOperation::kLock, identity_);
  if (!try_take(state_)) take_slow(state_, identity_.enter(this), kNoDeadline, place);
  take(place);
}

bool recursive_mutex::try_lock() noexcept {
  if (again()) return true;
  const void* place = TAILBACK_PLACE();
  schedule_before(ScheduledOperation::kTry, identity_);
  const bool taken = try_take(state_);
  if (taken) {
    take(place, true);
  } else {
    event_gave_up(identity_.enter(this), false, place);
  }
  return taken;
}

void recursive_mutex::unlock() noexcept {
  if (--depth_ > 0) return;
  schedule_before(ScheduledOperation::kUnlock, identity_);
  owner_.store(nullptr, std::memory_order_relaxed);
  note_releasing(identity_, false, TAILBACK_PLACE());
  give(state_);
}

}  // namespace tailback
