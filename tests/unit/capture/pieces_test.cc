// The parts of the capture that are functions of values.
#include <gtest/gtest.h>

#include <cstring>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/capture/guard_scan.h"
#include "runtime/capture/lock_api.h"
#include "runtime/capture/lock_words.h"
#include "runtime/capture/release_code.h"
#include "runtime/capture/spool.h"
#include "runtime/capture/system_calls.h"
#include "runtime/capture/task_directory.h"
#include "runtime/symbols/function_name.h"
#include "runtime/symbols/rust_name.h"

namespace tailback {
namespace {

SystemCall parse(std::string_view text) { return parse_system_call(text.data(), text.size()); }

TEST(TaskDirectory, ReadsABlockedThreadsCall) {
  const SystemCall call = parse("202 0x7f7a5c0008c8 0x189 0x2 0x0 0x0 0xffffffff 0x7f7a5b7fdc80 0x7f7a5c8a7d4e\n");
  EXPECT_EQ(call.reading, CallReading::kInCall);
  EXPECT_EQ(call.number, 202);
  EXPECT_EQ(call.arguments[0], 0x7f7a5c0008c8u);
  EXPECT_EQ(call.arguments[2], 2u);
  EXPECT_EQ(call.stack_pointer, 0x7f7a5b7fdc80u);
  EXPECT_EQ(call.pc, 0x7f7a5c8a7d4eu);
}

TEST(TaskDirectory, ReadsAThreadThatRunsOrWaitsOutsideACall) {
  EXPECT_EQ(parse("running\n").reading, CallReading::kRunning);
  const SystemCall fault = parse("-1 0x7ffd00 0x401000\n");
  EXPECT_EQ(fault.reading, CallReading::kNoCall);
  EXPECT_EQ(fault.pc, 0x401000u);
}

TEST(TaskDirectory, TakesATornLineForNothing) {
  EXPECT_EQ(parse("202 0x7f7a5c0008c8 0x189").reading, CallReading::kGone);
  EXPECT_EQ(parse("202 0x7f7a5c0008c8 zz 0x2 0x0 0x0 0x0 0x1 0x1").reading, CallReading::kGone);
  EXPECT_EQ(parse("").reading, CallReading::kGone);
}

TEST(TaskDirectory, ReadsWhichSignalsAThreadBlocks) {
  const std::string_view text = "Name:\ta State: x\nState:\tS (sleeping)\nTracerPid:\t77\nSigBlk:\t0000000200000000\n";
  const ThreadStatus status = parse_status(text.data(), text.size());
  EXPECT_TRUE(status.present);
  EXPECT_EQ(status.state, 'S');
  EXPECT_EQ(status.tracer, 77);
  EXPECT_TRUE(status.blocks(34));  // signal n is bit n - 1
  EXPECT_FALSE(status.blocks(33));
}

SystemCall call_of(std::int32_t number, std::uint64_t operation = 0, std::uint64_t timeout = 0) {
  SystemCall call;
  call.reading = CallReading::kInCall;
  call.number = number;
  call.arguments[1] = operation;
  call.arguments[3] = timeout;
  return call;
}

TEST(SystemCalls, KnowsWhatASignalWouldBreak) {
  EXPECT_TRUE(signal_would_break(call_of(SYS_epoll_wait)));
  EXPECT_TRUE(signal_would_break(call_of(SYS_nanosleep)));
  EXPECT_FALSE(signal_would_break(call_of(SYS_read)));
  EXPECT_FALSE(signal_would_break(call_of(SYS_futex, 0x80)));
  EXPECT_TRUE(signal_would_break(call_of(SYS_futex, 0x80, 0x7ffd1000)));  // sem_timedwait gives EINTR to its caller
  EXPECT_TRUE(signal_is_harmless(call_of(SYS_futex, 0x189)));
  EXPECT_FALSE(signal_is_harmless(call_of(SYS_futex, 0x189, 0x7ffd1000)));
  EXPECT_TRUE(is_futex_wait(call_of(SYS_futex, 0x189)));
  EXPECT_FALSE(is_futex_wait(call_of(SYS_futex, 0x81)));  // a wake
}

TEST(FunctionName, LastNameKeepsTemplateArgumentsAndLambdas) {
  EXPECT_EQ(last_name("a::B<c::D>::operator()(e::F)"), "operator()(e::F)");
  EXPECT_EQ(last_name("deadlock_service::HashSet::AddOne"), "AddOne");
  EXPECT_EQ(last_name("std::vector<a::b>::push_back<c::d>"), "push_back<c::d>");
  EXPECT_EQ(last_name("main"), "main");
  EXPECT_EQ(last_name(""), "");
}

TEST(LockApi, FindsTheWaitAndTheOutermostFrameOfTheLocksOwn) {
  const std::vector<std::string_view> stack = {"futex_wait", "__GI___lll_lock_wait", "___pthread_mutex_lock", "__gthread_mutex_lock", "std::mutex::lock",
                                               "std::lock_guard<std::mutex>::lock_guard", "HashSet::AddOne", "main"};
  const LockSite site = find_lock_site(stack);
  EXPECT_EQ(site.api, LockApi::kMutex);
  EXPECT_EQ(site.wait_frame, 5);
}

TEST(LockApi, PassesOverLibcsUnnamedFrames) {
  const std::vector<std::string_view> stack = {"", "", "pthread_rwlock_wrlock", "RwLock::lock", "main"};
  const LockSite site = find_lock_site(stack);
  EXPECT_EQ(site.api, LockApi::kWriteLock);
  EXPECT_EQ(site.wait_frame, 3);  // RwLock::lock is what std::mutex::lock is elsewhere
}

TEST(LockApi, KnowsALockOfTheProgramsOwnMakingByItsMemberOverASystemCall) {
  const LockSite reader = find_lock_site(std::vector<std::string_view>{"syscall", "futex_sleep", "acme::Gate::lock_shared", "read_all"});
  EXPECT_EQ(reader.api, LockApi::kOtherReadLock);
  EXPECT_EQ(reader.wait_frame, 2);
  EXPECT_EQ(kind_of(reader.api), LockKind::kRwlock);
  EXPECT_EQ(mode_of(reader.api), LockMode::kShared);
  EXPECT_EQ(find_lock_site(std::vector<std::string_view>{"acme::Spin::lock", "work"}).api, LockApi::kNone);  // it runs
}

TEST(LockApi, TakesAGuardOfTheProgramsOwnForThePartOfTheLockThatItIs) {
  const std::vector<std::string_view> stack{"futex_wait", "__pthread_rwlock_rdlock", "acme::ReadGuard<int>::ReadGuard", "Config::limit", "work"};
  const LockSite site = find_lock_site(stack);
  EXPECT_EQ(site.api, LockApi::kReadLock);
  EXPECT_EQ(site.wait_frame, 2u);
  const std::vector<std::string_view> condition{"futex_wait", "pthread_cond_wait", "Worker::Worker", "main"};
  EXPECT_EQ(find_lock_site(condition).wait_frame, 1u);
}

TEST(LockApi, TellsALowLevelWaitWithoutAnApiFromAMutexWhoseWordsAreKnown) {
  const LockSite site = find_lock_site(std::vector<std::string_view>{"__lll_lock_wait_private", "_L_lock_909", "log_line"});
  EXPECT_EQ(site.api, LockApi::kLowLevelLock);
  EXPECT_EQ(site.wait_frame, 1);
}

TEST(LockApi, TakesTheOuterNameWhereItSaysMore) {
  const LockSite latch = find_lock_site(std::vector<std::string_view>{"syscall", "std::__detail::__platform_wait<int>", "std::__atomic_wait_address_v<int>", "std::latch::wait", "start"});
  EXPECT_EQ(latch.api, LockApi::kLatch);
  EXPECT_EQ(latch.wait_frame, 3);
  const LockSite future = find_lock_site(std::vector<std::string_view>{"futex_wait", "pthread_cond_wait", "std::condition_variable::wait", "std::__future_base::_State::wait", "std::future<int>::get", "run"});
  EXPECT_EQ(future.api, LockApi::kFuture);
  EXPECT_EQ(future.wait_frame, 4);
}

TEST(LockApi, ConditionsThatTakeTheirMutexAgainWaitForTheMutex) {
  const std::vector<std::string_view> stack = {"__lll_lock_wait", "__pthread_mutex_cond_lock", "pthread_cond_wait", "std::condition_variable::wait", "work"};
  const LockSite site = find_lock_site(stack);
  EXPECT_EQ(site.api, LockApi::kMutex);
  EXPECT_EQ(site.wait_frame, 3);
}

TEST(LockApi, TakesALockThatIsMadeOfAConditionForTheLock) {
  const LockSite boost = find_lock_site(std::vector<std::string_view>{"futex_wait", "___pthread_cond_wait", "boost::condition_variable::wait", "boost::shared_mutex::lock_shared",
                                                                      "boost::shared_lock<boost::shared_mutex>::shared_lock", "Store::count"});
  EXPECT_EQ(boost.api, LockApi::kOtherReadLock);
  EXPECT_EQ(boost.api_frame, 3);
  EXPECT_EQ(boost.wait_frame, 4);
  const LockSite own = find_lock_site(std::vector<std::string_view>{"futex_wait", "___pthread_cond_wait", "std::condition_variable::wait", "acme::FairLock::lock_shared", "read_all"});
  EXPECT_EQ(own.api, LockApi::kOtherReadLock);
  EXPECT_EQ(own.wait_frame, 3);
  const LockSite gil = find_lock_site(std::vector<std::string_view>{"futex_wait", "___pthread_cond_timedwait64", "take_gil", "PyEval_RestoreThread", "time_sleep"});
  EXPECT_EQ(gil.api, LockApi::kOtherMutex);
  EXPECT_FALSE(gil.timed) << "it asks again";
  EXPECT_EQ(gil.wait_frame, 3);
}

struct Known {
  std::vector<std::string_view> stack;
  LockApi api;
  int wait_frame;
};

TEST(LockApi, KnowsOtherLibrariesByTheirNames) {
  const Known known[] = {
      {{"syscall", "std::sys::pal::unix::futex::futex_wait", "std::sys::sync::mutex::futex::Mutex::lock_contended", "std::sync::poison::mutex::Mutex<Vec<i64>>::lock<Vec<i64>>", "app::debit"}, LockApi::kOtherMutex, 3},
      {{"syscall", "std::sys::sync::rwlock::futex::RwLock::read_contended", "app::size"}, LockApi::kOtherReadLock, 1},
      {{"syscall", "std::sys::unix::locks::futex_rwlock::RwLock::write_contended", "app::add"}, LockApi::kOtherWriteLock, 1},
      {{"syscall", "parking_lot::raw_rwlock::RawRwLock::lock_shared_slow", "app::size"}, LockApi::kOtherReadLock, 1},
      {{"syscall", "std::thread::thread::Thread::park", "std::sync::mpmc::list::Channel<T>::recv", "app::work"}, LockApi::kAtomicWait, 2},
      {{"syscall", "absl::lts_20220623::synchronization_internal::Waiter::Wait", "AbslInternalPerThreadSemWait_lts_20220623", "absl::lts_20220623::Mutex::LockSlowLoop", "absl::lts_20220623::Mutex::ReaderLock", "Index::find"}, LockApi::kOtherReadLock, 4},
      {{"syscall", "folly::detail::nativeFutexWaitImpl", "folly::SharedMutexImpl<false, void>::lockSharedImpl<Ctx>", "folly::SharedMutexImpl<false, void>::lock_shared", "f"}, LockApi::kOtherReadLock, 3},
      {{"futex_wait", "__GI___lll_lock_wait", "___pthread_mutex_lock", "std::__1::mutex::lock", "std::__1::lock_guard<std::__1::mutex>::lock_guard", "f"}, LockApi::kMutex, 4},
      {{"syscall", "QtLinuxFutex::_q_futex", "QBasicMutex::lockInternal", "QMutex::lock", "Window::paint"}, LockApi::kOtherMutex, 3},
      {{"futex_wait", "___pthread_cond_wait", "QWaitConditionPrivate::wait", "QWaitCondition::wait", "Worker::run"}, LockApi::kCondition, 3},
      {{"futex_wait", "___pthread_cond_wait", "QReadWriteLockPrivate::lockForWrite", "QReadWriteLock::lockForWrite", "Model::set"}, LockApi::kOtherWriteLock, 3},
      {{"syscall", "g_mutex_lock_slowpath", "g_mutex_lock", "f"}, LockApi::kOtherMutex, 2},
      {{"futex_wait", "___pthread_rwlock_rdlock", "uv_rwlock_rdlock", "f"}, LockApi::kReadLock, 2},
      {{"futex_wait", "___pthread_cond_wait", "native_cond_wait", "os_event::wait_low", "rw_lock_s_lock_spin", "row_search"}, LockApi::kOtherReadLock, 4},
      {{"do_futex_wait", "__new_sem_wait_slow64", "PGSemaphoreLock", "LWLockAcquire", "heap_insert"}, LockApi::kOtherMutex, 3},
      {{"__syscall_cp_c", "__timedwait_cp", "__pthread_mutex_timedlock", "__pthread_mutex_lock", "f"}, LockApi::kMutex, 3},  // musl
      {{"__psynch_mutexwait", "_pthread_mutex_firstfit_lock_wait", "_pthread_mutex_firstfit_lock_slow", "std::__1::mutex::lock", "f"}, LockApi::kOtherMutex, 3},
  };
  for (const Known& one : known) {
    const LockSite site = find_lock_site(one.stack);
    EXPECT_EQ(site.api, one.api) << one.stack[one.stack.size() - 2];
    EXPECT_EQ(site.wait_frame, one.wait_frame) << one.stack[one.stack.size() - 2];
    EXPECT_FALSE(site.timed);
  }
}

TEST(LockApi, EndsAtWhatAOnceRuns) {
  const std::vector<std::string_view> stack{"futex_wait", "__pthread_once_slow", "std::once_flag::_Prepare_execution::_Prepare_execution<std::call_once<Settings::get()::{lambda()#1}>>::{lambda()#1}::_FUN",
                                            "__pthread_once_slow", "std::call_once<Settings::get()::{lambda()#1}>", "Settings::get"};
  EXPECT_EQ(find_lock_site(stack).wait_frame, 1);
}

TEST(RustName, ReadsBothManglings) {
  EXPECT_EQ(readable_rust_symbol("_RNvMNtNtNtNtCsjrHSEGnQ3l9_3std3sys4sync5mutex5futexNtB2_5Mutex14lock_contended"), "std::sys::sync::mutex::futex::Mutex::lock_contended");
  EXPECT_EQ(readable_rust_symbol("_RNvMs0_NtNtNtCsjrHSEGnQ3l9_3std3sys6thread4unixNtB5_6Thread4join"), "std::sys::thread::unix::Thread::join");
  EXPECT_EQ(readable_rust_symbol("_RNvNvMs0_NtNtNtCsjrHSEGnQ3l9_3std3sys6thread4unixNtB7_6Thread3new12thread_start"), "std::sys::thread::unix::Thread::new::thread_start");
  EXPECT_EQ(readable_rust_symbol("_RNCNvC3app4main0"), "app::main::{closure#0}");
  EXPECT_EQ(readable_rust_symbol("_RNCNvC3app4mains_0B3_"), "app::main::{closure#1}");
  EXPECT_EQ(readable_rust_symbol("_RINvC3app5fetchNtB2_3KeyE"), "app::fetch");
  EXPECT_EQ(readable_rust_symbol("_RNvXs_C3appNtB4_3SetNtC4core5Clone5clone"), "<app::Set as core::Clone>::clone");
  for (const char* broken : {"_R", "_RN", "_RB_", "_RNvB99_1f", "_RNv999999999999999999999f", "_Z1fv", ""}) EXPECT_EQ(readable_rust_symbol(broken), "") << broken;
  EXPECT_EQ(readable_rust_name("std::thread::JoinInner$LT$T$GT$::join::habbef6a4952ce708"), "std::thread::JoinInner<T>::join");
  EXPECT_EQ(readable_rust_name("core::ops::function::FnOnce::call_once$u7b$$u7b$vtable.shim$u7d$$u7d$::ha544ca9d5eafd7d4"), "core::ops::function::FnOnce::call_once{{vtable.shim}}");
  EXPECT_EQ(readable_rust_name("app::hash"), "app::hash");
  EXPECT_EQ(readable_rust_name("app$uzz$$u00$$u"), "app$uzz$$u00$$u") << "no letters";
}

TEST(LockApi, FindsNoneInOrdinaryCalls) {
  EXPECT_EQ(find_lock_site(std::vector<std::string_view>{"read", "main"}).api, LockApi::kNone);
  EXPECT_EQ(find_lock_site(std::vector<std::string_view>{"compute", "pthread_mutex_lock"}).api, LockApi::kNone);
  EXPECT_EQ(find_lock_site({}).api, LockApi::kNone);
}

TEST(GuardScan, LooksFirstAtAFewThreadsOfEachStackAndAtTheQueueLast) {
  Dump dump;
  std::vector<bool> in_queue;
  const auto add = [&](std::uint32_t stack, std::size_t threads, bool waits) {
    for (std::size_t i = 0; i < threads; ++i) {
      dump.threads.push_back(ThreadRecord{.stack = {stack}});
      in_queue.push_back(waits);
    }
  };
  add(0, 100, true);  // the crowd at the lock
  add(1, 10, false);  // workers at rest
  add(2, 1, true);    // one that waits as well, from elsewhere
  add(3, 1, false);   // apart
  dump.threads.push_back(ThreadRecord{.quality = StackQuality::kMissing});
  in_queue.push_back(false);
  const auto [order, first] = holder_search_order(dump, in_queue);
  EXPECT_EQ(first, 10u);
  ASSERT_EQ(order.size(), 112u) << "who has no stack shows nothing";
  EXPECT_EQ((std::vector<std::uint32_t>(order.begin(), order.begin() + 10)), (std::vector<std::uint32_t>{111, 100, 101, 102, 103, 110, 0, 1, 2, 3}));
  EXPECT_EQ(order.back(), 99u);
}

/// The memory around a futex word inside a real lock of this libc.
LockPiece piece_of(const void* object, std::size_t size, std::size_t futex_at) {
  LockPiece piece;
  piece.futex = reinterpret_cast<std::uint64_t>(object) + futex_at;
  std::memcpy(piece.words + LockPiece::kBefore - futex_at, object, size);
  piece.readable_before = static_cast<std::uint32_t>(futex_at);
  piece.readable_after = static_cast<std::uint32_t>(size - futex_at);
  return piece;
}

TEST(LockWords, ReadsAMutexOwner) {
  for (int type : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ADAPTIVE_NP}) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutex_t mutex;
    pthread_mutex_init(&mutex, &attributes);
    pthread_mutex_lock(&mutex);
    const LockWords words = read_lock_words(piece_of(&mutex, sizeof mutex, 0), LockApi::kMutex, 2);
    EXPECT_EQ(words.base, reinterpret_cast<std::uint64_t>(&mutex));
    EXPECT_EQ(words.owner, static_cast<std::uint32_t>(::gettid()));
    EXPECT_EQ(words.kind, type == PTHREAD_MUTEX_RECURSIVE ? LockKind::kRecursiveMutex : LockKind::kMutex);
    pthread_mutex_unlock(&mutex);
    EXPECT_EQ(read_lock_words(piece_of(&mutex, sizeof mutex, 0), LockApi::kMutex, 2).owner, 0u);
  }
}

