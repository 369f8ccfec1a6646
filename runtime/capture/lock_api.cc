#include "runtime/capture/lock_api.h"

#include <algorithm>
#include <array>

#include "runtime/symbols/function_name.h"

namespace tailback {
namespace {

struct ApiName {
  std::string_view prefix;  ///< of the bare name; the first that fits counts
  LockApi api;
  bool timed = false;
};

constexpr std::array kApis = {
    ApiName{"pthread_mutex_cond_lock", LockApi::kMutex},
    ApiName{"pthread_mutex_lock", LockApi::kMutex},
    ApiName{"pthread_mutex_timedlock", LockApi::kMutex, true},
    ApiName{"pthread_mutex_clocklock", LockApi::kMutex, true},
    ApiName{"pthread_spin_lock", LockApi::kOtherMutex},
    ApiName{"pthread_rwlock_rdlock", LockApi::kReadLock},
    ApiName{"pthread_rwlock_timedrdlock", LockApi::kReadLock, true},
    ApiName{"pthread_rwlock_clockrdlock", LockApi::kReadLock, true},
    ApiName{"pthread_rwlock_wrlock", LockApi::kWriteLock},
    ApiName{"pthread_rwlock_timedwrlock", LockApi::kWriteLock, true},
    ApiName{"pthread_rwlock_clockwrlock", LockApi::kWriteLock, true},
    ApiName{"pthread_cond_timedwait", LockApi::kCondition, true},
    ApiName{"pthread_cond_clockwait", LockApi::kCondition, true},
    ApiName{"pthread_cond_", LockApi::kCondition},
    ApiName{"pthread_barrier_wait", LockApi::kBarrier},
    ApiName{"pthread_once", LockApi::kOnce},
    ApiName{"cxa_guard_acquire", LockApi::kOnce},
    ApiName{"pthread_join", LockApi::kJoin},
    ApiName{"pthread_timedjoin", LockApi::kJoin, true},
    ApiName{"pthread_clockjoin", LockApi::kJoin, true},
    ApiName{"sem_wait", LockApi::kSemaphore},
    ApiName{"sem_timedwait", LockApi::kSemaphore, true},
    ApiName{"sem_clockwait", LockApi::kSemaphore, true},
    ApiName{"new_sem_wait", LockApi::kSemaphore},
    ApiName{"new_sem_timedwait", LockApi::kSemaphore, true},
    ApiName{"std::__atomic_futex_unsigned_base::", LockApi::kFuture},
    ApiName{"std::latch::wait", LockApi::kLatch},
    ApiName{"std::latch::arrive_and_wait", LockApi::kLatch},
    ApiName{"std::barrier<", LockApi::kBarrier},
    ApiName{"std::__tree_barrier", LockApi::kBarrier},
    ApiName{"std::counting_semaphore<", LockApi::kSemaphore},
    ApiName{"std::__atomic_semaphore::", LockApi::kSemaphore},
    ApiName{"std::__platform_semaphore::", LockApi::kSemaphore},
    ApiName{"std::__detail::__platform_wait", LockApi::kAtomicWait},
    ApiName{"std::__atomic_wait_address", LockApi::kAtomicWait},
    ApiName{"boost::shared_mutex::lock_shared", LockApi::kOtherReadLock},
    ApiName{"boost::shared_mutex::lock", LockApi::kOtherWriteLock},
    ApiName{"absl::Mutex::ReaderLock", LockApi::kOtherReadLock},
    ApiName{"absl::Mutex::Lock", LockApi::kOtherMutex},
    ApiName{"absl::CondVar::", LockApi::kOtherCondition},
    ApiName{"tailback::mutex::lock", LockApi::kOtherMutex},
    ApiName{"tailback::shared_mutex::lock_shared", LockApi::kOtherReadLock},
    ApiName{"tailback::shared_mutex::lock", LockApi::kOtherWriteLock},
    ApiName{"tailback::condition_variable::wait", LockApi::kOtherCondition},
};

// Around an API of another name, these say more: a future waits in a once, an atomic value or a condition.
constexpr auto kFutures = std::to_array<std::string_view>({"std::__future_base::", "std::__basic_future<", "std::future<", "std::shared_future<"});

// What may stand between the system call and the API; of old glibc also what its assembly calls a wait ("L_lock_909").
constexpr auto kInternals = std::to_array<std::string_view>({
    "lll_", "futex", "L_lock_", "L_unlock_", "L_mutex_", "L_rwlock_", "L_cond_", "syscall", "internal_syscall", "kernel_vsyscall", "libc_do_syscall", "do_futex_wait",
});
constexpr auto kLowLevelLocks = std::to_array<std::string_view>({"lll_lock_wait", "lll_mutex_lock_wait", "L_lock_"});

// Between the API and the program's own code. Of boost what is a lock, not all of it: its executors call the program.
constexpr auto kWrappers = std::to_array<std::string_view>({
    "gthread_", "std::mutex::", "std::__mutex_base", "std::recursive_mutex::", "std::timed_mutex::", "std::recursive_timed_mutex::",
    "std::__timed_mutex_impl<", "std::shared_mutex::", "std::shared_timed_mutex::", "std::__shared_mutex_", "std::__shared_timed_mutex_base",
    "std::__glibcxx_rwlock", "std::unique_lock<", "std::shared_lock<", "std::lock_guard<", "std::scoped_lock<", "std::lock<",
    "std::__detail::", "std::__lock_impl", "std::condition_variable", "std::_V2::condition_variable", "std::__condvar::", "std::thread::join",
    "std::jthread::join", "std::call_once", "std::once_flag", "std::__atomic", "std::atomic", "std::this_thread::",
    "boost::mutex", "boost::timed_mutex", "boost::recursive_mutex", "boost::recursive_timed_mutex", "boost::shared_mutex", "boost::upgrade_mutex",
    "boost::unique_lock<", "boost::shared_lock<", "boost::upgrade_lock<", "boost::lock_guard<", "boost::shared_lock_guard<", "boost::condition_variable",
    "boost::thread::join", "boost::pthread::", "boost::this_thread::", "boost::posix",
    "absl::Mutex", "absl::CondVar", "absl::lts", "absl::synchronization_internal",
    "tailback::mutex::", "tailback::timed_mutex::", "tailback::recursive_mutex::", "tailback::shared_mutex::", "tailback::shared_timed_mutex::",
    "tailback::policy_shared_mutex", "tailback::condition_variable::", "tailback::locks::", "tailback::detail::",
    "inline_mysql_", "my_pthread_", "safe_mutex_lock", "safe_cond_", "psi_mutex_lock", "native_mutex_lock", "pfs_",
});

constexpr auto kLockableMembers = std::to_array<std::string_view>({
    "lock", "lock_shared", "try_lock_for", "try_lock_until", "try_lock_shared_for", "try_lock_shared_until", "lock_upgrade",
    "Lock", "ReaderLock", "WriterLock", "rdlock", "wrlock", "lockForRead", "lockForWrite",
});

template <std::size_t N>
bool starts_with_any(std::string_view name, const std::array<std::string_view, N>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) { return name.starts_with(prefix); });
}

