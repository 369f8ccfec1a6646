#include <tailback/lock_checks.h>

#include "runtime/locks/deadlock.h"
#include "runtime/locks/registry.h"

namespace tailback {

void set_deadlock_policy(deadlock_policy policy) noexcept {
  switch (policy) {
    case deadlock_policy::report: return locks::set_deadlock_policy(locks::DeadlockPolicy::kReport);
    case deadlock_policy::throw_error: return locks::set_deadlock_policy(locks::DeadlockPolicy::kThrow);
    case deadlock_policy::abort: return locks::set_deadlock_policy(locks::DeadlockPolicy::kAbort);
  }
}

void set_hold_stacks(bool on) noexcept { locks::set_hold_stacks(on); }

}  // namespace tailback
