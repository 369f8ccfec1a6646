// Which wait, which lock, which own frame: read from the frames of each runtime.
#include <gtest/gtest.h>

#include "tests/unit/findings/stacks.h"

namespace tailback::analyze {
namespace {

using testing::recording_of;

struct Read {
  Activity activity;
  LockKind kind = LockKind::kUnknown;
  std::uint64_t address = 0;
  LockMode mode = LockMode::kExclusive;
  bool front = false;
  std::size_t waits = 0;
  std::string own;  ///< function of the first own frame
};

Read read(Runtime runtime, std::string_view text) {
  Recording recording = recording_of(runtime, text);
  Dump& dump = recording.dumps[0];
  Read result;
  result.activity = classify(recording, dump)[0];
  result.waits = dump.waits.size();
  const auto stack = recording.table.stack(dump.threads[0].stack);
  if (result.activity.own_frame < stack.size()) result.own = recording.table.function(stack[result.activity.own_frame]);
  if (dump.waits.empty()) return result;
  const Lock& lock = dump.locks[dump.waits[0].lock.index];
  result.kind = lock.kind;
  result.address = lock.address;
  result.mode = dump.waits[0].mode;
  result.front = dump.waits[0].front;
  return result;
}

TEST(ClassifyGo, ReadsTheMutexOfOlderAndNewerRuntimes) {
  const Read old = read(Runtime::kGo, "1 [semacquire]\nsync.runtime_SemacquireMutex(0xc000010004, 0x0)\nsync.(*Mutex).lockSlow(0xc000010000)\nsync.(*Mutex).Lock(...)\nmain.f() f.go:3\n");
  EXPECT_EQ(old.activity.kind, ActivityKind::kLock);
  EXPECT_EQ(old.kind, LockKind::kMutex);
  EXPECT_EQ(old.address, 0xc000010000u);
  EXPECT_EQ(old.own, "main.f");
  const Read now = read(Runtime::kGo, "1 [sync.Mutex.Lock]\ninternal/sync.runtime_SemacquireMutex(0x0?)\ninternal/sync.(*Mutex).lockSlow(0xc000010000)\ninternal/sync.(*Mutex).Lock(...)\nsync.(*Mutex).Lock(...)\nmain.f() f.go:3\n");
  EXPECT_EQ(now.address, 0xc000010000u);
  EXPECT_EQ(now.own, "main.f");
}

TEST(ClassifyGo, NormalisesTheReadersSemaphoreToTheLocksBase) {
  const Read reader = read(Runtime::kGo, "1 [semacquire]\nsync.runtime_SemacquireMutex(0xc00001000c, 0x0)\nsync.(*RWMutex).RLock(...)\nmain.f() f.go:3\n");
  EXPECT_EQ(reader.kind, LockKind::kRwlock);
  EXPECT_EQ(reader.mode, LockMode::kShared);
  EXPECT_EQ(reader.address, 0xc000010000u);
}

TEST(ClassifyGo, TellsTheFrontWriterFromTheQueue) {
  EXPECT_TRUE(read(Runtime::kGo, "1 [semacquire]\nsync.runtime_SemacquireMutex(0xc000010008)\nsync.(*RWMutex).Lock(0xc000010000)\nmain.f() f.go:3\n").front);
  const Read queued = read(Runtime::kGo, "1 [semacquire]\nsync.runtime_SemacquireMutex()\nsync.(*Mutex).lockSlow(0xc000010000)\nsync.(*Mutex).Lock(...)\nsync.(*RWMutex).Lock(0x0?)\nmain.f() f.go:3\n");
  EXPECT_FALSE(queued.front);
  EXPECT_EQ(queued.kind, LockKind::kRwlock);
  EXPECT_EQ(queued.address, 0xc000010000u);
}

TEST(ClassifyGo, LooksThroughAProgramsOwnMutex) {
  const Read wrapped = read(Runtime::kGo, "1 [semacquire]\nsync.(*Mutex).lockSlow(0xc000010000)\nsync.(*Mutex).Lock(...)\nacme/syncutil.(*Mutex).Lock(...)\nmain.f() f.go:3\n");
  EXPECT_EQ(wrapped.own, "main.f");
  EXPECT_EQ(wrapped.address, 0xc000010000u);
}

TEST(ClassifyGo, TakesNoLockFromASemacquireOfTheRuntimesOwn) {
  const Read own = read(Runtime::kGo, "1 [semacquire]\nreflect.unsafe_New(0xc000010000)\nmain.f() f.go:3\n");
  EXPECT_EQ(own.waits, 0u);
}

TEST(ClassifyGo, TrustsNoStaleWordAlone) {
  const Read stale = read(Runtime::kGo, "1 [semacquire]\nsync.runtime_SemacquireMutex(0xc00001000c?)\nsync.(*RWMutex).RLock(...)\nmain.(*T).f(0xc000077000?) f.go:3\n");
  EXPECT_EQ(stale.waits, 1u);
  EXPECT_EQ(stale.address, 0u);
}

TEST(ClassifyGo, ReadsConditionsWaitGroupsChannelsAndSleep) {
  EXPECT_EQ(read(Runtime::kGo, "1 [sync.Cond.Wait]\nsync.runtime_notifyListWait(0xc000010010)\nsync.(*Cond).Wait(0xc000010000)\nmain.f()\n").kind, LockKind::kCondition);
  EXPECT_EQ(read(Runtime::kGo, "1 [semacquire]\nsync.runtime_Semacquire(0xc000010008)\nsync.(*WaitGroup).Wait(0xc000010000)\nmain.f()\n").kind, LockKind::kWaitGroup);
  EXPECT_EQ(read(Runtime::kGo, "1 [chan send]\nmain.f()\n").activity.kind, ActivityKind::kChannelSend);
  EXPECT_EQ(read(Runtime::kGo, "1 [select (no cases)]\nmain.f()\n").activity.kind, ActivityKind::kSelect);
  EXPECT_EQ(read(Runtime::kGo, "1 [sleep]\ntime.Sleep(0x1)\nmain.f()\n").activity.kind, ActivityKind::kSleep);
  EXPECT_EQ(read(Runtime::kGo, "1 [GC worker (idle)]\nruntime.gopark()\n").activity.kind, ActivityKind::kIdle);
}

TEST(ClassifyNative, ReadsTheMutexThroughItsWrappers) {
  const Read mutex = read(Runtime::kNative, "1\nfutex_wait(futex_word=0xa000)\n__GI___lll_lock_wait(futex=0xa000)\n___pthread_mutex_lock(mutex=0xa000)\n__gthread_mutex_lock(__mutex=0xa000)\nstd::mutex::lock(this=0xa000)\nstd::lock_guard<std::mutex>::lock_guard\nquery() x.cc:31\n");
  EXPECT_EQ(mutex.kind, LockKind::kMutex);
  EXPECT_EQ(mutex.address, 0xa000u);
  EXPECT_EQ(mutex.own, "query");
}

TEST(ClassifyNative, KnowsTheFrontWriterByItsFutex) {
  EXPECT_TRUE(read(Runtime::kNative, "1\n__futex_abstimed_wait_common(futex_word=0xa008)\n__pthread_rwlock_wrlock_full64(rwlock=0xa000)\nadd() x.cc:3\n").front);
  EXPECT_FALSE(read(Runtime::kNative, "1\n__futex_abstimed_wait_common(futex_word=0xa00c)\n__pthread_rwlock_wrlock_full64(rwlock=0xa000)\nadd() x.cc:3\n").front);
}

TEST(ClassifyNative, InventsNoAddress) {
  const Read lock = read(Runtime::kNative, "1\n__lll_lock_wait(futex=0xa004)\npthread_mutex_lock\nquery() x.cc:31\n");
  EXPECT_EQ(lock.waits, 1u);
  EXPECT_EQ(lock.address, 0u) << "a futex word is not the lock's base";
}

TEST(ClassifyNative, TellsConditionsCallsAndOwnCode) {
  EXPECT_EQ(read(Runtime::kNative, "1\nfutex_wait\n__pthread_cond_wait_common\n___pthread_cond_wait(cond=0xb000)\nf() x.cc:3\n").kind, LockKind::kCondition);
  EXPECT_EQ(read(Runtime::kNative, "1\n__GI___libc_read\nload() x.cc:3\n").activity.kind, ActivityKind::kIo);
  EXPECT_EQ(read(Runtime::kNative, "1\n__GI___clock_nanosleep\nwait() x.cc:3\n").activity.kind, ActivityKind::kSleep);
  EXPECT_EQ(read(Runtime::kNative, "1\ncompute() x.cc:3\n").activity.kind, ActivityKind::kRunning);
}

TEST(ClassifyJava, KnowsAWorkerWithoutWork) {
  EXPECT_EQ(read(Runtime::kJava, "1 [WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.LinkedBlockingQueue.take\njava.util.concurrent.ThreadPoolExecutor.getTask\njava.lang.Thread.run\n").activity.kind,
            ActivityKind::kIdle);
  EXPECT_EQ(read(Runtime::kJava, "1 [WAITING (parking)]\njdk.internal.misc.Unsafe.park\njava.util.concurrent.FutureTask.get\ncom.acme.Page.render\n").activity.kind, ActivityKind::kFuture);
}

TEST(ClassifyPython, KnowsAFutureByTwoNamesThatAgree) {
  EXPECT_EQ(read(Runtime::kPython, "1\nwait /x:327\nresult /x:451\njob /src/dl.py:22\n").activity.kind, ActivityKind::kFuture);
}

TEST(ClassifyKernel, TheLocksFunctionsTellTheMode) {
  const Read writer = read(Runtime::kKernel, "1\n__schedule\nschedule\nrwsem_down_write_slowpath\ndown_write\nf2fs_ioctl\ndo_syscall_64\n");
  EXPECT_EQ(writer.kind, LockKind::kRwlock);
  EXPECT_EQ(writer.mode, LockMode::kExclusive);
  EXPECT_EQ(writer.address, 0u) << "none is printed";
  EXPECT_EQ(writer.own, "f2fs_ioctl");
  const Read reader = read(Runtime::kKernel, "1\n__schedule\nschedule\npercpu_rwsem_wait\n__percpu_down_read\nmnt_want_write\nfilename_create\n");
  EXPECT_EQ(reader.mode, LockMode::kShared);
  EXPECT_EQ(reader.own, "filename_create");
  EXPECT_EQ(read(Runtime::kKernel, "1\n__schedule\nschedule\nschedule_preempt_disabled\n__mutex_lock\nrtnl_lock\nregister_netdev\n").own, "register_netdev");
  EXPECT_EQ(read(Runtime::kKernel, "1\n__schedule\nschedule\nschedule_timeout\n__down_common\n__down\ndown\nxfs_buf_lock\n").kind, LockKind::kSemaphore);
  EXPECT_EQ(read(Runtime::kKernel, "1\nnative_queued_spin_lock_slowpath\n_raw_spin_lock\nf\n").activity.kind, ActivityKind::kLock);
}

TEST(ClassifyKernel, WhatIsNoLock) {
  const auto kind = [](std::string_view text) { return read(Runtime::kKernel, text).activity.kind; };
  EXPECT_EQ(kind("1\n__schedule\nschedule\nio_schedule\nfolio_wait_bit_common\next4_writepages\n"), ActivityKind::kIo);
  EXPECT_EQ(kind("1\n__schedule\nschedule\nio_schedule\nsome_fs_wait\n"), ActivityKind::kIo) << "the scheduler says so";
  EXPECT_EQ(kind("1\n__schedule\nschedule\nfutex_wait_queue\nfutex_wait\ndo_futex\n"), ActivityKind::kSystemCall);
  EXPECT_EQ(kind("1\n__schedule\nschedule\nworker_thread\nkthread\nret_from_fork\n"), ActivityKind::kIdle);
  EXPECT_EQ(kind("1\n__schedule\nschedule\nschedule_timeout\n__wait_for_common\n__flush_work\ndrain_all_pages\n"), ActivityKind::kWaitGroup);
  EXPECT_EQ(kind("1\n__schedule\nschedule\ndo_nanosleep\nhrtimer_nanosleep\n"), ActivityKind::kSleep);
  EXPECT_EQ(kind("1\n__schedule\nschedule\nschedule_hrtimeout_range_clock\nep_poll\ndo_epoll_wait\n"), ActivityKind::kIo);
}

ActivityKind kind(Runtime runtime, std::string_view text) { return read(runtime, text).activity.kind; }

TEST(IdleStacks, KnowWhatWaitsForWorkInEachRuntime) {
  EXPECT_EQ(kind(Runtime::kGo, "1 [GC worker (idle)]\nruntime.gopark\nruntime.gcBgMarkWorker\n"), ActivityKind::kIdle);
  EXPECT_EQ(kind(Runtime::kGo, "1 [syscall]\nos/signal.signal_recv\nos/signal.loop\n"), ActivityKind::kIdle);
  EXPECT_EQ(kind(Runtime::kJava, "1 [TIMED_WAITING (on object monitor)]\njava.lang.Object.wait\njava.util.TimerThread.mainLoop\njava.util.TimerThread.run\n"), ActivityKind::kIdle);
  EXPECT_EQ(kind(Runtime::kPython, "1\n_worker /usr/lib/python3.11/concurrent/futures/thread.py:81\nrun /usr/lib/python3.11/threading.py:975\n"), ActivityKind::kIdle);
  EXPECT_EQ(kind(Runtime::kNative, "1\n__GI___sigwait\nserve() x.cc:3\n"), ActivityKind::kIdle);
  EXPECT_EQ(kind(Runtime::kNative, "1\nfutex_wait\n___pthread_cond_wait(cond=0xb000)\nboost::asio::detail::posix_event::wait\nboost::asio::detail::scheduler::do_run_one\nserve() x.cc:3\n"), ActivityKind::kIdle);
  EXPECT_EQ(kind(Runtime::kNative, "1\nepoll_wait\nuv__io_poll\nuv_run\nmain() x.cc:3\n"), ActivityKind::kIdle);
}

TEST(IdleStacks, AreNotThoseOfATaskThatAWorkerRunsNorOfAWorkerThatWantsALock) {
  EXPECT_EQ(kind(Runtime::kNative, "1\nfutex_wait\n___pthread_cond_wait(cond=0xb000)\nhandle() x.cc:9\nboost::asio::detail::scheduler::do_run_one\nserve() x.cc:3\n"), ActivityKind::kCondition);
  EXPECT_EQ(kind(Runtime::kNative, "1\n__lll_lock_wait\n___pthread_mutex_lock(mutex=0xa000)\nboost::asio::detail::scheduler::do_run_one\nserve() x.cc:3\n"), ActivityKind::kLock);
  EXPECT_EQ(kind(Runtime::kPython, "1\nwait /usr/lib/python3.11/threading.py:327\nresult /usr/lib/python3.11/concurrent/futures/_base.py:451\njob /src/dl.py:22\n_worker /usr/lib/python3.11/concurrent/futures/thread.py:58\n"),
            ActivityKind::kFuture);
}

}  // namespace
}  // namespace tailback::analyze
