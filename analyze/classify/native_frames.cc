// Native: what a thread waits for, by the lock functions of its stack (runtime/capture/lock_api), and the lock's address where a debugger printed the
// arguments.
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
#include "analyze/classify/runtime_rules.h"
#include "runtime/capture/lock_api.h"

#include <algorithm>
#include <array>
#include <vector>

namespace tailback::analyze {
namespace {

struct CallRule {
  std::string_view name;
  ActivityKind kind;
};

/// System calls by their libc names, without leading underscores and "GI_"; compared whole, "64", "_nocancel" and "_time64" cut off.
constexpr CallRule kCalls[] = {
    {"nanosleep", ActivityKind::kSleep}, {"clock_nanosleep", ActivityKind::kSleep}, {"usleep", ActivityKind::kSleep}, {"sleep", ActivityKind::kSleep},
    {"ZwDelayExecution", ActivityKind::kSleep}, {"NtDelayExecution", ActivityKind::kSleep}, {"SleepEx", ActivityKind::kSleep}, {"Sleep", ActivityKind::kSleep},
    {"pause", ActivityKind::kSystemCall}, {"sigwait", ActivityKind::kSystemCall}, {"do_sigwait", ActivityKind::kSystemCall},
    {"sigwaitinfo", ActivityKind::kSystemCall}, {"sigtimedwait", ActivityKind::kSystemCall}, {"sigsuspend", ActivityKind::kSystemCall},
    {"read", ActivityKind::kIo}, {"write", ActivityKind::kIo}, {"pread", ActivityKind::kIo}, {"pwrite", ActivityKind::kIo},
    {"readv", ActivityKind::kIo}, {"writev", ActivityKind::kIo}, {"recv", ActivityKind::kIo}, {"recvfrom", ActivityKind::kIo},
    {"recvmsg", ActivityKind::kIo}, {"send", ActivityKind::kIo}, {"sendto", ActivityKind::kIo}, {"sendmsg", ActivityKind::kIo},
    {"accept", ActivityKind::kIo}, {"accept4", ActivityKind::kIo}, {"connect", ActivityKind::kIo},
    {"poll", ActivityKind::kIo}, {"ppoll", ActivityKind::kIo}, {"select", ActivityKind::kIo}, {"pselect", ActivityKind::kIo},
    {"epoll_wait", ActivityKind::kIo}, {"epoll_pwait", ActivityKind::kIo}, {"io_getevents", ActivityKind::kIo}, {"io_uring_enter", ActivityKind::kIo},
    {"fsync", ActivityKind::kIo}, {"fdatasync", ActivityKind::kIo}, {"fcntl", ActivityKind::kIo}, {"flock", ActivityKind::kIo},
    {"open", ActivityKind::kIo}, {"openat", ActivityKind::kIo}, {"waitpid", ActivityKind::kIo}, {"wait4", ActivityKind::kIo}, {"waitid", ActivityKind::kIo},
    {"syscall", ActivityKind::kSystemCall}, {"ioctl", ActivityKind::kSystemCall}, {"getdents", ActivityKind::kIo}, {"futex", ActivityKind::kSystemCall}};

/// Of the C and C++ libraries and the start of threads: not the program's own.
constexpr std::string_view kLibraries[] = {"std::", "__gnu_cxx::", "boost::", "absl::", "core::", "alloc::", "runtime.", "start_thread", "clone", "__clone", "__libc_", "_start", "execute_native_thread_routine",
                                           "pthread_", "__pthread", "___pthread", "__GI_", "__lll_", "lll_", "futex", "__futex", "__new_sem", "sem_", "__gthread",
                                           "__internal_", "__kernel_", "syscall", "std::invoke", "tailback::", "boost_asio_"};
constexpr std::string_view kLibraryModules[] = {"/libc.so", "/libc-", "/libpthread", "/libstdc++", "/libgcc_s", "/ld-linux", "/ld-", "/libm.so", "linux-vdso", "/libtailback_preload.",
                                                 "\\ntdll.dll", "\\KernelBase.dll", "\\KERNELBASE.dll", "\\kernel32.dll", "\\KERNEL32.DLL", "\\libwinpthread-", "\\libstdc++-", "\\msvcrt.dll", "\\ucrtbase.dll"};
/// Inlined templates of a library are in the program's own module, and debug information names some without their namespace.
constexpr std::string_view kLibraryFiles[] = {"/include/c++/", "/include/boost/", "/rustc/", "./nptl/", "./malloc/malloc.c", "./malloc/arena.c", "./elf/dl-", "/sysdeps/"};

/// "clock_nanosleep" of "clock_nanosleep_time64", "read" of "read_nocancel".
std::string_view call_name(std::string_view name) {
  name = bare_name(name);
  if (name.starts_with("libc_")) name.remove_prefix(5);  // __libc_open64
  name = name.substr(0, name.find('@'));
  for (const std::string_view suffix : {"_nocancel", "_time64", "_internal", "64"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  return name;
}

bool is_call(std::string_view function, ActivityKind* kind) {
  const std::string_view name = call_name(function);
  for (const CallRule& rule : kCalls) {
    if (name == rule.name) {
      *kind = rule.kind;
      return true;
    }
  }
  return false;
}

/// "Cache::get" is the program's wherever its innermost line comes from: eu-stack without -i, and gdb where a caller was inlined away, print the file of
/// what was inlined into it. "_Invoker<…>::operator()" and "shared_lock<…>::lock" are templates of the library without their namespace.
bool is_qualified(std::string_view function) {
  const std::size_t scope = function.find("::");
  return scope != std::string_view::npos && !function.starts_with('_') && function.substr(0, scope).find('<') == std::string_view::npos;
}

bool library(std::string_view function, std::string_view file, std::string_view module) {
  if (function.empty() || function == "??" || starts_with_any(function, kLibraries) || contains_any(module, kLibraryModules)) return true;
  if (is_lockable_member(function) || (contains_any(file, kLibraryFiles) && !is_qualified(function))) return true;
  // A program may have a function `read` of its own: libc's is known by its module, or by an underscored name.
  ActivityKind kind;
  return is_call(function, &kind) && (module.empty() || function.starts_with('_'));
}

/// glibc's way into a call in which a thread may be cancelled (since 2.41): __syscall_cancel_arch, __internal_syscall_cancel.
bool is_way_into_call(std::string_view function) {
  const std::string_view name = bare_name(function);
  return name.starts_with("syscall_cancel") || name.starts_with("internal_syscall_cancel");
}

WaitSite read_call(const ThreadView& thread, const ThreadRecord& record) {
  WaitSite site;
  std::size_t first = 0;
  while (first < thread.size() && is_way_into_call(thread.function(first))) ++first;
  for (std::size_t i = first; i < thread.size() && i < first + 4; ++i) {
    ActivityKind kind = ActivityKind::kUnknown;
    if (!is_call(thread.function(i), &kind)) {
      if (i > first || !thread.function(i).empty()) break;
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

ActivityKind activity_of(LockApi api) {
  switch (api) {
    case LockApi::kCondition:
    case LockApi::kOtherCondition:
    case LockApi::kAtomicWait: return ActivityKind::kCondition;
    case LockApi::kSemaphore: return ActivityKind::kSemaphore;
    case LockApi::kBarrier:
    case LockApi::kLatch: return ActivityKind::kWaitGroup;
    case LockApi::kJoin: return ActivityKind::kJoin;
    case LockApi::kFuture: return ActivityKind::kFuture;
    default: return ActivityKind::kLock;
  }
}

bool is_of_another_library(LockApi api) {
  return api == LockApi::kOtherMutex || api == LockApi::kOtherReadLock || api == LockApi::kOtherWriteLock || api == LockApi::kOtherCondition;
}

WaitSite read(const ThreadView& thread, const ThreadRecord& record, std::string_view) {
  std::vector<std::string_view> functions(thread.size());
  for (std::size_t i = 0; i < functions.size(); ++i) functions[i] = thread.function(i);
  const LockSite found = find_lock_site(functions);
  if (found.api == LockApi::kNone) return read_call(thread, record);
  WaitSite site;
  site.activity.kind = activity_of(found.api);
  site.activity.wait_frame = found.wait_frame;
  // The value that an atomic wait is for has no identity that another thread's stack would show.
  site.lock = found.api == LockApi::kAtomicWait ? LockKind::kUnknown : kind_of(found.api);
  site.mode = mode_of(found.api);
  site.activity.timed = found.timed;
  site.of_the_place = found.api == LockApi::kOnce && bare_name(functions[found.wait_frame]) == "cxa_guard_acquire";
  if (is_of_another_library(found.api)) site.object_frame = found.api_frame;
  return site;
}

/// Names under which a debugger prints the lock itself. A std::mutex, std::shared_mutex begins with its pthread lock.
constexpr std::array kLockNames = std::to_array<std::string_view>({"mutex", "rwlock", "__mutex", "__rwlock", "sem", "__rwl", "m", "mp", "__m", "once_control"});
/// And under which it prints the object that a member function is called on; Rust's is `self`.
constexpr std::array kObjectNames = std::to_array<std::string_view>({"this", "self"});

template <std::size_t N>
std::uint64_t argument_of(const ThreadView& thread, std::size_t frame, const std::array<std::string_view, N>& names) {
  for (const std::string_view known : names) {
    if (const Argument* word = thread.argument(frame, known); word != nullptr && word->value != 0) return word->value;
  }
  return 0;
}

/// And where a library's own function is given it: "LWLockAcquire (lock=0x7f4640512c00, mode=LW_EXCLUSIVE)".
constexpr std::array kOwnLockNames = std::to_array<std::string_view>({"lock", "rw_lock", "latch", "mtx", "spinlock", "sema"});
constexpr std::array kConditionNames = std::to_array<std::string_view>({"cond", "__cond"});

/// A lock that is no libc's: what is inside of it, a condition or a word of its own, is not what the program knows. A condition's function is given
/// the mutex as well: "g_cond_wait (cond=0x…, mutex=0x…)".
std::uint64_t object_address(const ThreadView& thread, std::size_t frame, bool condition) {
  if (condition) {
    if (const std::uint64_t address = argument_of(thread, frame, kConditionNames); address != 0) return address;
    return argument_of(thread, frame, kObjectNames);
  }
  if (const std::uint64_t address = argument_of(thread, frame, kLockNames); address != 0) return address;
  if (const std::uint64_t address = argument_of(thread, frame, kOwnLockNames); address != 0) return address;
  return argument_of(thread, frame, kObjectNames);
}

std::uint64_t lock_address(const ThreadView& thread, const WaitSite& site) {
  if (site.lock == LockKind::kFuture || site.lock == LockKind::kJoin) return 0;
  const bool condition = site.lock == LockKind::kCondition;
  if (site.object_frame != WaitSite::kNoFrame) return object_address(thread, site.object_frame, condition);
  for (std::size_t i = 0; i <= site.activity.wait_frame && i < thread.size(); ++i) {
    const std::string_view name = bare_name(thread.function(i));
    if (is_lock_internal(name) && !name.starts_with("lll_mutex")) continue;
    if (condition) {
      if (const std::uint64_t address = argument_of(thread, i, kConditionNames); address != 0) return address;
    } else if (const std::uint64_t address = argument_of(thread, i, kLockNames); address != 0) {
      return address;
    }
    const bool lock_class = condition ? name.starts_with("std::condition_variable::")
                                      : name.starts_with("std::mutex::") || name.starts_with("std::shared_mutex::") || name.starts_with("std::__shared_mutex_pthread::") ||
                                            name.starts_with("std::recursive_mutex::") || name.starts_with("boost::mutex::");
    if (!lock_class) continue;
    if (const std::uint64_t address = argument_of(thread, i, kObjectNames); address != 0) return address;
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

/// "HashSet" of "HashSet::add_one"; empty: not of a class, or of a namespace without a name.
std::string_view type_of(std::string_view function) {
  int depth = 0;
  for (std::size_t at = function.size(); at > 1; --at) {
    const char c = function[at - 1];
    if (c == '>' || c == ')') ++depth;
    if (c == '<' || c == '(') --depth;
    if (depth != 0 || c != ':' || function[at - 2] != ':') continue;
    const std::string_view type = function.substr(0, at - 2);
    return type.ends_with("(anonymous namespace)") ? std::string_view{} : type;
  }
  return {};
}

/// "HashSet" of "HashSet::add_one". Whether that is a class or a namespace only `this` tells; both hold a lock of their own as well.
/// Where a method's `this` was optimised away, the method of the same class that called it tells the object.
Receiver receiver(const ThreadView& thread, std::size_t frame) {
  Receiver found;
  found.type = type_of(thread.function(frame));
  if (found.type.empty()) return found;
  for (std::size_t i = frame; i < thread.size() && type_of(thread.function(i)) == found.type; ++i) {
    const Argument* word = thread.argument(i, "this");
    if (word == nullptr) continue;
    found.value = word->value;
    found.uncertain = word->uncertain;
    break;
  }
  return found;
}

}  // namespace

const RuntimeRules kNativeRules{Runtime::kNative, read, lock_address, front, receiver, library};

}  // namespace tailback::analyze
