// Which frames of a stack belong to a lock's own functions, and what their names say of the lock.
//
// The innermost frames of a waiting thread are libc's (`__lll_lock_wait`, `pthread_mutex_lock`), then perhaps the library's wrappers
// (`std::mutex::lock`, `std::lock_guard::lock_guard`), then the program's own. A pure function of the names.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/incident/model.h"

namespace tailback {

/// The lock function that a thread waits in.
enum class LockApi : std::uint8_t {
  kNone, kMutex, kReadLock, kWriteLock, kCondition, kSemaphore, kJoin, kBarrier, kOnce, kFuture, kLatch, kAtomicWait,
};

struct LockSite {
  LockApi api = LockApi::kNone;
  std::uint16_t wait_frame = 0;  ///< the outermost frame of the lock's own; the next one out called it
};

/// `functions`: innermost first, inlined ones included.
[[nodiscard]] LockSite find_lock_site(std::span<const std::string_view> functions);

}  // namespace tailback
