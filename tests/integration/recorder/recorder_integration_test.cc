#include <gmock/gmock.h>
#include <signal.h>
#include <tailback/mutex.h>

#include <fstream>
#include <future>
#include <latch>
#include <list>
#include <set>
#include <thread>

#include "tests/integration/recorder/recording.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::set<std::string> own_thread_names() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(entry.path() / "comm");
    std::string name;
    std::getline(file, name);
    if (name.starts_with("tailback")) names.insert(name);
  }
  return names;
}

TEST(Recorder, RecordsSamplesAndADumpThatIsAskedFor) {
  const Folder folder;
  Ear ear;
  auto recorder = Recorder::start(quick(folder / "a.tailback", ear));
  ASSERT_TRUE(recorder) << recorder.error().to_string();
  const auto report = recorder->dump_now("because I can", 60s);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->dump_id, 1);
  EXPECT_GE(report->threads, 3u);
  EXPECT_THAT(report->headline, HasSubstr("; incident in " + folder.path()));
  ASSERT_TRUE(recorder->stop(60s));
  EXPECT_FALSE(recorder->active());

  const auto recordings = read_back(folder / "a.tailback");
  ASSERT_EQ(recordings.size(), 1u);
  const Recording& recording = recordings[0];
  EXPECT_EQ(recording.info.source, "live");
  EXPECT_EQ(recording.info.pid, ::getpid());
  EXPECT_NE(recording.info.ended_wall_ns, 0);
  EXPECT_GE(recording.samples.size(), 2u);
  EXPECT_TRUE(recording.find_metric("threads"));
  ASSERT_EQ(recording.dumps.size(), 1u);
  EXPECT_EQ(recording.table.text(recording.dumps[0].reason), "because I can");
  EXPECT_EQ(counter_of(recording, "dumps"), 1u);
  EXPECT_EQ(integrity(folder / "a.tailback"), "ok");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.tailback.spool"));
}

TEST(Recorder, TellsOfABreachOnceWithTheTopGroupAndTheFile) {
  const Folder folder;
  Ear ear;
  std::promise<BreachReport> told;
  RecorderOptions options = quick(folder / "a.tailback", ear);
  options.triggers = "test_backlog > 5";
  options.on_breach = [&](const BreachReport& report) { told.set_value(report); };
  auto recorder = Recorder::start(std::move(options));
  ASSERT_TRUE(recorder) << recorder.error().to_string();
  const Gauge backlog = gauge("test_backlog");
  backlog.set(12);
  std::future<BreachReport> future = told.get_future();
  ASSERT_EQ(future.wait_for(60s), std::future_status::ready);
  const BreachReport report = future.get();
  EXPECT_EQ(report.trigger, "test_backlog > 5");
  EXPECT_EQ(report.metric, "test_backlog");
  EXPECT_EQ(report.value, 12);
  EXPECT_EQ(report.threshold, 5);
  EXPECT_EQ(report.dump_id, 1);
  EXPECT_THAT(report.headline, HasSubstr(" threads, "));
  EXPECT_EQ(ear.wait_for("breach of"), "breach of 'test_backlog > 5' at 12: " + report.headline);
  backlog.set(0);
  ASSERT_TRUE(recorder->dump_now("so that a sample has seen the end of it", 60s));
  ASSERT_TRUE(recorder->stop(60s));
  EXPECT_EQ(ear.count("breach of"), 1u);
  const auto recordings = read_back(folder / "a.tailback");
  ASSERT_EQ(recordings.at(0).breaches.size(), 1u);
  EXPECT_NE(recordings[0].breaches[0].closed_wall_ns, 0);
  EXPECT_EQ(recordings[0].dumps.at(0).breach_id, recordings[0].breaches[0].id);
}

