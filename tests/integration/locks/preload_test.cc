// A program with plain pthread locks and no recorder in it, under libtailback_preload.so.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/incident/incident_reader.h"

namespace tailback {
namespace {

/// A program whose standard error and output are read line by line; killed at the end.
class Preloaded {
 public:
  Preloaded(std::vector<std::string> command, std::vector<std::string> more_environment) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    more_environment.push_back(std::string("LD_PRELOAD=") + PRELOAD);
    std::vector<char*> arguments, environment;
    for (std::string& word : command) arguments.push_back(word.data());
    for (std::string& word : more_environment) environment.push_back(word.data());
    arguments.push_back(nullptr);
    environment.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    if (::posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environment.data()) != 0) pid_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    out_ = ::fdopen(ends[0], "r");
  }
  ~Preloaded() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    if (out_ != nullptr) ::fclose(out_);
  }
  Preloaded(const Preloaded&) = delete;
  Preloaded& operator=(const Preloaded&) = delete;

  /// Reads until a line has the words; false at the end of the output.
  bool reads(const std::string& words) {
    char* line = nullptr;
    std::size_t room = 0;
    bool found = false;
    while (!found && ::getline(&line, &room, out_) > 0) {
      std::fputs(line, stdout);
      found = std::string(line).find(words) != std::string::npos;
    }
    std::free(line);
    return found;
  }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  FILE* out_ = nullptr;
};

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
  Preloaded service({DEADLOCK_SERVICE, "--threads", "200", "--bare"}, {"TAILBACK_FILE=" + path, "TAILBACK_TRIGGERS=deadlock"});
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
  Preloaded shell({"/bin/sh", "-c", "/bin/ls / > /dev/null; /bin/echo done"}, {"TAILBACK_FILE=" + file("shell.tailback"), "PATH=/bin:/usr/bin"});
  EXPECT_TRUE(shell.reads("done"));
  EXPECT_EQ(shell.wait(), 0);
  RecordingCollector collector;
  ASSERT_TRUE(read_incident(file("shell.tailback"), collector).ok());
  EXPECT_EQ(collector.take().size(), 1u);
}

TEST_F(Preload, WithoutAFileTheProgramRunsAsEver) {
  Preloaded shell({"/bin/sh", "-c", "(echo one; echo two) | cat; exit 7"}, {"PATH=/bin:/usr/bin"});
  EXPECT_TRUE(shell.reads("one"));
  EXPECT_TRUE(shell.reads("two"));
  EXPECT_EQ(shell.wait(), 7);
}

}  // namespace
}  // namespace tailback
