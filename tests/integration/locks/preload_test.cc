// A program with plain pthread locks and no recorder in it, under libtailback_preload.so.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/incident/incident_reader.h"
#include "tests/integration/locks/started_program.h"

namespace tailback {
namespace {

using testing::StartedProgram;

/// With libtailback_preload.so.
std::vector<std::string> preloaded(std::vector<std::string> variables) {
  variables.push_back(std::string("LD_PRELOAD=") + PRELOAD);
  return variables;
}

class Preload : public ::testing::Test {
 protected:
  Preload() : folder_(std::filesystem::temp_directory_path() / ("preload_test_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Preload() override { std::filesystem::remove_all(folder_); }
  std::string file(const char* name) const { return (folder_ / name).string(); }

  static bool stack_has(const Recording& recording, const ThreadRecord& thread, std::string_view function) {
    const auto stack = recording.table.stack(thread.stack);
    return std::any_of(stack.begin(), stack.end(), [&](FrameId frame) { return recording.table.function(frame).find(function) != std::string_view::npos; });
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(Preload, TheDeadlockFiresAloneAndItsReaderIsObserved) {
  const std::string path = file("pthread.tailback");
  StartedProgram service({DEADLOCK_SERVICE, "--threads", "200", "--bare"}, preloaded({"TAILBACK_FILE=" + path, "TAILBACK_TRIGGERS=deadlock"}));
  if (!service.reads("breach of 'deadlock'")) GTEST_SKIP() << "this machine does not allow the threads (see the lines above)";
  RecordingCollector collector;
  ASSERT_TRUE(read_incident(path, collector).ok());
  const std::vector<Recording> recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  ASSERT_FALSE(recordings[0].dumps.empty());
  const Dump& dump = recordings[0].dumps[0];
  // Long before the service is full: the refresher and the first wave of requests.
  EXPECT_LT(dump.thread_count(), 100u);

  const auto held = std::find_if(dump.holds.begin(), dump.holds.end(), [&](const Hold& hold) {
    return hold.mode == LockMode::kShared && hold.thread && stack_has(recordings[0], dump.threads[hold.thread.index], "HashSet::Values");
  });
  ASSERT_NE(held, dump.holds.end());
  EXPECT_EQ(held->basis, Basis::kObserved);
  const Lock& lock = dump.locks[held->lock.index];
  EXPECT_NE(lock.registry_id, 0u);
  EXPECT_EQ(lock.policy, LockPolicy::kPreferWriters);
  EXPECT_GE(std::count_if(dump.waits.begin(), dump.waits.end(), [&](const Wait& wait) { return wait.lock == held->lock; }), 2);
}

TEST_F(Preload, ProgramsThatTheServiceStartsAreLeftAlone) {
  StartedProgram shell({"/bin/sh", "-c", "/bin/ls / > /dev/null; /bin/echo done"}, preloaded({"TAILBACK_FILE=" + file("shell.tailback"), "PATH=/bin:/usr/bin"}));
  EXPECT_TRUE(shell.reads("done"));
  EXPECT_EQ(shell.wait(), 0);
  RecordingCollector collector;
  ASSERT_TRUE(read_incident(file("shell.tailback"), collector).ok());
  EXPECT_EQ(collector.take().size(), 1u);
}

TEST_F(Preload, RecordsTheProgramThatIsNamedAndNotTheScriptAroundIt) {
  StartedProgram shell({"/bin/sh", "-c", "/bin/ls / > /dev/null; /bin/echo done"},
                       preloaded({"TAILBACK_FILE=" + file("named.tailback"), "TAILBACK_PROGRAM=echo", "PATH=/bin:/usr/bin"}));
  EXPECT_TRUE(shell.reads("done"));
  EXPECT_EQ(shell.wait(), 0);
  RecordingCollector collector;
  ASSERT_TRUE(read_incident(file("named.tailback"), collector).ok());
  const std::vector<Recording> recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  EXPECT_EQ(recordings[0].info.command, "/bin/echo done");
}

TEST_F(Preload, ChangesNoResultOfAnyLockFunction) {
  StartedProgram plain({PTHREAD_ZOO}, {});
  StartedProgram recorded({PTHREAD_ZOO}, preloaded({"TAILBACK_FILE=" + file("zoo.tailback"), "TAILBACK_LOCK_EVENTS=full"}));
  StartedProgram unrecorded({PTHREAD_ZOO}, preloaded({}));
  while (plain.reads(":")) {
    const std::string line = plain.line();
    EXPECT_TRUE(recorded.reads(":"));
    EXPECT_EQ(recorded.line(), line);
    EXPECT_TRUE(unrecorded.reads(":"));
    EXPECT_EQ(unrecorded.line(), line);
  }
  EXPECT_EQ(plain.line(), "end: 0\n");
  for (StartedProgram* program : {&plain, &recorded, &unrecorded}) EXPECT_EQ(program->wait(), 0);
  RecordingCollector collector;
  ASSERT_TRUE(read_incident(file("zoo.tailback"), collector).ok());
  const std::vector<Recording> recordings = collector.take();
  ASSERT_EQ(recordings.size(), 1u);
  const auto& events = recordings[0].lock_events;
  EXPECT_GT(events.size(), 1000u);
  // Every thread that was joined: not those that were cancelled, end with a lock, or are waited for in another process.
  std::set<std::uint64_t> started;
  std::size_t joined = 0, tried = 0;
  for (const LockEvent& event : events) {
    if (event.operation == LockOperation::kThreadStart) started.insert(event.thread);
    if (event.operation == LockOperation::kTryAcquire) ++tried;
    if (event.operation != LockOperation::kThreadJoin) continue;
    ++joined;
    EXPECT_TRUE(started.contains(event.other));
    EXPECT_NE(event.thread, event.other);
  }
  EXPECT_GE(joined, 4u);
  EXPECT_LE(joined, started.size());
  // std::scoped_lock tries its second mutex, and the timed lock after it would have given up: neither is a request that waits for ever.
  EXPECT_GT(tried, 1000u);
}

TEST_F(Preload, OfTwoRuntimesInAProcessOneRecords) {
  const std::string path = file("both.tailback");
  StartedProgram service({DEADLOCK_SERVICE, "--threads", "200", "--fixed", "--dumps", "1"}, preloaded({"TAILBACK_FILE=" + path}));
  EXPECT_TRUE(service.reads("records nothing: ")) << "the service's own";
  EXPECT_NE(service.line().find("libtailback_preload.so records this process already"), std::string::npos) << service.line();
  service.reads("requests have arrived");
  service.wait();
  RecordingCollector collector;
  ASSERT_TRUE(read_incident(path, collector).ok());
  EXPECT_EQ(collector.take().size(), 1u);
}

TEST_F(Preload, WithoutAFileTheProgramRunsAsEver) {
  StartedProgram shell({"/bin/sh", "-c", "(echo one; echo two) | cat; exit 7"}, preloaded({"PATH=/bin:/usr/bin"}));
  EXPECT_TRUE(shell.reads("one"));
  EXPECT_TRUE(shell.reads("two"));
  EXPECT_EQ(shell.wait(), 7);
}

}  // namespace
}  // namespace tailback
