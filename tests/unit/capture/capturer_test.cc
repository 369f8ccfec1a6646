// The capture of this very process, against what is known of its threads.
#include "runtime/capture/capturer.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <pthread.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/unit/capture/blocked_threads.h"

namespace tailback {
namespace {

using test::Gate;
using test::KnownThread;
using test::wait_until_in_call;

std::unique_ptr<Capturer> make(CaptureOptions options = {}) {
  auto created = Capturer::create(std::move(options));
  EXPECT_TRUE(created.ok()) << created.error().to_string();
  return created.ok() ? std::move(created).value() : nullptr;
}

std::uint32_t absent(const CaptureStats& stats, Absence absence) { return stats.by_absence[static_cast<std::size_t>(absence)]; }

std::string text_of(const Recording& recording, StackId stack) {
  std::string text;
  for (FrameId frame : recording.table.stack(stack)) {
    text += std::string(recording.table.function(frame)) + "\n";
  }
  return text;
}

const ThreadRecord* find(const Dump& dump, pid_t tid) {
  for (const ThreadRecord& thread : dump.threads) {
    if (thread.id == std::to_string(tid)) return &thread;
  }
  return nullptr;
}

std::uint32_t index_of(const Dump& dump, pid_t tid) { return static_cast<std::uint32_t>(find(dump, tid) - dump.threads.data()); }

const Wait* wait_of(const Dump& dump, pid_t tid) {
  for (const Wait& wait : dump.waits) {
    if (wait.thread.index == index_of(dump, tid)) return &wait;
  }
  return nullptr;
}

struct Captured {
  RawDump raw;
  Recording recording;
  Dump dump;
  ResolveStats resolve;
};

Captured capture(Capturer& capturer, std::string_view reason = "on demand: test") {
  Captured result;
  result.raw = capturer.capture(reason);
  EXPECT_TRUE(result.raw.ok()) << to_string(result.raw.failure);
  result.dump = capturer.resolve(result.raw, result.recording, &result.resolve);
  capturer.release(result.raw);
  return result;
}

std::mutex global_mutex;

__attribute__((noinline)) void stand_at_mutex() {
  global_mutex.lock();
  global_mutex.unlock();
}

TEST(Capturer, ReadsABlockedThreadFromOutsideAndNamesItsMutexAndOwner) {
  auto capturer = make();
  std::unique_lock lock(global_mutex);
  KnownThread thread([] { stand_at_mutex(); });
  wait_until_in_call(thread.tid(), SYS_futex);
  const Captured c = capture(*capturer);
  lock.unlock();

  const ThreadRecord* record = find(c.dump, thread.tid());
  ASSERT_NE(record, nullptr);
  const std::string text = text_of(c.recording, record->stack);
  EXPECT_NE(text.find("stand_at_mutex"), std::string::npos) << text;
  EXPECT_NE(text.find("pthread_mutex_lock"), std::string::npos) << text;
  EXPECT_EQ(record->state, ThreadState::kBlocked);
  const Wait* wait = wait_of(c.dump, thread.tid());
  ASSERT_NE(wait, nullptr);
  const Lock& mutex = c.dump.locks[wait->lock.index];
  EXPECT_EQ(mutex.address, reinterpret_cast<std::uint64_t>(&global_mutex));
  EXPECT_EQ(mutex.kind, LockKind::kMutex);
  EXPECT_EQ(mutex.owner, std::to_string(::gettid()));
  EXPECT_NE(c.recording.table.text(mutex.name).find("global_mutex"), std::string::npos);
  ASSERT_EQ(c.dump.holds.size(), 1u);
  EXPECT_EQ(c.dump.holds[0].thread.index, index_of(c.dump, ::gettid()));
  EXPECT_EQ(c.dump.holds[0].basis, Basis::kObserved);
  const auto frames = c.recording.table.stack(record->stack);
  EXPECT_NE(c.recording.table.function(frames[wait->frame + 1u]).find("stand_at_mutex"), std::string::npos) << text << wait->frame;
}


class PreferWriterLock {
 public:
  PreferWriterLock() {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lock_, &attributes);
  }
  void lock() { pthread_rwlock_wrlock(&lock_); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { pthread_rwlock_rdlock(&lock_); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }
  [[nodiscard]] std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(&lock_); }