const ApiName* api_of(std::string_view function) {
  const std::string_view plain = bare_name(function);
  const auto found = std::find_if(kApis.begin(), kApis.end(), [&](const ApiName& entry) { return plain.starts_with(entry.prefix); });
  return found == kApis.end() ? nullptr : &*found;
}

/// A lock of the program's own making, over system calls that it makes itself.
LockApi api_of_lockable(std::string_view function) {
  const std::string_view member = last_name(function);
  const bool reads = member == "lock_shared" || member == "ReaderLock" || member == "rdlock" || member == "lockForRead";
  const bool writes = member == "WriterLock" || member == "wrlock" || member == "lockForWrite";
  return reads ? LockApi::kOtherReadLock : writes ? LockApi::kOtherWriteLock : LockApi::kOtherMutex;
}

/// "ReadGuard::ReadGuard", "acme::Scoped<Mutex>::Scoped": a class that takes the lock when it is made; whoever makes one is the program.
bool is_constructor(std::string_view function) {
  const std::string_view member = last_name(function);
  if (member.size() + 2 >= function.size()) return false;
  std::string_view type = last_name(function.substr(0, function.size() - member.size() - 2));
  type = type.substr(0, type.find('<'));
  return type == member.substr(0, member.find('<'));
}

bool is_a_lock(LockApi api) {
  const LockKind kind = kind_of(api);
  return kind == LockKind::kMutex || kind == LockKind::kRwlock;
}

