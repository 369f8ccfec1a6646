// Which frames of a stack belong to a lock's own functions, and what their names say of the lock.
//
// The innermost frames of a waiting thread are libc's (`__lll_lock_wait`, `pthread_mutex_lock`), then perhaps the library's wrappers
// (`std::mutex::lock`, `std::lock_guard::lock_guard`), then the program's own. A pure function of the names, the one place where native lock functions
// are known by name: for stacks of the live process and for those that a debugger has printed. To know another library's, add a line to a table of
// lock_functions.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/incident/model.h"

namespace tailback {

/// The lock function that a thread waits in. Only of glibc's and libstdc++'s own is known what their words in memory mean.
enum class LockApi : std::uint8_t {
  kNone, kMutex, kReadLock, kWriteLock, kCondition, kSemaphore, kJoin, kBarrier, kOnce, kFuture, kLatch, kAtomicWait,
  kLowLevelLock,       ///< libc's __lll_lock_wait with no function known above it: a mutex of old glibc, or a lock of libc's own
  kOtherMutex, kOtherReadLock, kOtherWriteLock, kOtherCondition,  ///< of a library that brings its own
};

struct LockSite {
  LockApi api = LockApi::kNone;
  std::uint16_t wait_frame = 0;  ///< the outermost frame of the lock's own; the next one out called it
  bool timed = false;            ///< the call gives up by itself
  std::uint16_t api_frame = 0;   ///< the frame that `api` is the name of
};

/// `functions`: innermost first, inlined ones included.
[[nodiscard]] LockSite find_lock_site(std::span<const std::string_view> functions);

/// What is waited for; futex for a wait on an atomic value.
[[nodiscard]] LockKind kind_of(LockApi api);
[[nodiscard]] LockMode mode_of(LockApi api);

/// A function's name without leading underscores, "interceptor_" and "GI_": glibc calls one function pthread_rwlock_wrlock,
/// ___pthread_rwlock_wrlock and __pthread_rwlock_wrlock_full64.
[[nodiscard]] std::string_view bare_name(std::string_view function);

/// Whether the function stands between the system call and the lock's API: "__lll_lock_wait", "__futex_abstimed_wait_common".
[[nodiscard]] bool is_lock_internal(std::string_view function);

/// Members by which any class is a lock (the Lockable requirements, [thread.req.lockable], and what other libraries call the same): a
/// program's own wrapper of a lock is the lock, and whoever calls it is the program.
[[nodiscard]] bool is_lockable_member(std::string_view function);

}  // namespace tailback