 private:
  pthread_rwlock_t lock_;
};

TEST(Capturer, NamesOneReadWriteLockForAllItsKindsOfWaiters) {
  auto capturer = make();
  PreferWriterLock lock;
  lock.lock_shared();
  KnownThread first([&] { lock.lock(); lock.unlock(); });
  wait_until_in_call(first.tid(), SYS_futex);
  KnownThread second([&] { lock.lock(); lock.unlock(); });
  wait_until_in_call(second.tid(), SYS_futex);
  KnownThread reader([&] { lock.lock_shared(); lock.unlock_shared(); });
  wait_until_in_call(reader.tid(), SYS_futex);
  const Captured c = capture(*capturer);
  lock.unlock_shared();

  ASSERT_EQ(c.dump.locks.size(), 1u);
  EXPECT_EQ(c.dump.locks[0].address, lock.address());
  EXPECT_EQ(c.dump.locks[0].kind, LockKind::kRwlock);
  EXPECT_EQ(c.dump.locks[0].policy, LockPolicy::kPreferWriters);
  EXPECT_EQ(c.dump.locks[0].readers, 1);
  EXPECT_TRUE(c.dump.locks[0].owner.empty());
  EXPECT_EQ(wait_of(c.dump, first.tid())->mode, LockMode::kExclusive);
  EXPECT_TRUE(wait_of(c.dump, first.tid())->front);
  EXPECT_FALSE(wait_of(c.dump, second.tid())->front);
  EXPECT_EQ(wait_of(c.dump, reader.tid())->mode, LockMode::kShared);
}

TEST(Capturer, NamesTheWriterThatHoldsAReadWriteLock) {
  auto capturer = make();
  PreferWriterLock lock;
  lock.lock();
  KnownThread reader([&] { lock.lock_shared(); lock.unlock_shared(); });
  wait_until_in_call(reader.tid(), SYS_futex);
  const Captured c = capture(*capturer);
  lock.unlock();
  ASSERT_EQ(c.dump.locks.size(), 1u);
  EXPECT_EQ(c.dump.locks[0].address, lock.address());
  EXPECT_EQ(c.dump.locks[0].owner, std::to_string(::gettid()));
}

TEST(Capturer, TellsConditionsAndJoinsFromLocks) {
  auto capturer = make();
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  KnownThread waiter([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return over; });
  });
  KnownThread joiner([&] { waiter.join(); });
  wait_until_in_call(waiter.tid(), SYS_futex);
  wait_until_in_call(joiner.tid(), SYS_futex);
  const Captured c = capture(*capturer);
  {
    const std::lock_guard lock(mutex);
    over = true;
    changed.notify_all();
  }
  const Wait* waiting = wait_of(c.dump, waiter.tid());
  ASSERT_NE(waiting, nullptr);
  EXPECT_EQ(c.dump.locks[waiting->lock.index].kind, LockKind::kCondition);
  EXPECT_EQ(c.dump.locks[waiting->lock.index].address, reinterpret_cast<std::uint64_t>(&changed));
  const Wait* joining = wait_of(c.dump, joiner.tid());
  ASSERT_NE(joining, nullptr);
  EXPECT_EQ(c.dump.locks[joining->lock.index].kind, LockKind::kJoin);
  EXPECT_EQ(c.dump.locks[joining->lock.index].owner, std::to_string(waiter.tid()));
}

TEST(Capturer, AsksARunningThreadBySignal) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer delays signals";
  auto capturer = make();
  std::atomic<bool> over{false};
  KnownThread spinner([&] { while (!over.load(std::memory_order_relaxed)) {} });
  const Captured c = capture(*capturer);
  over = true;
  const ThreadRecord* record = find(c.dump, spinner.tid());
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->quality, StackQuality::kComplete) << c.recording.table.text(record->absence_reason);
  EXPECT_EQ(c.raw.stats.signalled, 1u);
  EXPECT_NE(text_of(c.recording, record->stack).find("AsksARunningThreadBySignal"), std::string::npos);
}

