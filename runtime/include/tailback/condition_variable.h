// The twin of std::condition_variable for tailback::mutex: who waits for it, and since when, is in dumps.
//
// Thread safety, errors: as std's. std::condition_variable_any works with tailback's locks too, but itself remains unseen.
// Cost: 32 bytes; a wait costs the registry some ten plain stores.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include <tailback/mutex.h>

namespace tailback {

class condition_variable {
 public:
  constexpr condition_variable() noexcept = default;
  constexpr explicit condition_variable(const char* name) noexcept : identity_(lock_kind::condition, name) {}
  condition_variable(const condition_variable&) = delete;
  condition_variable& operator=(const condition_variable&) = delete;

  void notify_one() noexcept;
  void notify_all() noexcept;

  void wait(std::unique_lock<mutex>& lock);
  template <class Predicate>
  void wait(std::unique_lock<mutex>& lock, Predicate predicate) {
    while (!predicate()) wait(lock);
  }

  template <class Clock, class Duration>
  std::cv_status wait_until(std::unique_lock<mutex>& lock, const std::chrono::time_point<Clock, Duration>& when) {
    wait_for_ns(lock, detail::saturated_ns(when - Clock::now()));
    return Clock::now() < when ? std::cv_status::no_timeout : std::cv_status::timeout;
  }
  template <class Clock, class Duration, class Predicate>
  bool wait_until(std::unique_lock<mutex>& lock, const std::chrono::time_point<Clock, Duration>& when, Predicate predicate) {
    while (!predicate()) {
      if (wait_until(lock, when) == std::cv_status::timeout) return predicate();
    }
    return true;
  }
  template <class Rep, class Period>
  std::cv_status wait_for(std::unique_lock<mutex>& lock, const std::chrono::duration<Rep, Period>& time) {
    return wait_until(lock, after(time));
  }
  template <class Rep, class Period, class Predicate>
  bool wait_for(std::unique_lock<mutex>& lock, const std::chrono::duration<Rep, Period>& time, Predicate predicate) {
    return wait_until(lock, after(time), std::move(predicate));
  }

  [[nodiscard]] const lock_identity& identity() const noexcept { return identity_; }

 private:
  template <class Rep, class Period>
  static std::chrono::steady_clock::time_point after(const std::chrono::duration<Rep, Period>& time) {
    const auto now = std::chrono::steady_clock::now();
    const auto left = std::chrono::steady_clock::duration(detail::saturated_ns(time));
    return left > std::chrono::steady_clock::time_point::max() - now ? std::chrono::steady_clock::time_point::max() : now + left;
  }
  void wait_for_ns(std::unique_lock<mutex>& lock, std::int64_t ns);
  void wait_until_ns(std::unique_lock<mutex>& lock, std::int64_t deadline_ns, const void* place);
  void notify(bool all, const void* place) noexcept;

  lock_identity identity_{lock_kind::condition};
  std::atomic<std::uint32_t> notified_{0};
};

}  // namespace tailback