/// The index of the API's own frame, or of the frame behind the last internal one; `site` is none where there is no API.
std::size_t find_api(std::span<const std::string_view> functions, LockSite& site) {
  // Unnamed frames are libc's without its symbols; the API is at most a few internal frames away.
  constexpr std::size_t kFarthest = 8;
  bool low_level = false;
  for (std::size_t at = 0; at < functions.size() && at < kFarthest; ++at) {
    if (const ApiName* api = api_of(functions[at])) {
      site = {api->api, static_cast<std::uint16_t>(at), api->timed};
      return at;
    }
    const bool unnamed = functions[at].empty() || functions[at] == "??";
    if (unnamed || is_lock_internal(functions[at])) {
      low_level = low_level || starts_with_any(bare_name(functions[at]), kLowLevelLocks);
      continue;
    }
    if (low_level) site = {LockApi::kLowLevelLock, static_cast<std::uint16_t>(at - 1), false};
    // Without a call below it, it runs: it may spin.
    else if (at > 0 && is_lockable_member(functions[at])) site = {api_of_lockable(functions[at]), static_cast<std::uint16_t>(at), false};
    return at;
  }
  const std::size_t end = std::min(functions.size(), kFarthest);
  if (low_level) site = {LockApi::kLowLevelLock, static_cast<std::uint16_t>(end - 1), false};
  return end;
}

}  // namespace

std::string_view bare_name(std::string_view name) {
  const auto strip = [&name] {
    while (name.starts_with('_')) name.remove_prefix(1);
  };
  strip();
  if (name.starts_with("interceptor_")) name.remove_prefix(12);  // of a sanitizer
  if (name.starts_with("GI_")) name.remove_prefix(3);
  strip();
  return name;
}

bool is_lock_internal(std::string_view function) { return starts_with_any(bare_name(function), kInternals); }

bool is_lockable_member(std::string_view function) {
  const std::string_view member = last_name(function);
  return member.size() < function.size() && std::find(kLockableMembers.begin(), kLockableMembers.end(), member) != kLockableMembers.end();
}

LockSite find_lock_site(std::span<const std::string_view> functions) {
  LockSite site;
  std::size_t at = find_api(functions, site);
  if (site.api == LockApi::kNone) return {};
  for (; at < functions.size(); ++at) {
    const std::string_view plain = bare_name(functions[at]);
    const ApiName* outer = api_of(functions[at]);
    const bool future = starts_with_any(plain, kFutures);
    if (outer == nullptr && !future && !starts_with_any(plain, kWrappers) && !is_lockable_member(functions[at]) &&
        !(is_a_lock(site.api) && is_constructor(functions[at]))) {
      break;
    }
    // "std::latch::wait" around "std::__atomic_wait_address": the outer name says more. Not so of "pthread_cond_wait" around a mutex: a waiter that was
    // woken takes its mutex again in there, and waits for that.
    if (future) site.api = LockApi::kFuture;
    else if (outer != nullptr && site.api == LockApi::kAtomicWait) site.api = outer->api;
    site.wait_frame = static_cast<std::uint16_t>(at);
  }
  return site;
}

LockKind kind_of(LockApi api) {
  switch (api) {
    case LockApi::kNone: return LockKind::kUnknown;
    case LockApi::kMutex:
    case LockApi::kOtherMutex:
    case LockApi::kLowLevelLock: return LockKind::kMutex;
    case LockApi::kReadLock:
    case LockApi::kWriteLock:
    case LockApi::kOtherReadLock:
    case LockApi::kOtherWriteLock: return LockKind::kRwlock;
    case LockApi::kCondition:
    case LockApi::kOtherCondition: return LockKind::kCondition;
    case LockApi::kSemaphore: return LockKind::kSemaphore;
    case LockApi::kJoin: return LockKind::kJoin;
    case LockApi::kBarrier: return LockKind::kBarrier;
    case LockApi::kOnce: return LockKind::kOnce;
    case LockApi::kFuture: return LockKind::kFuture;
    case LockApi::kLatch: return LockKind::kWaitGroup;
    case LockApi::kAtomicWait: return LockKind::kFutex;
  }
  return LockKind::kUnknown;
}

LockMode mode_of(LockApi api) { return api == LockApi::kReadLock || api == LockApi::kOtherReadLock ? LockMode::kShared : LockMode::kExclusive; }

}  // namespace tailback