TEST(Capturer, ReadsTheSameStackBySignalAsFromOutside) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer never delivers a signal to a thread blocked in a pthread lock";
  CaptureOptions by_signal;
  by_signal.outside = false;
  auto outside = make(), signals = make(by_signal);
  std::unique_lock lock(global_mutex);
  KnownThread thread([] { stand_at_mutex(); });
  wait_until_in_call(thread.tid(), SYS_futex);
  Captured a = capture(*outside);
  const RawDump raw = signals->capture("again");
  const Dump b = signals->resolve(raw, a.recording);
  lock.unlock();
  const ThreadRecord *first = find(a.dump, thread.tid()), *second = find(b, thread.tid());
  EXPECT_EQ(first->stack, second->stack) << text_of(a.recording, first->stack) << "---\n" << text_of(a.recording, second->stack);
}

#if defined(__x86_64__)
// Spins until *flag is set; its unwind information is wrong: it says that the caller's frame is at address 16.
extern "C" void tailback_test_spin_in_bad_frame(const volatile char* flag);
asm(R"(
  .text
  .type tailback_test_spin_in_bad_frame, @function
tailback_test_spin_in_bad_frame:
  .cfi_startproc
  .cfi_def_cfa %rax, 8
1:
  mov $16, %eax
  cmpb $0, (%rdi)
  je 1b
  ret
  .cfi_endproc
  .size tailback_test_spin_in_bad_frame, . - tailback_test_spin_in_bad_frame
)");

TEST(Capturer, SurvivesAFaultInTheUnwinder) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer delays signals";
  auto capturer = make();
  volatile char over = 0;
  std::atomic<bool> begun{false};
  KnownThread thread([&] {
    begun = true;
    tailback_test_spin_in_bad_frame(&over);
  });
  while (!begun) std::this_thread::yield();
  struct sigaction before {}, after {};
  ::sigaction(SIGSEGV, nullptr, &before);
  // Until it stands in that function: the unwinder does well before.
  RawDump raw;
  for (int round = 0; round < 1000 && absent(raw.stats, Absence::kUnwinderFault) == 0; ++round) {
    raw = capturer->capture("bad frame");
    ASSERT_TRUE(raw.ok());
    capturer->release(raw);
  }
  ::sigaction(SIGSEGV, nullptr, &after);
  over = 1;
  EXPECT_EQ(absent(raw.stats, Absence::kUnwinderFault), 1u);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}
#endif

TEST(Capturer, SaysThatAThreadBlocksTheSignal) {
  auto capturer = make();
  std::atomic<bool> over{false}, ready{false};
  KnownThread spinner([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    ready = true;
    while (!over.load(std::memory_order_relaxed)) {}
  });
  while (!ready) std::this_thread::yield();
  const Captured c = capture(*capturer);
  over = true;
  const ThreadRecord* record = find(c.dump, spinner.tid());
  EXPECT_EQ(record->quality, StackQuality::kMissing);
  EXPECT_EQ(c.recording.table.text(record->absence_reason), "blocks the capture signal");
  EXPECT_EQ(absent(c.raw.stats, Absence::kBlocksSignal), 1u);
}

