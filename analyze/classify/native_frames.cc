// Native: libc's and libstdc++'s waiting functions, by name, and the lock's address where a debugger printed the arguments.
//
//     #1  __GI___lll_lock_wait (futex=futex@entry=0x562582ea6340 <A>, private=0)
//     #2  lll_mutex_lock_optimized (mutex=0x562582ea6340 <A>)
//     #3  ___pthread_mutex_lock (mutex=0x562582ea6340 <A>)
//     #4  __gthread_mutex_lock (__mutex=0x562582ea6340 <A>)
//     #5  std::mutex::lock (this=0x562582ea6340 <A>)
//     #6  std::lock_guard<std::mutex>::lock_guard (__m=..., this=<synthetic pointer>)
//     #7  query ()                                            the first frame of the program's own
//
// A futex word is not the lock's base (a rwlock has three), so only arguments that name the lock itself count. Where the text
// has none there is no address: none is invented.
#include "analyze/classify/lock_names.h"
#include "analyze/classify/runtime_rules.h"

#include <algorithm>
#include <array>

namespace tailback::analyze {
namespace {

struct ApiRule {
  std::string_view name;  ///< beginning, without leading underscores and "GI_"
  ActivityKind kind;
  LockKind lock;
  LockMode mode = LockMode::kExclusive;
  bool timed = false;
};

constexpr ApiRule kApis[] = {
    {"pthread_mutex_timedlock", ActivityKind::kLock, LockKind::kMutex, LockMode::kExclusive, true},
    {"pthread_mutex_clocklock", ActivityKind::kLock, LockKind::kMutex, LockMode::kExclusive, true},
    {"pthread_mutex_", ActivityKind::kLock, LockKind::kMutex},
    {"pthread_spin_lock", ActivityKind::kLock, LockKind::kMutex},
    {"pthread_rwlock_timedrdlock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared, true},
    {"pthread_rwlock_clockrdlock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared, true},
    {"pthread_rwlock_rdlock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"pthread_rwlock_timedwrlock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kExclusive, true},
    {"pthread_rwlock_clockwrlock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kExclusive, true},
    {"pthread_rwlock_wrlock", ActivityKind::kLock, LockKind::kRwlock},
    {"pthread_cond_timedwait", ActivityKind::kCondition, LockKind::kCondition, LockMode::kExclusive, true},
    {"pthread_cond_clockwait", ActivityKind::kCondition, LockKind::kCondition, LockMode::kExclusive, true},
    {"pthread_cond_", ActivityKind::kCondition, LockKind::kCondition},
    {"pthread_barrier_wait", ActivityKind::kWaitGroup, LockKind::kBarrier},
    {"pthread_once", ActivityKind::kLock, LockKind::kOnce},
    {"cxa_guard_acquire", ActivityKind::kLock, LockKind::kOnce},
    {"pthread_join", ActivityKind::kJoin, LockKind::kJoin},
    {"pthread_timedjoin", ActivityKind::kJoin, LockKind::kJoin, LockMode::kExclusive, true},
    {"pthread_clockjoin", ActivityKind::kJoin, LockKind::kJoin},
    {"sem_timedwait", ActivityKind::kSemaphore, LockKind::kSemaphore, LockMode::kExclusive, true},
    {"sem_wait", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"new_sem_wait", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"std::__atomic_futex_unsigned_base::", ActivityKind::kFuture, LockKind::kFuture},
    {"std::latch::wait", ActivityKind::kWaitGroup, LockKind::kWaitGroup},
    {"std::counting_semaphore<", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"std::barrier<", ActivityKind::kWaitGroup, LockKind::kBarrier},
    {"boost::shared_mutex::lock_shared", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"boost::shared_mutex::lock", ActivityKind::kLock, LockKind::kRwlock},
    {"absl::Mutex::ReaderLock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"absl::Mutex::Lock", ActivityKind::kLock, LockKind::kMutex},
    {"absl::CondVar::", ActivityKind::kCondition, LockKind::kCondition},
    {"tailback::mutex::lock", ActivityKind::kLock, LockKind::kMutex},
    {"tailback::shared_mutex::lock_shared", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"tailback::shared_mutex::lock", ActivityKind::kLock, LockKind::kRwlock},
    {"tailback::condition_variable::wait", ActivityKind::kCondition, LockKind::kCondition}};

struct CallRule {
  std::string_view name;
  ActivityKind kind;
};

/// System calls by their libc names, without leading underscores and "GI_"; compared whole, "64", "_nocancel" and "_time64" cut off.
constexpr CallRule kCalls[] = {
    {"nanosleep", ActivityKind::kSleep}, {"clock_nanosleep", ActivityKind::kSleep}, {"usleep", ActivityKind::kSleep}, {"sleep", ActivityKind::kSleep},
    {"pause", ActivityKind::kIdle}, {"sigwait", ActivityKind::kIdle}, {"sigwaitinfo", ActivityKind::kIdle}, {"sigtimedwait", ActivityKind::kIdle},
    {"do_sigwait", ActivityKind::kIdle}, {"sigsuspend", ActivityKind::kIdle}, {"libc_pause", ActivityKind::kIdle},
    {"read", ActivityKind::kIo}, {"libc_read", ActivityKind::kIo}, {"write", ActivityKind::kIo}, {"libc_write", ActivityKind::kIo},
    {"pread", ActivityKind::kIo}, {"libc_pread", ActivityKind::kIo}, {"pwrite", ActivityKind::kIo}, {"libc_pwrite", ActivityKind::kIo},
    {"readv", ActivityKind::kIo}, {"writev", ActivityKind::kIo}, {"recv", ActivityKind::kIo}, {"libc_recv", ActivityKind::kIo}, {"recvfrom", ActivityKind::kIo},
    {"libc_recvfrom", ActivityKind::kIo}, {"recvmsg", ActivityKind::kIo}, {"libc_recvmsg", ActivityKind::kIo}, {"send", ActivityKind::kIo},
    {"libc_send", ActivityKind::kIo}, {"sendto", ActivityKind::kIo}, {"sendmsg", ActivityKind::kIo}, {"accept", ActivityKind::kIo},
    {"libc_accept", ActivityKind::kIo}, {"accept4", ActivityKind::kIo}, {"connect", ActivityKind::kIo}, {"libc_connect", ActivityKind::kIo},
    {"poll", ActivityKind::kIo}, {"ppoll", ActivityKind::kIo}, {"select", ActivityKind::kIo}, {"pselect", ActivityKind::kIo},
    {"epoll_wait", ActivityKind::kIo}, {"epoll_pwait", ActivityKind::kIo}, {"io_getevents", ActivityKind::kIo}, {"io_uring_enter", ActivityKind::kIo},
    {"fsync", ActivityKind::kIo}, {"fdatasync", ActivityKind::kIo}, {"fcntl", ActivityKind::kIo}, {"flock", ActivityKind::kIo},
    {"open", ActivityKind::kIo}, {"openat", ActivityKind::kIo}, {"waitpid", ActivityKind::kIo}, {"wait4", ActivityKind::kIo}, {"waitid", ActivityKind::kIo},
    {"syscall", ActivityKind::kSystemCall}, {"ioctl", ActivityKind::kSystemCall}, {"getdents", ActivityKind::kIo}, {"futex", ActivityKind::kSystemCall}};

/// What stands between the system call and the API. lll_lock_wait has no API above it in old glibc: the caller took a mutex.
constexpr std::string_view kInternals[] = {"lll_", "futex", "L_lock_", "L_unlock_", "L_mutex_", "L_rwlock_", "L_cond_", "internal_syscall", "kernel_vsyscall", "libc_do_syscall", "syscall_cancel"};

/// Wrappers between the API and the program's own code.
constexpr std::string_view kWrappers[] = {
    "gthread_", "std::mutex::", "std::__mutex_base", "std::recursive_mutex::", "std::timed_mutex::", "std::recursive_timed_mutex::",
    "std::__timed_mutex_impl", "std::shared_mutex::", "std::shared_timed_mutex::", "std::__shared_mutex_", "std::__shared_timed_mutex_base",
    "std::__glibcxx_rwlock", "std::unique_lock<", "std::shared_lock<", "std::lock_guard<", "std::scoped_lock<", "std::lock<", "std::__detail::",
    "std::__lock_impl", "std::condition_variable", "std::_V2::condition_variable", "std::__condvar::", "std::thread::join", "std::jthread::join",
    "std::call_once", "std::once_flag", "std::__future_base::", "std::__basic_future<", "std::future<", "std::shared_future<", "std::__atomic",
    "std::counting_semaphore<", "std::latch::", "std::barrier<", "std::atomic", "std::this_thread::", "boost::mutex", "boost::unique_lock<", "boost::shared_lock<",
    "boost::lock_guard<", "boost::recursive_mutex", "boost::shared_mutex", "boost::condition_variable", "boost::thread::join", "boost::pthread::",
    "boost::this_thread::", "boost::posix", "absl::Mutex", "absl::CondVar", "absl::lts", "absl::synchronization_internal", "tailback::", "inline_mysql_", "inline_mysql_mutex", "my_pthread_", "safe_mutex_lock",
    "safe_cond_", "psi_mutex_lock", "native_mutex_lock", "pfs_"};

/// Of the C and C++ libraries and the start of threads: not the program's own.
constexpr std::string_view kLibraries[] = {"std::", "__gnu_cxx::", "boost::", "absl::", "start_thread", "clone", "__clone", "__libc_", "_start", "execute_native_thread_routine",
                                           "pthread_", "__pthread", "___pthread", "__GI_", "__lll_", "lll_", "futex", "__futex", "__new_sem", "sem_", "__gthread",
                                           "__internal_", "__kernel_", "syscall", "std::invoke", "tailback::"};
constexpr std::string_view kLibraryModules[] = {"/libc.so", "/libc-", "/libpthread", "/libstdc++", "/libgcc_s", "/ld-linux", "/ld-", "/libm.so", "linux-vdso"};
/// Inlined templates of a library are in the program's own module, and debug information names some without their namespace.
constexpr std::string_view kLibraryFiles[] = {"/include/c++/", "/include/boost/"};

/// Members by which any class is a lock (the Lockable requirements, [thread.req.lockable], and what other libraries call the same): a program's
/// own wrapper of a lock is the lock, and whoever calls it is the program.
constexpr std::string_view kLockableMembers[] = {"lock", "lock_shared", "try_lock_for", "try_lock_until", "try_lock_shared_for", "try_lock_shared_until",
                                                 "lock_upgrade", "Lock", "ReaderLock", "WriterLock", "rdlock", "wrlock", "lockForRead", "lockForWrite"};

bool is_lockable_member(std::string_view function) {
  const std::string_view member = last_name(function);
  return member.size() < function.size() && std::find(std::begin(kLockableMembers), std::end(kLockableMembers), member) != std::end(kLockableMembers);
}

std::string_view bare(std::string_view name) {
  while (name.starts_with('_')) name.remove_prefix(1);
  if (name.starts_with("interceptor_")) name.remove_prefix(12);  // of a sanitizer
  if (name.starts_with("GI_")) name.remove_prefix(3);
  while (name.starts_with('_')) name.remove_prefix(1);
  return name;
}

/// "clock_nanosleep" of "clock_nanosleep_time64", "read" of "read_nocancel".
std::string_view call_name(std::string_view name) {
  name = bare(name);
  name = name.substr(0, name.find('@'));
  for (const std::string_view suffix : {"_nocancel", "_time64", "_internal", "64"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  return name;
}

const ApiRule* api_of(std::string_view function) {
  const std::string_view name = bare(function);
  for (const ApiRule& rule : kApis) {
    if (name.starts_with(rule.name)) return &rule;
  }
  return nullptr;
}

bool is_call(std::string_view function, ActivityKind* kind) {
  for (const CallRule& rule : kCalls) {
    if (call_name(function) == rule.name) {
      *kind = rule.kind;
      return true;
    }
  }
  return false;
}

bool library(std::string_view function, std::string_view file, std::string_view module) {
  if (function.empty() || function == "??" || starts_with_any(function, kLibraries) || contains_any(module, kLibraryModules)) return true;
  if (contains_any(file, kLibraryFiles) || is_lockable_member(function)) return true;
  // A program may have a function `read` of its own: libc's is known by its module, or by an underscored name.
  ActivityKind kind;
  return is_call(function, &kind) && (module.empty() || function.starts_with('_'));
}

WaitSite read_call(const ThreadView& thread, const ThreadRecord& record) {
  WaitSite site;
  for (std::size_t i = 0; i < thread.size() && i < 4; ++i) {
    ActivityKind kind = ActivityKind::kUnknown;
    if (!is_call(thread.function(i), &kind)) {
      if (i > 0 || !thread.function(i).empty()) break;
      continue;
    }
    if (site.activity.kind == ActivityKind::kUnknown || site.activity.kind == ActivityKind::kSystemCall) site.activity.kind = kind;
    site.activity.wait_frame = static_cast<std::uint16_t>(i);
  }
  if (site.activity.kind != ActivityKind::kUnknown) return site;
  switch (record.state) {
    case ThreadState::kRunning: site.activity.kind = ActivityKind::kRunning; break;
    case ThreadState::kSleeping: site.activity.kind = ActivityKind::kSleep; break;
    case ThreadState::kIo: site.activity.kind = ActivityKind::kIo; break;
    case ThreadState::kIdle: site.activity.kind = ActivityKind::kIdle; break;
    case ThreadState::kBlocked: site.activity.kind = ActivityKind::kSystemCall; break;
    default:
      // A debugger shows no state. A thread that stands in a function of the program's own runs.
      if (thread.size() > 0 && !library(thread.function(0), {}, {})) site.activity.kind = ActivityKind::kRunning;
  }
  return site;
}

WaitSite read(const ThreadView& thread, const ThreadRecord& record, std::string_view) {
  constexpr std::size_t kFarthest = 8;
  const ApiRule* api = nullptr;
  std::size_t at = 0;
  bool lock_wait = false;
  for (; at < thread.size() && at < kFarthest; ++at) {
    const std::string_view name = bare(thread.function(at));
    api = api_of(thread.function(at));
    if (api != nullptr) break;
    lock_wait = lock_wait || name.starts_with("lll_lock_wait") || name.starts_with("lll_mutex_lock_wait") || name.starts_with("L_lock_");
    if (!name.empty() && name != "??" && !starts_with_any(name, kInternals)) break;
  }
  if (api == nullptr && !lock_wait) return read_call(thread, record);
  WaitSite site;
  site.activity.kind = api != nullptr ? api->kind : ActivityKind::kLock;
  site.lock = api != nullptr ? api->lock : LockKind::kMutex;
  if (api != nullptr) site.mode = api->mode, site.timed = api->timed;
  if (api == nullptr) --at;
  for (std::size_t i = at; i < thread.size(); ++i) {
    const std::string_view name = bare(thread.function(i));
    const ApiRule* outer = api_of(thread.function(i));
    // A woken waiter of a condition takes the mutex back inside pthread_cond_wait: it waits for the mutex.
    if (outer == nullptr && !starts_with_any(name, kWrappers) && !is_lockable_member(thread.function(i))) break;
    site.activity.wait_frame = static_cast<std::uint16_t>(i);
    if (name.starts_with("std::__future_base::") || name.starts_with("std::__basic_future<") || name.starts_with("std::future<")) {
      site.activity.kind = ActivityKind::kFuture;
      site.lock = LockKind::kFuture;
    }
  }
  return site;
}

/// Names under which a debugger prints the lock itself. A std::mutex, std::shared_mutex begins with its pthread lock.
constexpr std::array kLockNames = std::to_array<std::string_view>({"mutex", "rwlock", "__mutex", "__rwlock", "cond", "__cond", "sem", "__rwl", "m", "mp", "__m"});

std::uint64_t lock_address(const ThreadView& thread, const WaitSite& site) {
  if (site.lock == LockKind::kFuture || site.lock == LockKind::kJoin) return 0;
  const bool condition = site.lock == LockKind::kCondition;
  for (std::size_t i = 0; i <= site.activity.wait_frame && i < thread.size(); ++i) {
    const std::string_view name = bare(thread.function(i));
    if (starts_with_any(name, kInternals) && !name.starts_with("lll_mutex")) continue;
    if (condition) {
      if (const Argument* word = thread.argument(i, "cond"); word != nullptr && word->value != 0) return word->value;
      if (name.starts_with("std::condition_variable::")) {
        if (const Argument* word = thread.argument(i, "this"); word != nullptr && word->value != 0) return word->value;
      }
      continue;
    }
    for (const std::string_view known : kLockNames) {
      if (known == "cond" || known == "__cond") continue;
      if (const Argument* word = thread.argument(i, known); word != nullptr && word->value != 0) return word->value;
    }
    const bool lock_class = name.starts_with("std::mutex::") || name.starts_with("std::shared_mutex::") || name.starts_with("std::__shared_mutex_pthread::") ||
                            name.starts_with("std::recursive_mutex::") || name.starts_with("boost::mutex::") || name.starts_with("tailback::mutex::") ||
                            name.starts_with("boost::shared_mutex::") || name.starts_with("absl::Mutex::");
    if (lock_class) {
      if (const Argument* word = thread.argument(i, "this"); word != nullptr && word->value != 0) return word->value;
    }
  }
  return 0;
}

/// glibc's rwlock has a futex each for readers (+0), for the writer at the front (+8) and for the queue of writers (+12).
/// Source: struct __pthread_rwlock_arch_t in bits/struct_rwlock.h, unchanged since glibc 2.25.
bool front(const ThreadView& thread, const WaitSite& site, std::uint64_t address) {
  constexpr std::uint64_t kFrontWriter = 8;
  if (address == 0 || site.lock != LockKind::kRwlock || site.mode != LockMode::kExclusive) return false;
  for (std::size_t i = 0; i <= site.activity.wait_frame && i < thread.size(); ++i) {
    if (const Argument* word = thread.argument(i, "futex_word"); word != nullptr) return word->value == address + kFrontWriter;
  }
  return false;
}

/// "HashSet" of "HashSet::add_one". Whether that is a class or a namespace only `this` tells; both hold a lock of their own as well.
Receiver receiver(const ThreadView& thread, std::size_t frame) {
  const std::string_view function = thread.function(frame);
  int depth = 0;
  for (std::size_t at = function.size(); at > 1; --at) {
    const char c = function[at - 1];
    if (c == '>' || c == ')') ++depth;
    if (c == '<' || c == '(') --depth;
    if (depth != 0 || c != ':' || function[at - 2] != ':') continue;
    Receiver found;
    found.type = function.substr(0, at - 2);
    if (const Argument* word = thread.argument(frame, "this"); word != nullptr) found.value = word->value, found.uncertain = word->uncertain;
    if (found.type.ends_with("(anonymous namespace)")) return {};
    return found;
  }
  return {};
}

}  // namespace

const RuntimeRules kNativeRules{Runtime::kNative, read, lock_address, front, receiver, library};

}  // namespace tailback::analyze