TEST(LockWords, ReadsAPriorityInheritingMutexOwner) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutex_lock(&mutex);
  EXPECT_EQ(read_lock_words(piece_of(&mutex, sizeof mutex, 0), LockApi::kMutex, 0).owner, static_cast<std::uint32_t>(::gettid()));
  pthread_mutex_unlock(&mutex);
}

TEST(LockWords, FindsAReadWriteLocksBaseFromEachOfItsFutexes) {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_t lock;
  pthread_rwlock_init(&lock, &attributes);
  const auto base = reinterpret_cast<std::uint64_t>(&lock);
  pthread_rwlock_rdlock(&lock);
  const LockWords first = read_lock_words(piece_of(&lock, sizeof lock, 8), LockApi::kWriteLock, 2);
  EXPECT_EQ(first.base, base);
  EXPECT_TRUE(first.front);
  EXPECT_EQ(first.readers, 1);
  EXPECT_EQ(first.policy, LockPolicy::kPreferWriters);
  const LockWords queued = read_lock_words(piece_of(&lock, sizeof lock, 12), LockApi::kWriteLock, 3);
  EXPECT_EQ(queued.base, base);
  EXPECT_FALSE(queued.front);
  EXPECT_EQ(read_lock_words(piece_of(&lock, sizeof lock, 8), LockApi::kReadLock, 3).base, base);
  EXPECT_EQ(read_lock_words(piece_of(&lock, sizeof lock, 0), LockApi::kReadLock, 0xe).base, base);
  pthread_rwlock_unlock(&lock);
  pthread_rwlock_wrlock(&lock);
  const LockWords written = read_lock_words(piece_of(&lock, sizeof lock, 8), LockApi::kReadLock, 3);
  EXPECT_EQ(written.owner, static_cast<std::uint32_t>(::gettid()));
  EXPECT_EQ(written.readers, 0);
  pthread_rwlock_unlock(&lock);
}