TEST(Capturer, DoesNotInterruptACallThatASignalWouldBreak) {
  CaptureOptions options;
  options.outside = true;
  auto capturer = make(options);
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  int result = -2;
  KnownThread sleeper([&] {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_ends[0], &set);
    result = ::select(pipe_ends[0] + 1, &set, nullptr, nullptr, nullptr);
  });
  const auto in_select = [&] {
    TaskDirectory tasks;
    return CallFile(tasks.fd(), sleeper.tid()).read().reading == CallReading::kInCall;
  };
  while (!in_select()) std::this_thread::yield();
  const Captured c = capture(*capturer);
  const ThreadRecord* record = find(c.dump, sleeper.tid());
  EXPECT_EQ(record->quality, StackQuality::kComplete);
  EXPECT_EQ(record->state, ThreadState::kIo);
  ASSERT_EQ(::write(pipe_ends[1], "x", 1), 1);
  sleeper.join();
  EXPECT_EQ(result, 1);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST(Capturer, LosesNoThreadWhileLibrariesComeAndGo) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer delays signals";
  constexpr const char* kLibrary = "libbz2.so.1.0";  // on every Debian, and linked by nothing of ours
  if (void* probe = ::dlopen(kLibrary, RTLD_NOW)) ::dlclose(probe);
  else GTEST_SKIP() << "no " << kLibrary << " here to load and unload";
  auto capturer = make();
  std::atomic<bool> over{false};
  std::atomic<int> loads{0};
  std::vector<std::thread> loaders;
  for (int i = 0; i < 2; ++i) {
    loaders.emplace_back([&] {
      while (!over) {
        void* const library = ::dlopen(kLibrary, RTLD_NOW);
        if (library == nullptr) continue;
        using Version = const char* (*)();
        if (const auto version = reinterpret_cast<Version>(::dlsym(library, "BZ2_bzlibVersion"))) static_cast<void>(version());
        ::dlclose(library);
        ++loads;
      }
    });
  }
  for (int round = 0; round < 40 || loads < 20; ++round) {
    const RawDump raw = capturer->capture("libraries");
    ASSERT_TRUE(raw.ok());
    EXPECT_EQ(raw.stats.threads, raw.stats.outside + raw.stats.signalled + raw.stats.missing);
    EXPECT_EQ(absent(raw.stats, Absence::kUnwinderFault), 0u);
    Recording recording;
    const Dump dump = capturer->resolve(raw, recording);
    capturer->release(raw);
    ASSERT_EQ(dump.threads.size(), raw.stats.threads);
    for (const ThreadRecord& thread : dump.threads) {
      EXPECT_TRUE(thread.quality == StackQuality::kComplete || thread.quality == StackQuality::kRecovered || thread.absence_reason) << thread.id;
    }
  }
  over = true;
  for (std::thread& thread : loaders) thread.join();
}

TEST(Capturer, LosesNoThreadWhileThreadsComeAndGo) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer delays signals";
  auto capturer = make();
  std::atomic<bool> over{false};
  std::vector<std::thread> churners;
  for (int i = 0; i < 3; ++i) {
    churners.emplace_back([&] {
      while (!over) {
        std::thread brief([] { stand_at_mutex(); });
        brief.join();
      }
    });
  }
  std::uint64_t torn = 0;
  for (int round = 0; round < 60; ++round) {
    const RawDump raw = capturer->capture("churn");
    ASSERT_TRUE(raw.ok());
    EXPECT_EQ(raw.stats.threads, raw.stats.outside + raw.stats.signalled + raw.stats.missing);
    EXPECT_EQ(absent(raw.stats, Absence::kUnwinderFault), 0u);
    torn += raw.stats.torn_reads;
    Recording recording;
    const Dump dump = capturer->resolve(raw, recording);
    capturer->release(raw);
    ASSERT_EQ(dump.threads.size(), raw.stats.threads);
    for (const ThreadRecord& thread : dump.threads) {
      EXPECT_TRUE(thread.quality == StackQuality::kComplete || thread.quality == StackQuality::kRecovered || thread.absence_reason) << thread.id;
      if (thread.quality != StackQuality::kComplete) continue;
      // Every whole stack begins where threads begin.
      const std::string text = text_of(recording, thread.stack);
      EXPECT_TRUE(text.find("clone") != std::string::npos || text.find("_start") != std::string::npos || text.find("start_thread") != std::string::npos) << text;
    }
  }
  over = true;
  for (std::thread& thread : churners) thread.join();
  RecordProperty("torn_reads", static_cast<int>(torn));
}

TEST(Capturer, SurvivesAStormOfOtherSignals) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer delays signals";
  auto capturer = make();
  static std::atomic<std::uint64_t> storm_signals{0};
  struct sigaction action {};
  action.sa_handler = [](int) { storm_signals.fetch_add(1, std::memory_order_relaxed); };
  action.sa_flags = SA_RESTART;
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR2, &action, &before), 0);
  std::atomic<bool> over{false};
  std::vector<std::unique_ptr<KnownThread>> spinners;
  for (int i = 0; i < 4; ++i) spinners.push_back(std::make_unique<KnownThread>([&] { while (!over.load(std::memory_order_relaxed)) {} }));
  std::thread storm([&] {
    while (!over) {
      for (auto& spinner : spinners) ::syscall(SYS_tgkill, ::getpid(), spinner->tid(), SIGUSR2);
    }
  });
  for (int round = 0; round < 30; ++round) {
    const RawDump raw = capturer->capture("storm");
    ASSERT_TRUE(raw.ok());
    for (std::size_t i = 1; i < raw.stats.by_absence.size(); ++i) EXPECT_EQ(raw.stats.by_absence[i], 0u) << to_string(static_cast<Absence>(i));
    capturer->release(raw);
  }
  over = true;
  storm.join();
  spinners.clear();
  ::sigaction(SIGUSR2, &before, nullptr);
  EXPECT_GT(storm_signals.load(), 0u);
}

