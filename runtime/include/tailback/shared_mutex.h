// Drop-in read-write locks that testify, and whose policy is chosen, not guessed.
//
//   tailback::shared_mutex mu{"HashSet.mu"};                                     // prefers writers, as Go's sync.RWMutex does
//   tailback::shared_mutex mu{"HashSet.mu", tailback::lock_policy::fair};
//   tailback::policy_shared_mutex<tailback::lock_policy::prefer_readers> mu{"HashSet.mu"};
//
// The policies, for a reader that comes while a writer waits:
//   prefer_readers   it enters; writers may starve. Reading again in the same thread is safe.
//   prefer_writers   it waits; a writer's unlock lets in all readers that wait before the next writer. To read again in a thread
//                    that reads already deadlocks when a writer came in between: the incident that tailback is named after.
//   fair             all are served in order of arrival. To read again may deadlock likewise.
// Whatever the policy, to ask for the exclusive lock while holding the shared one deadlocks at once.
//
// Thread safety, errors: as in tailback/mutex.h.
// Cost: tests/bench/locks; 56 bytes, as std's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <tailback/lock_identity.h>
#include <tailback/mutex.h>
#include <tailback/thread_safety.h>

namespace tailback {

namespace detail {
struct shared_waiter;
}

class TAILBACK_CAPABILITY("shared_mutex") shared_mutex {
 public:
  constexpr shared_mutex() noexcept = default;
  constexpr explicit shared_mutex(const char* name, lock_policy policy = lock_policy::prefer_writers) noexcept
      : identity_(lock_kind::rwlock, name, policy) {}
  constexpr explicit shared_mutex(lock_policy policy) noexcept : shared_mutex(nullptr, policy) {}
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;

  void lock() TAILBACK_ACQUIRE();
  bool try_lock() noexcept TAILBACK_TRY_ACQUIRE(true);
  void unlock() noexcept TAILBACK_RELEASE();
  void lock_shared() TAILBACK_ACQUIRE_SHARED();
  bool try_lock_shared() noexcept TAILBACK_TRY_ACQUIRE_SHARED(true);
  void unlock_shared() noexcept TAILBACK_RELEASE_SHARED();

  [[nodiscard]] const lock_identity& identity() const noexcept { return identity_; }

 protected:
  bool try_lock_for_ns(std::int64_t ns) noexcept;
  bool try_lock_shared_for_ns(std::int64_t ns) noexcept;

 private:
  friend struct shared_mutex_queue;
  bool try_take() noexcept;
  void note_exclusive(const void* place, bool tried) noexcept;
  void give() noexcept;
  void give_shared() noexcept;
  void lock_observed(const void* place);
  void lock_shared_observed(const void* place);
  void lock_shared_counted(const void* place, std::uint32_t before);
  void unlock_observed(const void* place) noexcept;
  void unlock_shared_observed(const void* place) noexcept;

  lock_identity identity_{lock_kind::rwlock, nullptr, lock_policy::prefer_writers};
  std::atomic<std::uint32_t> state_{0};   // runtime/locks/shared_mutex.cc
  std::atomic<std::uint32_t> guard_{0};   // of the queue
  std::atomic<std::uint64_t> readers_clock_{0};  // of lock events: no reader that left was later (runtime/locks/event_log.h)
  detail::shared_waiter* readers_ = nullptr;  // those that wait: the last of each ring
  detail::shared_waiter* writers_ = nullptr;
};

class TAILBACK_CAPABILITY("shared_mutex") shared_timed_mutex : public shared_mutex {
 public:
  using shared_mutex::shared_mutex;

  template <class Rep, class Period>
  bool try_lock_for(const std::chrono::duration<Rep, Period>& time) TAILBACK_TRY_ACQUIRE(true) {
    return try_lock_for_ns(detail::saturated_ns(time));
  }
  template <class Clock, class Duration>
  bool try_lock_until(const std::chrono::time_point<Clock, Duration>& when) TAILBACK_TRY_ACQUIRE(true) {
    return detail::try_until(when, [this](std::int64_t left) { return try_lock_for_ns(left); });
  }
  template <class Rep, class Period>
  bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& time) TAILBACK_TRY_ACQUIRE_SHARED(true) {
    return try_lock_shared_for_ns(detail::saturated_ns(time));
  }
  template <class Clock, class Duration>
  bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& when) TAILBACK_TRY_ACQUIRE_SHARED(true) {
    return detail::try_until(when, [this](std::int64_t left) { return try_lock_shared_for_ns(left); });
  }
};

/// With the policy in the type.
template <lock_policy Policy>
class TAILBACK_CAPABILITY("shared_mutex") policy_shared_mutex : public shared_timed_mutex {
 public:
  static_assert(Policy == lock_policy::prefer_readers || Policy == lock_policy::prefer_writers || Policy == lock_policy::fair);
  constexpr policy_shared_mutex() noexcept : shared_timed_mutex(nullptr, Policy) {}
  constexpr explicit policy_shared_mutex(const char* name) noexcept : shared_timed_mutex(name, Policy) {}
};

}  // namespace tailback
