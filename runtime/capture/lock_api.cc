#include "runtime/capture/lock_api.h"

#include <algorithm>
#include <array>

namespace tailback {
namespace {

struct ApiName {
  std::string_view prefix;
  LockApi api;
};

// Prefixes of names without their leading underscores and "__GI_": glibc calls one function pthread_rwlock_wrlock,
// ___pthread_rwlock_wrlock and __pthread_rwlock_wrlock_full64. The first that fits counts.
constexpr std::array kApis = {
    ApiName{"pthread_mutex_cond_lock", LockApi::kMutex},
    ApiName{"pthread_mutex_lock", LockApi::kMutex},
    ApiName{"pthread_mutex_timedlock", LockApi::kMutex},
    ApiName{"pthread_mutex_clocklock", LockApi::kMutex},
    ApiName{"pthread_rwlock_rdlock", LockApi::kReadLock},
    ApiName{"pthread_rwlock_timedrdlock", LockApi::kReadLock},
    ApiName{"pthread_rwlock_clockrdlock", LockApi::kReadLock},
    ApiName{"pthread_rwlock_wrlock", LockApi::kWriteLock},
    ApiName{"pthread_rwlock_timedwrlock", LockApi::kWriteLock},
    ApiName{"pthread_rwlock_clockwrlock", LockApi::kWriteLock},
    ApiName{"pthread_cond_", LockApi::kCondition},
    ApiName{"pthread_barrier_wait", LockApi::kBarrier},
    ApiName{"pthread_once", LockApi::kOnce},
    ApiName{"cxa_guard_acquire", LockApi::kOnce},
    ApiName{"pthread_join", LockApi::kJoin},
    ApiName{"pthread_timedjoin", LockApi::kJoin},
    ApiName{"pthread_clockjoin", LockApi::kJoin},
    ApiName{"sem_wait", LockApi::kSemaphore},
    ApiName{"sem_timedwait", LockApi::kSemaphore},
    ApiName{"sem_clockwait", LockApi::kSemaphore},
    ApiName{"new_sem_wait", LockApi::kSemaphore},
    ApiName{"new_sem_timedwait", LockApi::kSemaphore},
    ApiName{"std::__atomic_futex_unsigned_base::", LockApi::kFuture},
    ApiName{"std::latch::", LockApi::kLatch},
    ApiName{"std::barrier<", LockApi::kBarrier},
    ApiName{"std::__tree_barrier", LockApi::kBarrier},
    ApiName{"std::counting_semaphore<", LockApi::kSemaphore},
    ApiName{"std::__atomic_semaphore::", LockApi::kSemaphore},
    ApiName{"std::__platform_semaphore::", LockApi::kSemaphore},
    ApiName{"std::__detail::__platform_wait", LockApi::kAtomicWait},
    ApiName{"std::__atomic_wait_address", LockApi::kAtomicWait},
    ApiName{"std::atomic", LockApi::kAtomicWait},
};

// What may stand between the system call and the API, and between the API and the program's own code.
constexpr std::array kInternals = std::to_array<std::string_view>({
    "lll_", "futex", "syscall", "internal_syscall",
});
constexpr std::array kWrappers = std::to_array<std::string_view>({
    "gthread_", "std::mutex::", "std::__mutex_base", "std::recursive_mutex::", "std::timed_mutex::", "std::recursive_timed_mutex::",
    "std::__timed_mutex_impl<", "std::shared_mutex::", "std::shared_timed_mutex::", "std::__shared_mutex_pthread::", "std::__shared_timed_mutex_base",
    "std::__shared_mutex_cv::", "std::__glibcxx_rwlock", "std::unique_lock<", "std::shared_lock<", "std::lock_guard<", "std::scoped_lock<", "std::lock<",
    "std::__detail::__lock", "std::__detail::__wait", "std::__lock_impl", "std::condition_variable::", "std::_V2::condition_variable_any", "std::__condvar::", "std::thread::join", "std::jthread::join",
    "std::call_once", "std::once_flag", "std::__future_base::", "std::__basic_future<", "std::future<", "std::shared_future<", "std::__atomic_wait",
    "std::__atomic_semaphore", "std::counting_semaphore<", "std::latch::", "std::barrier<", "std::__detail::", "std::__atomic_base<", "std::atomic", "boost::",
});

std::string_view bare(std::string_view name) {
  auto strip = [&name] {
    while (name.starts_with('_')) name.remove_prefix(1);
  };
  strip();
  if (name.starts_with("interceptor_")) name.remove_prefix(12);  // of a sanitizer
  if (name.starts_with("GI_")) {
    name.remove_prefix(3);
    strip();
  }
  return name;
}

LockApi api_of(std::string_view name) {
  const std::string_view plain = bare(name);
  for (const ApiName& entry : kApis) {
    if (plain.starts_with(entry.prefix)) return entry.api;
  }
  return LockApi::kNone;
}

template <std::size_t N>
bool starts_with_any(std::string_view name, const std::array<std::string_view, N>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// Wrappers of boost count only where they are locks.
bool is_wrapper(std::string_view name) {
  const std::string_view plain = bare(name);
  if (plain.starts_with("boost::")) {
    return plain.find("mutex") != std::string_view::npos || plain.find("lock") != std::string_view::npos || plain.find("condition_variable") != std::string_view::npos;
  }
  return starts_with_any(plain, kWrappers);
}

}  // namespace

LockSite find_lock_site(std::span<const std::string_view> functions) {
  // Unnamed frames are libc's without its symbols; the API is at most a few internal frames away.
  constexpr std::size_t kFarthest = 8;
  LockSite site;
  std::size_t at = 0;
  for (; at < functions.size() && at < kFarthest; ++at) {
    site.api = api_of(functions[at]);
    if (site.api != LockApi::kNone) break;
    if (!functions[at].empty() && !starts_with_any(bare(functions[at]), kInternals)) return {};
  }
  if (site.api == LockApi::kNone) return {};
  for (; at < functions.size(); ++at) {
    const LockApi outer = api_of(functions[at]);
    const bool own = outer != LockApi::kNone || is_wrapper(functions[at]);
    if (!own) break;
    // "std::latch::wait" around "std::__atomic_wait_address": the outer name says more.
    if (site.api == LockApi::kAtomicWait && outer != LockApi::kNone) site.api = outer;
    site.wait_frame = static_cast<std::uint16_t>(at);
  }
  return site;
}

}  // namespace tailback