TEST(Recorder, GoesOnWhenACallbackThrows) {
  const Folder folder;
  Ear ear;
  RecorderOptions options = quick(folder / "a.tailback", ear);
  options.on_dump = [](const DumpReport&) { throw std::runtime_error("the service's own trouble"); };
  auto recorder = Recorder::start(std::move(options));
  ASSERT_TRUE(recorder);
  EXPECT_TRUE(recorder->dump_now("one", 60s));
  EXPECT_TRUE(recorder->dump_now("two", 60s));
  ASSERT_TRUE(recorder->stop(60s));
  EXPECT_EQ(counter_of(read_back(folder / "a.tailback").at(0), "callbacks_thrown"), 2u);
}

TEST(Recorder, ServesDumpsThatAreAskedForAtTheSameTime) {
  const Folder folder;
  Ear ear;
  auto recorder = Recorder::start(quick(folder / "a.tailback", ear));
  ASSERT_TRUE(recorder);
  constexpr int kAtOnce = 8;
  std::latch go(kAtOnce);
  std::vector<std::future<Result<DumpReport>>> asked;
  for (int i = 0; i < kAtOnce; ++i) {
    asked.push_back(std::async(std::launch::async, [&, i] {
      go.arrive_and_wait();
      return recorder->dump_now("number " + std::to_string(i), 60s);
    }));
  }
  std::set<std::int64_t> ids;
  for (auto& answer : asked) {
    const Result<DumpReport> report = answer.get();
    ASSERT_TRUE(report) << report.error().to_string();
    ids.insert(report->dump_id);
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kAtOnce));
  ASSERT_TRUE(recorder->stop(60s));
  EXPECT_EQ(read_back(folder / "a.tailback").at(0).dumps.size(), static_cast<std::size_t>(kAtOnce));
}

TEST(Recorder, IsOneAProcessAndMayStartAgain) {
  const Folder folder;
  Ear ear;
  auto first = Recorder::start(quick(folder / "a.tailback", ear));
  ASSERT_TRUE(first);
  const auto second = Recorder::start(quick(folder / "b.tailback", ear));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("already"));
  ASSERT_TRUE(first->stop(60s));
  auto third = Recorder::start(quick(folder / "a.tailback", ear));
  ASSERT_TRUE(third) << third.error().to_string();
  ASSERT_TRUE(third->stop(60s));
  EXPECT_EQ(read_back(folder / "a.tailback").size(), 2u) << "a second recording in the same file";
}

TEST(Recorder, InstallsNothingWhenItIsDisabled) {
  const Folder folder;
  Ear ear;
  const std::set<std::string> before = own_thread_names();
  std::vector<struct sigaction> actions(static_cast<std::size_t>(SIGRTMAX) + 1), now = actions;
  for (int i = SIGRTMIN; i <= SIGRTMAX; ++i) ::sigaction(i, nullptr, &actions[static_cast<std::size_t>(i)]);
  ::setenv("TAILBACK_DISABLE", "1", 1);
  auto recorder = Recorder::start(quick(folder / "a.tailback", ear));
  ::unsetenv("TAILBACK_DISABLE");
  ASSERT_TRUE(recorder);
  EXPECT_FALSE(recorder->active());
  EXPECT_FALSE(recorder->dump_now("in vain"));
  EXPECT_EQ(recorder->metrics_page(), "");
  EXPECT_EQ(own_thread_names(), before);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  for (int i = SIGRTMIN; i <= SIGRTMAX; ++i) {
    ::sigaction(i, nullptr, &now[static_cast<std::size_t>(i)]);
    EXPECT_EQ(now[static_cast<std::size_t>(i)].sa_handler, actions[static_cast<std::size_t>(i)].sa_handler) << i;
  }
  EXPECT_TRUE(recorder->stop());
}

TEST(Recorder, RefusesASignalThatIsTaken) {
  const Folder folder;
  Ear ear;
  const int taken = SIGRTMAX - 1;
  struct sigaction action{}, before{};
  action.sa_handler = [](int) {};
  ::sigaction(taken, &action, &before);
  RecorderOptions options = quick(folder / "a.tailback", ear);
  options.signal = taken;
  const auto recorder = Recorder::start(std::move(options));
  ::sigaction(taken, &before, nullptr);
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().code, ErrorCode::kInvalidArgument);
}

