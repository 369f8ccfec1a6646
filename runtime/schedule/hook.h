// Where the instrumented locks let a schedule hold them back: a flag among the locks' features, and a hook behind it.
//
// Cost: a load and a branch before an operation; the rest lies on paths that are slow anyway.
#pragma once

#include <tailback/lock_identity.h>

#include "runtime/locks/thread_table.h"

namespace tailback::locks {

enum class ScheduledOperation : std::uint8_t { kLock, kLockShared, kTry, kTryShared, kUnlock, kWait, kNotify, kNotifyAll };

class ScheduleHook {
 public:
  virtual ~ScheduleHook() = default;
  /// Before the operation; may block.
  virtual void before(ScheduledOperation operation, const lock_identity& lock) = 0;
  /// The operation that came last on this thread was granted, or given up.
  virtual void after() = 0;
  /// A condition's wait is over, and its lock held again.
  virtual void woke() = 0;
  /// The calling thread stands in its lock's queue and goes to sleep. Does not block.
  virtual void parked() = 0;
};

/// Null: none. The hook must outlive all threads that it has held.
void set_schedule_hook(ScheduleHook* hook) noexcept;

void schedule_before_slow(ScheduledOperation operation, const lock_identity& lock);
void schedule_after_slow();
void schedule_woke_slow();
void schedule_parked_slow();

[[nodiscard]] inline bool scheduled() noexcept { return (features.load(std::memory_order_relaxed) & kFeatureSchedule) != 0; }

inline void schedule_before(ScheduledOperation operation, const lock_identity& lock) {
  if (scheduled()) [[unlikely]] schedule_before_slow(operation, lock);
}
inline void schedule_after() {
  if (scheduled()) [[unlikely]] schedule_after_slow();
}
inline void schedule_woke() {
  if (scheduled()) [[unlikely]] schedule_woke_slow();
}
inline void schedule_parked() {
  if (scheduled()) [[unlikely]] schedule_parked_slow();
}

}  // namespace tailback::locks