TEST(Capturer, CapturesThreadsThatThrowAndUnwindAllTheTime) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer delays signals";
  auto capturer = make();
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> caught{0};
  std::vector<std::unique_ptr<KnownThread>> throwers;
  for (int i = 0; i < 3; ++i) {
    throwers.push_back(std::make_unique<KnownThread>([&] {
      while (!over) {
        try {
          throw std::string("unwinding");
        } catch (const std::string&) {
          caught.fetch_add(1, std::memory_order_relaxed);
        }
      }
    }));
  }
  for (int round = 0; round < 50; ++round) {
    const RawDump raw = capturer->capture("throwing");
    ASSERT_TRUE(raw.ok());
    EXPECT_EQ(absent(raw.stats, Absence::kUnwinderFault), 0u);
    capturer->release(raw);
  }
  over = true;
  throwers.clear();
  EXPECT_GT(caught.load(), 0u);
}

TEST(Capturer, RefusesASecondCaptureAtTheSameTime) {
  auto one = make(), two = make();
  std::atomic<bool> over{false};
  std::atomic<std::uint32_t> done{0}, refused{0};
  auto work = [&](Capturer& capturer) {
    while (!over) {
      const RawDump raw = capturer.capture("at once");
      if (raw.ok()) ++done;
      else { EXPECT_EQ(raw.failure, CaptureFailure::kBusy); ++refused; }
      capturer.release(raw);
    }
  };
  std::thread a([&] { work(*one); }), b([&] { work(*two); });
  while (done < 50 || refused < 5) std::this_thread::yield();
  over = true;
  a.join();
  b.join();
}

