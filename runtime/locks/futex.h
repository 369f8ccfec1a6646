// The kernel's wait queues (futex(2)), as the locks use them.
//
// Waits are relative to nothing: a deadline is absolute, on CLOCK_MONOTONIC. Every wait may end for no reason, which callers
// must allow for anyway.
#pragma once

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tailback::locks {

inline constexpr std::int64_t kNoDeadline = INT64_MAX;

inline std::int64_t monotonic_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Sleeps while `word` is `expected`. False when the deadline has passed.
inline bool futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline_ns = kNoDeadline) noexcept {
  const int saved = errno;
  if (deadline_ns < 0) deadline_ns = 0;
  const timespec deadline{static_cast<time_t>(deadline_ns / 1'000'000'000), static_cast<long>(deadline_ns % 1'000'000'000)};
  const long result = ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                                deadline_ns == kNoDeadline ? nullptr : &deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
  const bool timed_out = result == -1 && errno == ETIMEDOUT;
  errno = saved;
  return !timed_out;
}

/// Wakes up to `count` threads that sleep on `word`, which may be gone by now: then nothing, or a wake-up for no reason.
inline void futex_wake(const std::atomic<std::uint32_t>* word, int count = 1) noexcept {
  const int saved = errno;
  ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
  errno = saved;
}

/// The same, for paths that should not be burdened with it.
[[gnu::noinline, gnu::cold]] inline void wake_one(const std::atomic<std::uint32_t>* word) noexcept { futex_wake(word); }

inline void pause_processor() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// The smallest lock: for the few instructions in which a queue changes. Source: Ulrich Drepper, "Futexes are tricky" (2011), mutex2.
class FutexLock {
 public:
  void lock() noexcept {
    std::uint32_t expected = 0;
    if (state_.compare_exchange_strong(expected, 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
    for (int i = 0; i < 60; ++i) {
      pause_processor();
      expected = 0;
      if (state_.compare_exchange_weak(expected, 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
    }
    while (state_.exchange(2, std::memory_order_acquire) != 0) futex_wait(state_, 2);
  }
  bool try_lock() noexcept {
    std::uint32_t expected = 0;
    return state_.compare_exchange_strong(expected, 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept {
    if (state_.exchange(0, std::memory_order_release) == 2) futex_wake(&state_);
  }

 private:
  std::atomic<std::uint32_t> state_{0};
};

}  // namespace tailback::locks
