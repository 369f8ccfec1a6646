// What instrumented locks do beyond testifying, on request.
//
//   tailback::set_deadlock_policy(tailback::deadlock_policy::abort);   // in a test's main: a deadlock ends the test with the report
//   tailback::set_hold_stacks(true);                                   // holds remember their whole stack
//
// Thread safety: all; both apply to the process.
#pragma once

#include <cstdint>

namespace tailback {

/// What happens when a ring of waiting threads is found, besides the trigger `deadlock`.
enum class deadlock_policy : std::uint8_t {
  report,       ///< nothing: the threads stay in their ring, as they would without tailback
  throw_error,  ///< for tests: lock() of a thread in the ring throws std::system_error (resource_deadlock_would_occur)
  abort,        ///< for tests: the ring is described on standard error, then std::abort()
};
void set_deadlock_policy(deadlock_policy policy) noexcept;

/// Each hold's dump then tells not only which function took the lock but who called it, 16 frames deep.
/// Cost: about 3 µs an acquisition.
void set_hold_stacks(bool on) noexcept;

}  // namespace tailback
