// The condition: a count of notifications that waiters sleep on. A waiter reads the count while it holds the mutex, so a notification
// that comes after it let go of the mutex changes the count, and the sleep does not begin. Source of the idea: Rust's std, futex-based
// Condvar. (2^32 notifications between those two steps would be missed; so it is there.)
#include <tailback/condition_variable.h>
#include <tailback/thread_safety.h>

#include "runtime/locks/event_log.h"
#include "runtime/locks/holding.h"
#include "runtime/locks/waiting.h"
#include "runtime/schedule/hook.h"

namespace tailback {

using namespace locks;

void condition_variable::notify(bool all, const void* place) noexcept {
  schedule_before(all ? ScheduledOperation::kNotifyAll : ScheduledOperation::kNotify, identity_);
  if (events_on()) event_notify({identity_.enter(this), identity_}, all, place);
  // Relaxed: the mutex orders what the notification is about.
  notified_.fetch_add(1, std::memory_order_relaxed);
  futex_wake(&notified_, all ? INT_MAX : 1);
}

void condition_variable::notify_one() noexcept { notify(false, TAILBACK_PLACE()); }
void condition_variable::notify_all() noexcept { notify(true, TAILBACK_PLACE()); }

/// Not analysed: the caller's std::unique_lock has the mutex, which clang does not see.
TAILBACK_THREAD_ATTRIBUTE(no_thread_safety_analysis)
void condition_variable::wait_until_ns(std::unique_lock<mutex>& lock, std::int64_t deadline_ns, const void* place) {
  schedule_before(ScheduledOperation::kWait, identity_);
  ThreadSlot* record = this_thread();
  mutex& m = *lock.mutex();
  const std::uint64_t id = identity_.enter(this);
  const std::uint32_t seen = notified_.load(std::memory_order_relaxed);
  event_condition_wait({id, identity_}, {m.identity_.id(), m.identity_}, place);
  {
    // Timed, for the ring check: a notification may always come, whoever holds what.
    WaitScope scope(record, {id, false, true, place});
    m.unlock();
    scope.sleep(notified_, seen, deadline_ns);
  }
  event_condition_woken({id, identity_});
  m.lock();
  schedule_woke();
}

void condition_variable::wait(std::unique_lock<mutex>& lock) { wait_until_ns(lock, kNoDeadline, TAILBACK_PLACE()); }

void condition_variable::wait_for_ns(std::unique_lock<mutex>& lock, std::int64_t ns) {
  const std::int64_t now = monotonic_ns();
  wait_until_ns(lock, ns <= 0 ? now : ns > kNoDeadline - 1 - now ? kNoDeadline - 1 : now + ns, TAILBACK_PLACE());
}

}  // namespace tailback