TEST(LockWords, TellsAnOwnerThatChangedFromANeighbourThatDid) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  LockPiece piece = piece_of(&mutex, sizeof mutex, 0);
  const LockWords words = read_lock_words(piece, LockApi::kMutex, 2);
  piece.changed = 1u << 5 | 1u << 0;
  EXPECT_FALSE(owner_changed(piece, words));
  piece.changed = 1u << 2;  // __owner, at +8
  EXPECT_TRUE(owner_changed(piece, words));
  pthread_mutex_unlock(&mutex);
}

TEST(LockWords, SaysNothingOfWordsThatCouldNotBeRead) {
  LockPiece piece;
  piece.futex = 0x1000;
  piece.readable_after = 4;
  const LockWords words = read_lock_words(piece, LockApi::kWriteLock, 3);
  EXPECT_EQ(words.owner, 0u);
  EXPECT_EQ(words.readers, -1);
  EXPECT_EQ(words.policy, LockPolicy::kUnknown);
}

TEST(ReleaseCode, KnowsTheNamesOfTakingAndGivingBack) {
  for (const char* name : {"RwLock::lock_shared", "ReadGuard::ReadGuard", "std::unique_lock<std::mutex>::unique_lock", "pthread_rwlock_rdlock", "HashSet::lockForRead"}) {
    EXPECT_TRUE(names_lock_taking(name)) << name;
  }
  for (const char* name : {"HashSet::AddOne", "BlockCache::get", "clock_gettime", "pthread_rwlock_unlock", "pthread_rwlock_init", "f<std::unique_lock<std::mutex> >"}) {
    EXPECT_FALSE(names_lock_taking(name)) << name;
  }
  for (const char* name : {"pthread_mutex_unlock", "RwLock::unlock_shared", "std::shared_lock<RwLock>::~shared_lock", "ReadGuard::~ReadGuard"}) {
    EXPECT_TRUE(names_release(name)) << name;
  }
  EXPECT_FALSE(names_release("std::vector<Lock>::~vector"));
}