TEST(Capturer, DoesNothingInAForkedChild) {
  auto capturer = make();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(capturer->capture("in the child").failure == CaptureFailure::kForked ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Capturer, AForkedChildCanCreateItsOwn) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer adds a thread of its own to the child";
  auto capturer = make();
  const pid_t child = ::fork();
  if (child == 0) {
    auto own = Capturer::create({});
    ::_exit(own.ok() && own.value()->capture("in the child").stats.threads == 1 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// A child drops root and so loses the right to read its own threads' calls; signals must take over by themselves.
TEST(Capturer, UsesSignalsWhereProcIsClosed) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer never delivers a signal to a thread blocked in a pthread lock";
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become someone else";
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(10);
    ::prctl(PR_SET_DUMPABLE, 0);
    auto own = Capturer::create({});
    if (!own.ok()) ::_exit(11);
    if (own.value()->limits().empty()) ::_exit(12);
    Gate gate;
    {
      KnownThread thread([&] { gate.wait(); });
      Recording recording;
      const RawDump raw = own.value()->capture("closed");
      const Dump dump = own.value()->resolve(raw, recording);
      gate.open();
      if (!raw.ok() || raw.stats.threads != 2 || raw.stats.missing != 0 || raw.stats.blind != 1) ::_exit(13);
      const ThreadRecord* record = find(dump, thread.tid());
      if (record == nullptr || text_of(recording, record->stack).find("UsesSignalsWhereProcIsClosed") == std::string::npos) ::_exit(14);
    }
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Capturer, RefusesASignalThatIsTaken) {
  struct sigaction action {}, before {};
  action.sa_handler = [](int) {};
  const int taken = SIGRTMAX - 1;
  ASSERT_EQ(::sigaction(taken, &action, &before), 0);
  CaptureOptions options;
  options.signal = taken;
  auto created = Capturer::create(options);
  ::sigaction(taken, &before, nullptr);
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().code, ErrorCode::kInvalidArgument);
  options.signal = SIGUSR1;
  EXPECT_FALSE(Capturer::create(options).ok());
}

TEST(Capturer, IgnoresItsSignalFromAnyoneElse) {
  auto capturer = make();
  ASSERT_NE(capturer->signal(), 0);
  ::raise(capturer->signal());
  sigval value{};
  value.sival_ptr = reinterpret_cast<void*>(std::uint64_t{12345});
  ASSERT_EQ(::sigqueue(::getpid(), capturer->signal(), value), 0);  // a token that is over: counted, nothing else
  const RawDump raw = capturer->capture("after strangers' signals");
  EXPECT_TRUE(raw.ok());
  EXPECT_EQ(raw.stats.late_answers, 1u);
}

TEST(Capturer, HandsOverWhatAKilledProcessHadCaptured) {
  if (test::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer adds a thread of its own to the child";
  const std::string path = testing::TempDir() + "capturer_test.spool";
  ::unlink(path.c_str());
  const pid_t child = ::fork();
  if (child == 0) {
    CaptureOptions options;
    options.spool_path = path;
    auto own = Capturer::create(options);
    if (own.ok()) static_cast<void>(own.value()->capture("before the end", 7));
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));

  CaptureOptions options;
  options.spool_path = path;
  auto capturer = make(options);
  RecordingCollector collector;
  EXPECT_EQ(capturer->take_leftovers(collector), 1u);
  const auto recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  EXPECT_EQ(recordings[0].info.pid, child);
  ASSERT_EQ(recordings[0].dumps.size(), 1u);
  const Dump& dump = recordings[0].dumps[0];
  EXPECT_EQ(recordings[0].table.text(dump.reason), "before the end");
  EXPECT_EQ(dump.breach_id, 7);
  ASSERT_EQ(dump.threads.size(), 1u);
  EXPECT_NE(text_of(recordings[0], dump.threads[0].stack).find("HandsOverWhatAKilledProcessHadCaptured"), std::string::npos);
  EXPECT_TRUE(recordings[0].diagnostics.empty());
  EXPECT_EQ(capturer->take_leftovers(collector), 0u);
  ::unlink(path.c_str());
}

TEST(Capturer, HandsOverOnlyWhatHadNotBeenReleased) {
  const std::string path = testing::TempDir() + "capturer_test_released.spool";
  ::unlink(path.c_str());
  const pid_t child = ::fork();
  if (child == 0) {
    CaptureOptions options;
    options.spool_path = path;
    auto own = Capturer::create(options);
    const RawDump first = own.value()->capture("stored");
    static_cast<void>(own.value()->capture("not stored"));
    own.value()->release(first);
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  CaptureOptions options;
  options.spool_path = path;
  auto capturer = make(options);
  RecordingCollector collector;
  EXPECT_EQ(capturer->take_leftovers(collector), 1u);
  const auto recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  EXPECT_EQ(recordings[0].table.text(recordings[0].dumps.at(0).reason), "not stored");
  ::unlink(path.c_str());
}

TEST(Capturer, RefusesASpoolThatAnotherProcessUses) {
  const std::string path = testing::TempDir() + "capturer_test_shared.spool";
  CaptureOptions options;
  options.spool_path = path;
  auto capturer = make(options);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(Capturer::create(options).ok() ? 1 : 0);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ::unlink(path.c_str());
}

TEST(Capturer, SaysWhyASpoolCanNotBeOpened) {
  CaptureOptions options;
  options.spool_path = "/nonexistent/folder/spool";
  auto created = Capturer::create(options);
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().context, options.spool_path);
}

TEST(Capturer, KeepsSeveralDumpsUntilTheyAreReleased) {
  auto capturer = make();
  const RawDump first = capturer->capture("first"), second = capturer->capture("second");
  Recording recording;
  EXPECT_EQ(recording.table.text(capturer->resolve(first, recording).reason), "first");
  EXPECT_EQ(recording.table.text(capturer->resolve(second, recording).reason), "second");
  capturer->release(first);
  EXPECT_EQ(recording.table.text(capturer->resolve(second, recording).reason), "second");
  capturer->release(second);
  EXPECT_EQ(capturer->capture("third").offset, first.offset);
}

}  // namespace
}  // namespace tailback
