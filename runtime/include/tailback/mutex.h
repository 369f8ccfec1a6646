// Drop-in mutexes that testify: std's members and semantics, and the registry knows who holds them, since where, and who waits.
//
//   tailback::mutex mu{"accounts"};            // the name is optional
//   std::lock_guard guard(mu);                 // all of std's guards work, and std::condition_variable_any;
//                                              // tailback/condition_variable.h has the twin of std::condition_variable
//
// Thread safety: as std's. Errors: lock() throws std::system_error only under the test policy throw_error (tailback/lock_checks.h); no
// other member throws. As with std, to lock a mutex twice in one thread, or to unlock one that is another's, is a bug; the first is
// reported as a deadlock, the second is counted.
// Differences: no native_handle(). Not for memory shared between processes.
// Cost: tests/bench/locks; 32 bytes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <tailback/lock_identity.h>
#include <tailback/thread_safety.h>

namespace tailback {

namespace detail {
/// In nanoseconds, rounded up; what does not fit is as good as for ever.
template <class Rep, class Period>
std::int64_t saturated_ns(const std::chrono::duration<Rep, Period>& time) {
  const double seconds = std::chrono::duration<double>(time).count();
  if (seconds >= 9.0e9) return INT64_MAX;
  if (seconds <= -9.0e9) return INT64_MIN;
  return std::chrono::ceil<std::chrono::nanoseconds>(time).count();
}

/// Calls `try_for(ns)` until it succeeds or Clock says that `when` has come: clocks other than the steady one may be set.
template <class Clock, class Duration, class TryFor>
bool try_until(const std::chrono::time_point<Clock, Duration>& when, TryFor try_for) {
  for (;;) {
    if (try_for(saturated_ns(when - Clock::now()))) return true;
    if (Clock::now() >= when) return false;
  }
}
}  // namespace detail

class TAILBACK_CAPABILITY("mutex") mutex {
 public:
  constexpr mutex() noexcept = default;
  constexpr explicit mutex(const char* name) noexcept : identity_(lock_kind::mutex, name) {}
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  void lock() TAILBACK_ACQUIRE();
  bool try_lock() noexcept TAILBACK_TRY_ACQUIRE(true);
  void unlock() noexcept TAILBACK_RELEASE();

  [[nodiscard]] const lock_identity& identity() const noexcept { return identity_; }

 protected:
  bool try_lock_for_ns(std::int64_t ns) noexcept;

 private:
  friend class condition_variable;
  bool lock_slow(std::int64_t deadline_ns, const void* place);

  lock_identity identity_{lock_kind::mutex};
  std::atomic<std::uint32_t> state_{0};  // 0 free, 1 held, 2 held and perhaps waited for
};

class TAILBACK_CAPABILITY("mutex") timed_mutex : public mutex {
 public:
  using mutex::mutex;

  template <class Rep, class Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& time) TAILBACK_TRY_ACQUIRE(true) {
    return try_lock_for_ns(detail::saturated_ns(time));
  }
  template <class Clock, class Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& when) TAILBACK_TRY_ACQUIRE(true) {
    return detail::try_until(when, [this](std::int64_t left) { return try_lock_for_ns(left); });
  }
};

/// May be locked again by the thread that holds it; the registry shows the outermost lock().
class TAILBACK_CAPABILITY("mutex") recursive_mutex {
 public:
  constexpr recursive_mutex() noexcept = default;
  constexpr explicit recursive_mutex(const char* name) noexcept : identity_(lock_kind::recursive_mutex, name) {}
  recursive_mutex(const recursive_mutex&) = delete;
  recursive_mutex& operator=(const recursive_mutex&) = delete;

  void lock() TAILBACK_ACQUIRE();
  bool try_lock() noexcept TAILBACK_TRY_ACQUIRE(true);
  void unlock() noexcept TAILBACK_RELEASE();

  [[nodiscard]] const lock_identity& identity() const noexcept { return identity_; }

 private:
  bool again() noexcept;
  void take(const void* place, bool tried = false) noexcept;

  lock_identity identity_{lock_kind::recursive_mutex};
  std::atomic<std::uint32_t> state_{0};
  std::uint32_t depth_ = 0;                    // the owner's
  std::atomic<const void*> owner_{nullptr};    // what tells threads apart
};

}  // namespace tailback