TEST(Recorder, KeepsItsThreadsOutOfTheServicesSignals) {
  const Folder folder;
  Ear ear;
  auto recorder = Recorder::start(quick(folder / "a.tailback", ear));
  ASSERT_TRUE(recorder);
  ASSERT_TRUE(recorder->dump_now("so that all of them run", 60s));
  EXPECT_TRUE(own_thread_names().contains("tailback"));
  EXPECT_TRUE(own_thread_names().contains("tailback-write"));
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream status(entry.path() / "status");
    std::string line, name;
    while (std::getline(status, line)) {
      if (line.starts_with("Name:\ttailback")) name = line;
      // "SigBlk:\tfffffffe7ffbfeff": all but those that can't be blocked; 32 and 33 are glibc's own
      if (!name.empty() && line.starts_with("SigBlk:")) {
        const std::uint64_t mask = std::stoull(line.substr(8), nullptr, 16);
        for (const int signal : {SIGTERM, SIGINT, SIGCHLD, SIGUSR1, SIGALRM, SIGPIPE, SIGXFSZ, SIGRTMAX}) {
          EXPECT_TRUE(mask >> (signal - 1) & 1) << name << ' ' << signal;
        }
      }
    }
  }
}

TEST(Recorder, StopsInBoundedTimeWhenACallbackHangs) {
  const Folder folder;
  // It outlives the test: the thread that hangs keeps using it.
  struct Scene {
    Ear ear;
    std::latch leave{1}, entered{1};
  };
  static std::list<Scene> scenes;
  Scene& scene = scenes.emplace_back();
  RecorderOptions options = quick(folder / "a.tailback", scene.ear);
  options.on_dump = [&scene](const DumpReport&) {
    scene.entered.count_down();
    scene.leave.wait();
  };
  auto recorder = Recorder::start(std::move(options));
  ASSERT_TRUE(recorder);
  auto asked = std::async(std::launch::async, [&] { return recorder->dump_now("hangs", 100ms); });
  scene.entered.wait();
  EXPECT_FALSE(asked.get());
  const Result<void> stopped = recorder->stop(50ms);
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("did not end within 50 ms"));
  EXPECT_EQ(read_back(folder / "a.tailback").at(0).dumps.size(), 1u) << "what was committed is readable meanwhile";
  scene.leave.count_down();
  // The process may have a recorder again once the old one has come to its end.
  for (;;) {
    auto again = Recorder::start(quick(folder / "b.tailback", scene.ear));
    if (again) break;
    std::this_thread::yield();
  }
}

