// The native lock functions by name: libc's, the C++ and Rust libraries', and those of what else is often in a stack. Private to lock_api.cc.
//
// To know another library's, add a line. What each thread of a healthy process waits at without work stands in analyze/classify/idle_stacks.cc.
#pragma once

#include <array>
#include <string_view>

#include "runtime/capture/lock_api.h"

namespace tailback::lock_functions {

struct ApiName {
  std::string_view prefix;  ///< of the bare name; the first that fits counts
  LockApi api;
  bool timed = false;
  std::string_view member = {};  ///< prefix of the last name, where template arguments stand between: "folly::SharedMutexImpl<…>::lockSharedImpl"
};

inline constexpr auto kApis = std::to_array<ApiName>({
    {"pthread_mutex_cond_lock", LockApi::kMutex},
    {"pthread_mutex_lock", LockApi::kMutex},
    {"pthread_mutex_timedlock", LockApi::kMutex, true},
    {"pthread_mutex_clocklock", LockApi::kMutex, true},
    {"pthread_spin_lock", LockApi::kOtherMutex},
    {"pthread_rwlock_rdlock", LockApi::kReadLock},
    {"pthread_rwlock_timedrdlock", LockApi::kReadLock, true},
    {"pthread_rwlock_clockrdlock", LockApi::kReadLock, true},
    {"pthread_rwlock_wrlock", LockApi::kWriteLock},
    {"pthread_rwlock_timedwrlock", LockApi::kWriteLock, true},
    {"pthread_rwlock_clockwrlock", LockApi::kWriteLock, true},
    {"pthread_cond_timedwait", LockApi::kCondition, true},
    {"pthread_cond_clockwait", LockApi::kCondition, true},
    {"pthread_cond_", LockApi::kCondition},
    {"cnd_wait", LockApi::kCondition},
    {"cnd_timedwait", LockApi::kCondition, true},
    {"mtx_lock", LockApi::kMutex},
    {"mtx_timedlock", LockApi::kMutex, true},
    {"pthread_barrier_wait", LockApi::kBarrier},
    {"pthread_once", LockApi::kOnce},
    {"cxa_guard_acquire", LockApi::kOnce},
    {"pthread_join", LockApi::kJoin},
    {"pthread_timedjoin", LockApi::kJoin, true},
    {"pthread_clockjoin", LockApi::kJoin, true},
    {"sem_wait", LockApi::kSemaphore},
    {"sem_timedwait", LockApi::kSemaphore, true},
    {"sem_clockwait", LockApi::kSemaphore, true},
    {"new_sem_wait", LockApi::kSemaphore},
    {"new_sem_timedwait", LockApi::kSemaphore, true},
    {"flockfile", LockApi::kOtherMutex},  // stdio's, of one FILE

    {"std::__atomic_futex_unsigned_base::", LockApi::kFuture},
    {"std::latch::wait", LockApi::kLatch},
    {"std::latch::arrive_and_wait", LockApi::kLatch},
    {"std::barrier<", LockApi::kBarrier},
    {"std::__tree_barrier", LockApi::kBarrier},
    {"std::counting_semaphore<", LockApi::kSemaphore},
    {"std::__atomic_semaphore::", LockApi::kSemaphore},
    {"std::__platform_semaphore::", LockApi::kSemaphore},
    {"std::__detail::__platform_wait", LockApi::kAtomicWait},
    {"std::__atomic_wait_address", LockApi::kAtomicWait},

    {"boost::shared_mutex::lock_shared", LockApi::kOtherReadLock},
    {"boost::shared_mutex::lock", LockApi::kOtherWriteLock},
    {"boost::upgrade_mutex::lock", LockApi::kOtherWriteLock},
    {"boost::fibers::mutex::lock", LockApi::kOtherMutex},
    {"boost::fibers::condition_variable", LockApi::kOtherCondition},
    {"absl::Mutex::ReaderLock", LockApi::kOtherReadLock},
    {"absl::Mutex::Await", LockApi::kOtherCondition},
    {"absl::Mutex::Lock", LockApi::kOtherMutex},
    {"absl::Mutex::WriterLock", LockApi::kOtherMutex},
    {"absl::CondVar::", LockApi::kOtherCondition},
    {"absl::Notification::WaitForNotification", LockApi::kOtherCondition},
    {"absl::base_internal::SpinLock::", LockApi::kOtherMutex},
    {"SpinLock::SlowLock", LockApi::kOtherMutex},  // tcmalloc's
    {"tailback::mutex::lock", LockApi::kOtherMutex},
    {"tailback::shared_mutex::lock_shared", LockApi::kOtherReadLock},
    {"tailback::shared_mutex::lock", LockApi::kOtherWriteLock},
    {"tailback::condition_variable::wait", LockApi::kOtherCondition},
    {"folly::SharedMutexImpl<", LockApi::kOtherReadLock, false, "lockShared"},
    {"folly::SharedMutexImpl<", LockApi::kOtherReadLock, false, "lock_shared"},
    {"folly::SharedMutexImpl<", LockApi::kOtherWriteLock, false, "lock"},
    {"folly::detail::distributed_mutex::", LockApi::kOtherMutex, false, "lock"},
    {"folly::MicroLock", LockApi::kOtherMutex, false, "lock"},
    {"folly::Baton<", LockApi::kOtherCondition, false, "wait"},
    {"folly::Baton<", LockApi::kOtherCondition, true, "try"},
    {"tbb::queuing_mutex::scoped_lock::acquire", LockApi::kOtherMutex},
    {"tbb::spin_mutex::scoped_lock::", LockApi::kOtherMutex},
    {"gomp_mutex_lock", LockApi::kOtherMutex},
    {"GOMP_critical_start", LockApi::kOtherMutex},
    {"kmp_acquire_", LockApi::kOtherMutex},

    // Rust's library, over futexes (since 1.62); its folders have moved.
    {"std::sys::sync::mutex::futex::Mutex::lock", LockApi::kOtherMutex},
    {"std::sys::sync::rwlock::futex::RwLock::read", LockApi::kOtherReadLock},
    {"std::sys::sync::rwlock::futex::RwLock::write", LockApi::kOtherWriteLock},
    {"std::sys::sync::condvar::futex::Condvar::wait", LockApi::kOtherCondition},
    {"std::sys::sync::once::futex::Once::", LockApi::kOnce},
    {"std::sys::unix::locks::futex_mutex::Mutex::lock", LockApi::kOtherMutex},
    {"std::sys::unix::locks::futex_rwlock::RwLock::read", LockApi::kOtherReadLock},
    {"std::sys::unix::locks::futex_rwlock::RwLock::write", LockApi::kOtherWriteLock},
    {"std::sys::unix::locks::futex_condvar::Condvar::wait", LockApi::kOtherCondition},
    {"std::sys::unix::locks::futex::Condvar::wait", LockApi::kOtherCondition},
    {"std::sys::unix::locks::futex::Mutex::lock", LockApi::kOtherMutex},
    {"std::sys_common::once::futex::Once::", LockApi::kOnce},
    {"std::sync::poison::mutex::Mutex<", LockApi::kOtherMutex, false, "lock"},
    {"std::sync::mutex::Mutex<", LockApi::kOtherMutex, false, "lock"},
    {"std::sync::poison::rwlock::RwLock<", LockApi::kOtherReadLock, false, "read"},
    {"std::sync::poison::rwlock::RwLock<", LockApi::kOtherWriteLock, false, "write"},
    {"std::sync::rwlock::RwLock<", LockApi::kOtherReadLock, false, "read"},
    {"std::sync::rwlock::RwLock<", LockApi::kOtherWriteLock, false, "write"},
    {"std::thread::JoinHandle<", LockApi::kJoin, false, "join"},
    {"std::thread::", LockApi::kAtomicWait, false, "park"},
    {"std::sys::sync::thread_parking::", LockApi::kAtomicWait},
    {"std::sync::mpmc::", LockApi::kAtomicWait},  // channels
    {"std::sync::mpsc::", LockApi::kAtomicWait},
    {"std::sys_common::thread_parking::", LockApi::kAtomicWait},
    {"parking_lot::raw_mutex::RawMutex::lock", LockApi::kOtherMutex},
    {"parking_lot::raw_fair_mutex::", LockApi::kOtherMutex, false, "lock"},
    {"parking_lot::raw_rwlock::RawRwLock::lock_shared", LockApi::kOtherReadLock},
    {"parking_lot::raw_rwlock::RawRwLock::lock_exclusive", LockApi::kOtherWriteLock},
    {"parking_lot::raw_rwlock::RawRwLock::lock_upgradable", LockApi::kOtherWriteLock},
    {"parking_lot::raw_rwlock::RawRwLock::wait_for_readers", LockApi::kOtherWriteLock},
    {"parking_lot::condvar::Condvar::", LockApi::kOtherCondition},
    {"parking_lot::once::", LockApi::kOnce},
    {"parking_lot_core::parking_lot::park", LockApi::kAtomicWait},

    {"g_mutex_lock", LockApi::kOtherMutex},
    {"g_rec_mutex_lock", LockApi::kOtherMutex},
    {"g_rw_lock_reader_lock", LockApi::kOtherReadLock},
    {"g_rw_lock_writer_lock", LockApi::kOtherWriteLock},
    {"g_cond_wait_until", LockApi::kOtherCondition, true},
    {"g_cond_wait", LockApi::kOtherCondition},
    {"g_once_", LockApi::kOnce},
    {"g_thread_join", LockApi::kJoin},
    {"uv_mutex_lock", LockApi::kOtherMutex},
    {"uv_rwlock_rdlock", LockApi::kOtherReadLock},
    {"uv_rwlock_wrlock", LockApi::kOtherWriteLock},
    {"uv_sem_wait", LockApi::kSemaphore},
    {"uv_barrier_wait", LockApi::kBarrier},
    {"QMutex::lock", LockApi::kOtherMutex},
    {"QBasicMutex::lock", LockApi::kOtherMutex},
    {"QRecursiveMutex::lock", LockApi::kOtherMutex},
    {"QReadWriteLock::lockForRead", LockApi::kOtherReadLock},
    {"QReadWriteLock::tryLockForRead", LockApi::kOtherReadLock, true},
    {"QReadWriteLock::lockForWrite", LockApi::kOtherWriteLock},
    {"QReadWriteLock::tryLockForWrite", LockApi::kOtherWriteLock, true},
    {"QWaitCondition::wait", LockApi::kOtherCondition},
    {"QSemaphore::acquire", LockApi::kSemaphore},
    {"QThread::wait", LockApi::kJoin},
    {"QFutureInterfaceBase::wait", LockApi::kFuture},

    // nginx, MySQL and MariaDB, PostgreSQL, MongoDB, the JVM's and the interpreters' own.
    {"ngx_shmtx_lock", LockApi::kOtherMutex},
    {"ngx_rwlock_rlock", LockApi::kOtherReadLock},
    {"ngx_rwlock_wlock", LockApi::kOtherWriteLock},
    {"rw_lock_s_lock", LockApi::kOtherReadLock},
    {"rw_lock_x_lock", LockApi::kOtherWriteLock},
    {"rw_lock_sx_lock", LockApi::kOtherWriteLock},
    {"ssux_lock_impl<", LockApi::kOtherReadLock, false, "rd_"},
    {"ssux_lock_impl<", LockApi::kOtherWriteLock, false, "wr_"},
    {"srw_mutex_impl<", LockApi::kOtherMutex, false, "wait_and_lock"},
    {"mutex_spin_wait", LockApi::kOtherMutex},
    {"TTASEventMutex<", LockApi::kOtherMutex},
    {"PolicyMutex<", LockApi::kOtherMutex, false, "enter"},
    {"LWLockAcquire", LockApi::kOtherMutex},
    {"PGSemaphoreLock", LockApi::kSemaphore},
    {"s_lock", LockApi::kOtherMutex},
    {"wt_readlock", LockApi::kOtherReadLock},
    {"wt_writelock", LockApi::kOtherWriteLock},
    {"wt_cond_wait", LockApi::kOtherCondition, true},
    {"mongo::LockerImpl::lock", LockApi::kOtherMutex},
    {"mongo::LockerImpl::_lock", LockApi::kOtherMutex},
    {"ObjectMonitor::enter", LockApi::kOtherMutex},
    {"ObjectMonitor::wait", LockApi::kOtherCondition},
    {"take_gil", LockApi::kOtherMutex},
    {"rb_mutex_lock", LockApi::kOtherMutex},
    {"do_mutex_lock", LockApi::kOtherMutex},
    {"gvl_acquire", LockApi::kOtherMutex},
    {"thread_sched_to_running", LockApi::kOtherMutex},
    {"runtime.lock2", LockApi::kOtherMutex},

    // Windows: ntdll's and kernel32's names for the same.
    {"RtlEnterCriticalSection", LockApi::kOtherMutex},
    {"EnterCriticalSection", LockApi::kOtherMutex},
    {"RtlAcquireSRWLockShared", LockApi::kOtherReadLock},
    {"AcquireSRWLockShared", LockApi::kOtherReadLock},
    {"RtlAcquireSRWLockExclusive", LockApi::kOtherWriteLock},
    {"AcquireSRWLockExclusive", LockApi::kOtherWriteLock},
    {"RtlSleepConditionVariable", LockApi::kOtherCondition},
    {"SleepConditionVariable", LockApi::kOtherCondition},
    {"RtlWaitOnAddress", LockApi::kAtomicWait},
    {"WaitOnAddress", LockApi::kAtomicWait},

    // libSystem of macOS.
    {"psynch_mutexwait", LockApi::kOtherMutex},
    {"pthread_mutex_firstfit_lock", LockApi::kOtherMutex},
    {"os_unfair_lock_lock", LockApi::kOtherMutex},
    {"psynch_cvwait", LockApi::kCondition},
    {"psynch_rw_rdlock", LockApi::kOtherReadLock},
    {"psynch_rw_wrlock", LockApi::kOtherWriteLock},
    {"dispatch_sem", LockApi::kSemaphore},
});

// Around an API of another name, these say more: a future waits in a once, an atomic value or a condition.
inline constexpr auto kFutures = std::to_array<std::string_view>({
    "std::__future_base::", "std::__basic_future<", "std::future<", "std::shared_future<", "std::__assoc_sub_state::", "boost::detail::shared_state_base::",
    "boost::detail::future", "boost::future<", "boost::unique_future<", "boost::shared_future<", "folly::Future<", "folly::SemiFuture<", "QFuture<",
});

// What may stand between the system call and the API; of old glibc also what its assembly calls a wait ("L_lock_909"), of musl its own.
inline constexpr auto kInternals = std::to_array<std::string_view>({
    "lll_", "futex", "L_lock_", "L_unlock_", "L_mutex_", "L_rwlock_", "L_cond_", "syscall", "internal_syscall", "kernel_vsyscall", "libc_do_syscall", "do_futex_wait",
    "timedwait", "cp_begin", "cp_end", "std::sys::pal::unix::futex::", "std::sys::unix::futex::", "folly::detail::futex", "folly::detail::nativeFutex", "folly::detail::emulatedFutex", "folly::detail::MemoryIdler::futexWait",
    "absl::synchronization_internal::", "absl::Mutex::Block", "absl::Mutex::DecrementSynchSem", "AbslInternalPerThreadSemWait", "AbslInternalSpinLockDelay", "base::internal::SpinLockDelay", "sys_futex", "QtLinuxFutex::", "lockInternal_helper", "runtime.futex", "gomp_futex", "ulock_wait",
    "ZwWaitFor", "NtWaitFor", "WaitForSingleObject", "WaitForMultipleObjects", "RtlpWaitOn", "RtlpEnterCriticalSection", "RtlpAcquireSRWLock",
});
inline constexpr auto kLowLevelLocks = std::to_array<std::string_view>({"lll_lock_wait", "lll_mutex_lock", "L_lock_"});

// Between the API and the program's own code. Of boost what is a lock, not all of it: its executors call the program.
inline constexpr auto kWrappers = std::to_array<std::string_view>({
    "gthread_", "std::mutex::", "std::__mutex_base", "std::recursive_mutex::", "std::timed_mutex::", "std::recursive_timed_mutex::",
    "std::__timed_mutex_impl<", "std::shared_mutex::", "std::shared_timed_mutex::", "std::__shared_mutex_", "std::__shared_timed_mutex_base",
    "std::__glibcxx_rwlock", "std::unique_lock<", "std::shared_lock<", "std::lock_guard<", "std::scoped_lock<", "std::lock<",
    "std::__detail::", "std::__lock_impl", "std::condition_variable", "std::_V2::condition_variable", "std::__condvar::", "std::thread::join",
    "std::jthread::join", "std::call_once", "std::once_flag", "std::__atomic", "std::atomic", "std::this_thread::", "std::__libcpp_",
    "boost::mutex", "boost::timed_mutex", "boost::recursive_mutex", "boost::recursive_timed_mutex", "boost::shared_mutex", "boost::upgrade_mutex",
    "boost::unique_lock<", "boost::shared_lock<", "boost::upgrade_lock<", "boost::lock_guard<", "boost::shared_lock_guard<", "boost::condition_variable",
    "boost::thread::join", "boost::pthread::", "boost::this_thread::", "boost::posix",
    "absl::Mutex", "absl::CondVar", "absl::Notification", "absl::synchronization_internal", "absl::base_internal::SpinLock",
    "tailback::mutex::", "tailback::timed_mutex::", "tailback::recursive_mutex::", "tailback::shared_mutex::", "tailback::shared_timed_mutex::",
    "tailback::policy_shared_mutex", "tailback::condition_variable::", "tailback::locks::", "tailback::detail::",
    "std::sync::", "std::sys::sync::", "std::sys::unix::locks::", "std::sys_common::", "std::thread::park", "std::thread::current::park", "std::thread::Inner::",
    "std::thread::Packet", "std::thread::local::LocalKey<", "std::sys::thread::unix::", "std::sys::unix::thread::Thread::join", "std::sys::pal::unix::thread::Thread::join",
    "std::thread::JoinInner", "std::thread::lifecycle::JoinInner", "parking_lot::", "parking_lot_core::", "lock_api::", "once_cell::", "crossbeam_channel::", "crossbeam_utils::sync::",
    "folly::SharedMutex", "folly::Synchronized", "folly::LockedPtr", "folly::detail::", "folly::Baton<", "folly::MicroLock",
    "tbb::queuing_mutex", "tbb::spin_mutex",
    "g_mutex_", "g_cond_", "g_rec_mutex_", "g_async_queue_", "uv_", "QMutex", "QBasicMutex::", "QRecursiveMutex::", "QReadWriteLock", "QReadLocker", "QWriteLocker",
    "QWaitCondition", "QSemaphore", "QFutureInterfaceBase::",
    "inline_mysql_", "my_pthread_", "my_mutex_lock", "my_cond_", "safe_mutex_lock", "safe_cond_", "psi_mutex_lock", "psi_rwlock_", "native_mutex_lock", "native_cond_", "native_rw_", "pfs_",
    "os_event", "os_cond_wait", "os_fast_mutex_lock", "os_mutex_enter", "sync_array_", "ssux_lock", "srw_lock", "srw_mutex", "TTASEventMutex<", "PolicyMutex<", "pfs_mutex_enter",
    "ngx_thread_mutex_lock", "ngx_thread_cond_wait", "mongo::stdx::", "mongo::latch_detail::", "mongo::CondVarLockGrantNotification::", "mongo::LockerImpl::",
    "wt_cond_", "os::PlatformEvent::", "PlatformEvent::", "Parker::", "ObjectMonitor::", "ObjectSynchronizer::", "PyEval_RestoreThread", "PyEval_AcquireThread",
    "PyGILState_Ensure", "rb_mutex_", "rb_native_cond_", "kmp_acquire_", "gomp_critical",
});

inline constexpr auto kLockableMembers = std::to_array<std::string_view>({
    "lock", "lock_shared", "try_lock_for", "try_lock_until", "try_lock_shared_for", "try_lock_shared_until", "lock_upgrade",
    "Lock", "ReaderLock", "WriterLock", "rdlock", "wrlock", "lockForRead", "lockForWrite", "read_lock", "write_lock", "lock_read", "lock_write",
    "readLock", "writeLock", "lockRead", "lockWrite", "acquire_read", "acquire_write", "LockShared", "LockExclusive", "lock_exclusive",
});

}  // namespace tailback::lock_functions
