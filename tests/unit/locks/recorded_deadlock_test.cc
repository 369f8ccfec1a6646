// The incident with three threads, recorded: the trigger `deadlock` fires by the ring alone, and the dump tells who holds what, as observed.
#include <tailback/mutex.h>
#include <tailback/recorder.h>
#include <tailback/shared_mutex.h>
#include <tailback/task_scope.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "runtime/incident/incident_reader.h"
#include "tests/unit/locks/support.h"

namespace tailback {
namespace {

struct HashSet {
  shared_mutex mu{"HashSet.mu"};
  std::atomic<bool> inside{false};

  [[gnu::noinline]] void AddOne() { std::unique_lock hold(mu); }
  [[gnu::noinline]] void Size() { std::shared_lock hold(mu); }
  [[gnu::noinline]] void Values() {
    std::shared_lock hold(mu);
    inside = true;
    locks::testing::wait_until_waiting(mu.identity(), 2);
    Size();
    asm volatile("");
  }
};

TEST(RecordedDeadlock, FiresWithThreeThreadsAndNamesTheReader) {
  const std::string file = (std::filesystem::temp_directory_path() / ("recorded_deadlock_" + std::to_string(::getpid()) + ".tailback")).string();
  std::promise<BreachReport> breach;
  RecorderOptions options;
  options.file = file;
  options.interval = std::chrono::hours(1);  // no sample but the one that the ring itself asks for
  options.triggers = "deadlock";
  options.quiet = true;
  options.on_breach = [&](const BreachReport& report) { breach.set_value(report); };
  Result<Recorder> recorder = Recorder::start(options);
  ASSERT_TRUE(recorder.ok()) << recorder.error().to_string();

  auto* set = new HashSet;  // for threads that never end
  std::thread([set] { set->Values(); }).detach();
  locks::testing::wait_until([&] { return set->inside.load(); });
  for (int i = 0; i < 2; ++i) std::thread([set] { set->AddOne(); }).detach();

  auto reported = breach.get_future();
  ASSERT_EQ(reported.wait_for(std::chrono::seconds(60)), std::future_status::ready);
  EXPECT_EQ(reported.get().trigger, "deadlock");
  ASSERT_TRUE(recorder->stop().ok());

  RecordingCollector collector;
  ASSERT_TRUE(read_incident(file, collector).ok());
  std::filesystem::remove(file);
  const std::vector<Recording> recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  ASSERT_EQ(recordings[0].dumps.size(), 1u);
  const Dump& dump = recordings[0].dumps[0];
  const StackTable& table = recordings[0].table;

  const auto lock = std::find_if(dump.locks.begin(), dump.locks.end(), [&](const Lock& l) { return l.registry_id == set->mu.identity().id(); });
  ASSERT_NE(lock, dump.locks.end());
  EXPECT_EQ(table.text(lock->name), "HashSet.mu");
  EXPECT_EQ(lock->policy, LockPolicy::kPreferWriters);
  const LockId id{static_cast<std::uint32_t>(lock - dump.locks.begin())};
  EXPECT_EQ(std::count_if(dump.waits.begin(), dump.waits.end(), [&](const Wait& wait) { return wait.lock == id; }), 3);
  for (const Wait& wait : dump.waits) {
    if (wait.lock != id || table.stack(dump.threads[wait.thread.index].stack).empty()) continue;
    const auto frames = table.stack(dump.threads[wait.thread.index].stack);
    ASSERT_LT(wait.frame + 1u, frames.size());
    const std::string caller(table.function(frames[wait.frame + 1u]));
    EXPECT_TRUE(caller.find(wait.mode == LockMode::kShared ? "Size" : "AddOne") != std::string::npos) << caller;
  }
  std::vector<Hold> holds;
  for (const Hold& hold : dump.holds) {
    if (hold.lock == id) holds.push_back(hold);
  }
  ASSERT_EQ(holds.size(), 1u);
  EXPECT_EQ(holds[0].basis, Basis::kObserved);
  EXPECT_EQ(holds[0].mode, LockMode::kShared);
  const auto frames = table.stack(dump.threads[holds[0].thread.index].stack);
  ASSERT_LT(holds[0].frame, frames.size());
  EXPECT_NE(std::string(table.function(frames[holds[0].frame])).find("Values"), std::string::npos);
  EXPECT_NE(std::string(table.text(holds[0].evidence)).find("Values"), std::string::npos) << table.text(holds[0].evidence);
}

// The metrics of waits and queues as triggers, and what a thread says that it does, through recorder and file.
TEST(RecordedLocks, WaitsAndQueuesFireTriggersAndTasksAreInTheDump) {
  const std::string file = (std::filesystem::temp_directory_path() / ("recorded_waits_" + std::to_string(::getpid()) + ".tailback")).string();
  std::mutex told_mutex;
  std::condition_variable told;
  std::set<std::string> metrics;
  RecorderOptions options;
  options.file = file;
  options.interval = std::chrono::milliseconds(10);
  options.triggers = "lock_wait > 50ms; queue_jobs_depth > 2; queue_jobs_age > 50ms; blocked_threads > 0";
  options.quiet = true;
  options.on_breach = [&](const BreachReport& report) {
    const std::lock_guard guard(told_mutex);
    metrics.insert(report.metric);
    told.notify_all();
  };
  Result<Recorder> recorder = Recorder::start(options);
  ASSERT_TRUE(recorder.ok()) << recorder.error().to_string();

  mutex mu{"accounts"};
  task_queue jobs{"jobs"};
  jobs.push(3);
  mu.lock();
  std::thread waiter([&] {
    const task_scope task{"GET /account"};
    const std::lock_guard guard(mu);
  });
  {
    std::unique_lock lock(told_mutex);
    EXPECT_TRUE(told.wait_for(lock, std::chrono::seconds(60), [&] { return metrics.size() == 4; }));
  }
  const auto asked = recorder->dump_now("for the label", std::chrono::seconds(60));
  ASSERT_TRUE(asked.ok()) << asked.error().to_string();
  mu.unlock();
  waiter.join();
  ASSERT_TRUE(recorder->stop().ok());
  EXPECT_EQ(metrics, (std::set<std::string>{"lock_wait", "queue_jobs_depth", "queue_jobs_age", "blocked_threads"}));

  RecordingCollector collector;
  ASSERT_TRUE(read_incident(file, collector).ok());
  std::filesystem::remove(file);
  const std::vector<Recording> recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  // Not the last one: a breach that goes on may have led to another since.
  const std::vector<Dump>& dumps = recordings[0].dumps;
  const auto dump = std::find_if(dumps.begin(), dumps.end(), [&](const Dump& one) { return one.id == asked.value().dump_id; });
  ASSERT_NE(dump, dumps.end());
  EXPECT_TRUE(std::any_of(dump->threads.begin(), dump->threads.end(),
                          [&](const ThreadRecord& thread) { return recordings[0].table.text(thread.label) == "GET /account"; }));
}

}  // namespace
}  // namespace tailback