TEST(Recorder, ShowsTheLastSampleOnTheMetricsPageAndInItsFile) {
  const Folder folder;
  Ear ear;
  RecorderOptions options = quick(folder / "a.tailback", ear);
  options.instance = "shop-7";
  options.triggers = "threads > 1000000";
  options.metrics_file = folder / "page.prom";
  auto recorder = Recorder::start(std::move(options));
  ASSERT_TRUE(recorder);
  ASSERT_TRUE(recorder->dump_now("a sample is stored before it", 60s));
  const std::string page = recorder->metrics_page();
  EXPECT_THAT(page, HasSubstr("process_resident_memory_bytes{instance=\"shop-7\"} "));
  EXPECT_THAT(page, HasSubstr("tailback_incidents_total{instance=\"shop-7\",trigger=\"threads > 1000000\"} 0"));
  EXPECT_THAT(page, HasSubstr("tailback_dumps_total{instance=\"shop-7\"} 1"));
  ASSERT_TRUE(recorder->stop(60s));
  std::ifstream file(folder / "page.prom");
  const std::string written((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(written, HasSubstr("process_threads{instance=\"shop-7\"} "));
}

TEST(Recorder, SaysWhyItRecordsNothingWhereTheServiceDoesNotAsk) {
  Ear ear;
  RecorderOptions options = quick("/tmp/x.tailback", ear);
  options.triggers = "threads >> 5";
  const Recorder recorder = record(std::move(options));
  EXPECT_FALSE(recorder.active());
  EXPECT_THAT(ear.wait_for("records nothing"), HasSubstr("column 10"));
}

TEST(Recorder, LeavesAFileOfAnotherKindAlone) {
  const Folder folder;
  Ear ear;
  std::ofstream(folder / "notes.txt") << "not an incident file, and long enough to be something else entirely\n";
  const auto recorder = Recorder::start(quick(folder / "notes.txt", ear));
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(std::filesystem::file_size(folder / "notes.txt"), 68u);
}

void deadlock_and_be_dumped() {
  const Folder folder;
  Ear ear;
  RecorderOptions options = quick(folder / "a.tailback", ear);
  options.interval = 1h;  // only the registry's call can bring a sample in time
  options.triggers = "deadlock";
  auto recorder = Recorder::start(std::move(options));
  ASSERT_TRUE(recorder);
  // Never freed, and their threads never joined: they are deadlocked.
  auto* const first = new mutex("first");
  auto* const second = new mutex("second");
  auto* const both = new std::latch(2);
  const auto take = [both](mutex* one, mutex* other) TAILBACK_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
    one->lock();
    both->arrive_and_wait();
    other->lock();
  };
  std::thread(take, first, second).detach();
  std::thread(take, second, first).detach();
  EXPECT_THAT(ear.wait_for("breach of 'deadlock'"), HasSubstr("incident in"));
  ASSERT_TRUE(recorder->stop(60s));
  const auto recordings = read_back(folder / "a.tailback");
  ASSERT_EQ(recordings.at(0).breaches.size(), 1u);
  EXPECT_EQ(recordings[0].breaches[0].metric, "deadlock");
  EXPECT_EQ(recordings[0].dumps.size(), 1u);
}

// In a process of its own, which ends with its deadlocked threads: no later recording of this one meets them.
TEST(Recorder, DumpsAsSoonAsInstrumentedLocksHaveDeadlocked) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        deadlock_and_be_dumped();
        ::_exit(testing::Test::HasFailure());
      },
      testing::ExitedWithCode(0), "");
}

TEST(Recorder, StoresWhatInstrumentedLocksWereAskedForInOrder) {
  const Folder folder;
  Ear ear;
  RecorderOptions options = quick(folder / "a.tailback", ear);
  options.lock_events = LockEvents::kLast;
  auto recorder = Recorder::start(std::move(options));
  ASSERT_TRUE(recorder);
  {
    mutex accounts("accounts of the test");
    for (int i = 0; i < 3; ++i) {
      const std::lock_guard guard(accounts);
    }
    ASSERT_TRUE(recorder->dump_now("what led up to it", 60s));
  }
  ASSERT_TRUE(recorder->stop(60s));
  const auto recordings = read_back(folder / "a.tailback");
  const Recording& recording = recordings.at(0);
  std::uint64_t id = 0;
  for (const Lock& lock : recording.instrumented_locks) {
    if (recording.table.text(lock.name) == "accounts of the test") id = lock.registry_id;
  }
  ASSERT_NE(id, 0u);
  std::vector<LockOperation> operations;
  std::uint64_t order = 0;
  for (const LockEvent& event : recording.lock_events) {
    if (event.lock != id) continue;
    EXPECT_GT(event.order, order);
    order = event.order;
    operations.push_back(event.operation);
    if (event.operation == LockOperation::kAcquire) {
      EXPECT_THAT(std::string(recording.table.text(event.place)), HasSubstr("recorder_integration_test.cc"));
    }
  }
  operations.erase(std::remove(operations.begin(), operations.end(), LockOperation::kCreate), operations.end());
  ASSERT_GE(operations.size(), 6u);
  for (std::size_t i = 0; i < 6; i += 2) {
    EXPECT_EQ(operations[i], LockOperation::kAcquire);
    EXPECT_EQ(operations[i + 1], LockOperation::kRelease);
  }
}

}  // namespace
}  // namespace tailback
