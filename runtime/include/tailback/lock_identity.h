// Who a lock is: the part of every instrumented lock by which the registry, dumps and reports know it.
//
// Constant-initialised; the lock enters the registry when it is first taken or waited for, and leaves it when it is destroyed. Its id
// is never used again, so that a lock later made at the same address is another lock to everyone.
//
// Thread safety: all members may be called from several threads.
// Ownership: `name` must outlive the identity (a literal); the registry copies its first 37 bytes.
// Cost: 24 bytes in the lock, 64 in the registry.
#pragma once

#include <atomic>
#include <cstdint>

namespace tailback {

/// What a read-write lock does with a reader that comes while a writer waits.
enum class lock_policy : std::uint8_t {
  none,            ///< not a read-write lock, or unknown
  prefer_readers,  ///< it enters; a stream of readers can keep a writer out for ever (glibc's default)
  prefer_writers,  ///< it waits; a writer's unlock lets in all the readers that wait (Go's sync.RWMutex)
  fair,            ///< it waits: all are served in order of arrival
  /// It waits unless its thread reads already (Java's ReentrantReadWriteLock).
  reentrant,
  either,          ///< the implementation promises nothing (SRWLOCK)
};

enum class lock_kind : std::uint8_t { unknown, mutex, recursive_mutex, rwlock, condition, semaphore };

class lock_identity {
 public:
  constexpr explicit lock_identity(lock_kind kind, const char* name = nullptr, lock_policy policy = lock_policy::none) noexcept
      : name_(name), clock_and_kind_(static_cast<std::uint64_t>(policy) << 8 | static_cast<std::uint64_t>(kind)) {}
  ~lock_identity() {
    if (id_.load(std::memory_order_relaxed) != 0) forget();
  }
  lock_identity(const lock_identity&) = delete;
  lock_identity& operator=(const lock_identity&) = delete;

  /// The id, or 0 while the registry does not know the lock.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_.load(std::memory_order_relaxed); }
  /// The id, registering the lock at `address` if it is new; 0 when the registry is full (counted there).
  std::uint64_t enter(const void* address) noexcept {
    const std::uint64_t known = id_.load(std::memory_order_relaxed);
    return known != 0 ? known : enter_slow(address);
  }

  [[nodiscard]] const char* name() const noexcept { return name_; }
  [[nodiscard]] lock_kind kind() const noexcept { return static_cast<lock_kind>(constants() & 0xff); }
  [[nodiscard]] lock_policy policy() const noexcept { return static_cast<lock_policy>(constants() >> 8 & 0xff); }

  /// The lock events' own (runtime/locks/event_log.h): the clock stands above kind and policy, which never change.
  static constexpr unsigned kEventClockShift = 16;
  std::atomic<std::uint64_t>& event_clock() noexcept { return clock_and_kind_; }

 private:
  std::uint64_t enter_slow(const void* address) noexcept;
  void forget() noexcept;
  [[nodiscard]] std::uint64_t constants() const noexcept { return clock_and_kind_.load(std::memory_order_relaxed); }

  std::atomic<std::uint64_t> id_{0};
  const char* name_;
  std::atomic<std::uint64_t> clock_and_kind_;
};

}  // namespace tailback