TEST(FunctionName, LeavesOutArgumentsAndReturnTypes) {
  EXPECT_EQ(without_arguments("HashSet::AddOne(int)"), "HashSet::AddOne");
  EXPECT_EQ(without_arguments("void f<int>(int, char (*)(int)) const [clone .cold]"), "f<int>");
  EXPECT_EQ(without_arguments("std::vector<int, std::allocator<int> >::push_back(int const&)"), "std::vector<int, std::allocator<int> >::push_back");
  EXPECT_EQ(without_arguments("(anonymous namespace)::g(int)"), "(anonymous namespace)::g");
  EXPECT_EQ(without_arguments("A::operator()(int) const"), "A::operator()");
  EXPECT_EQ(without_arguments("A::operator<(A const&)"), "A::operator<");
  EXPECT_EQ(without_arguments("A::operator bool() const"), "A::operator bool");
  EXPECT_EQ(without_arguments("f(int)::{lambda(char)#1}::operator()(char) const"), "f::{lambda(char)#1}::operator()");
  EXPECT_EQ(without_arguments("main"), "main");
  EXPECT_EQ(readable_function_name("_ZN7HashSet6AddOneEi"), "HashSet::AddOne");
  EXPECT_EQ(readable_function_name("pthread_mutex_lock@@GLIBC_2.2.5"), "pthread_mutex_lock");
  EXPECT_EQ(readable_function_name("work.isra.0"), "work");
}

