// The incident with three threads, recorded: the trigger `deadlock` fires by the ring alone, and the dump tells who holds what, as observed.
#include <tailback/mutex.h>
#include <tailback/recorder.h>
#include <tailback/shared_mutex.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <mutex>
#include <shared_mutex>
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

}  // namespace
}  // namespace tailback