TEST(SpoolDump, BelievesNothingThatLiesOutsideItsRecord) {
  std::vector<unsigned char> bytes(sizeof(DumpHeader) + sizeof(ThreadRow));
  DumpHeader header;
  header.state = RecordState::kWriting;
  header.rows = 1000;
  std::memcpy(bytes.data(), &header, sizeof header);
  SpoolDump dump;
  ASSERT_TRUE(dump.parse(bytes));
  EXPECT_FALSE(dump.complete());
  EXPECT_EQ(dump.row_count(), 1u);
  EXPECT_TRUE(dump.stack(~std::uint64_t{0} - 3).empty());
  EXPECT_TRUE(dump.stack(bytes.size() - 4).empty());
  LockPiece piece;
  EXPECT_FALSE(dump.lock(bytes.size() - 8, piece));
  EXPECT_EQ(dump.row(7).tid, 0u);
  EXPECT_FALSE(SpoolDump().parse(std::span(bytes).first(10)));
  StackPiece empty;
  empty.kind = PieceKind::kStack;
  empty.count = 0;
  std::memcpy(bytes.data() + sizeof(DumpHeader), &empty, sizeof empty);
  EXPECT_TRUE(dump.stack(sizeof(DumpHeader)).empty());
}

TEST(Spool, RefusesMoreThanItsLimit) {
  Spool spool;
  ASSERT_TRUE(spool.open("", 1 << 20, 4 << 20).ok());
  EXPECT_TRUE(spool.reserve(4 << 20));
  EXPECT_FALSE(spool.reserve((4 << 20) + 1));
}

}  // namespace
}  // namespace tailback
