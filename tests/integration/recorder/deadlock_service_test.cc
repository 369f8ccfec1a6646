// The main job on real threads: the sample deadlocks, notices by itself, and records; or is killed, and nothing recorded is lost.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "tests/integration/recorder/recording.h"

extern char** environ;

namespace tailback {
namespace {

constexpr int kNotAllowedHere = 3;  // the sample's exit status

class Program {
 public:
  Program(std::string path, std::vector<std::string> arguments) {
    std::vector<char*> argv{path.data()};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&pid_, path.c_str(), nullptr, nullptr, argv.data(), environ) != 0) pid_ = -1;
  }
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  /// The exit status, or minus the signal.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  bool kill_now() { return ::kill(pid_, SIGKILL) == 0 && wait() == -SIGKILL; }
  /// The exit status if it has ended by itself.
  std::optional<int> ended() {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
};

struct Queue {
  std::uint64_t exclusive = 0, shared = 0;
};

/// The longest queue of a dump.
Queue longest_queue(const Dump& dump) {
  std::vector<Queue> queues(dump.locks.size());
  for (const Wait& wait : dump.waits) ++(wait.mode == LockMode::kExclusive ? queues.at(wait.lock.index).exclusive : queues.at(wait.lock.index).shared);
  return queues.empty() ? Queue{} : *std::max_element(queues.begin(), queues.end(), [](const Queue& a, const Queue& b) {
    return a.exclusive + a.shared < b.exclusive + b.shared;
  });
}

bool stack_has(const Recording& recording, const ThreadRecord& thread, std::string_view function) {
  const auto stack = recording.table.stack(thread.stack);
  return std::any_of(stack.begin(), stack.end(), [&](FrameId frame) {
    return recording.table.function(frame).find(function) != std::string_view::npos;
  });
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKIP_WITH_SANITIZERS() GTEST_SKIP() << "two thousand threads of a sanitizer take more memory than they tell"
#else
#define SKIP_WITH_SANITIZERS() static_cast<void>(0)
#endif

TEST(DeadlockService, RecordsByItselfThatAllItsRequestsStandBehindOneLock) {
  SKIP_WITH_SANITIZERS();
  const Folder folder;
  Program service(DEADLOCK_SERVICE, {"--threads", "2000", "--file", folder / "a.tailback", "--dumps", "2"});
  const int status = service.wait();
  if (status == kNotAllowedHere) GTEST_SKIP() << "this machine does not allow 2000 threads (see the lines above)";
  ASSERT_EQ(status, 0);
  const auto recordings = read_back(folder / "a.tailback");
  ASSERT_EQ(recordings.size(), 1u);
  const Recording& recording = recordings[0];
  ASSERT_EQ(recording.breaches.size(), 1u);
  EXPECT_EQ(recording.breaches[0].metric, "threads");
  ASSERT_GE(recording.dumps.size(), 2u);
  EXPECT_LT(recording.dumps.front().thread_count(), 2000u) << "the growth is on record";
  const Dump& last = recording.dumps.back();
  EXPECT_EQ(last.thread_count(), 2000u);
  const Queue queue = longest_queue(last);
  EXPECT_EQ(queue.exclusive, 1936u) << "every request";
  EXPECT_EQ(queue.shared, 1u) << "the refresher";
  EXPECT_EQ(std::count_if(last.threads.begin(), last.threads.end(),
                          [&](const ThreadRecord& thread) { return stack_has(recording, thread, "HashSet::AddOne"); }),
            1936);
  EXPECT_EQ(std::count_if(last.threads.begin(), last.threads.end(),
                          [&](const ThreadRecord& thread) { return stack_has(recording, thread, "HashSet::Values"); }),
            1);
  EXPECT_EQ(integrity(folder / "a.tailback"), "ok");
}

TEST(DeadlockService, LosesNothingRecordedWhenItIsKilled) {
  SKIP_WITH_SANITIZERS();
  const Folder folder;
  const std::string file = folder / "a.tailback";
  Program service(DEADLOCK_SERVICE, {"--threads", "500", "--file", file, "--dumps", "0"});
  std::size_t dumps = 0, samples = 0;
  std::optional<int> ended;
  while (dumps == 0 && !(ended = service.ended())) {
    RecordingCollector collector;
    if (std::filesystem::exists(file) && read_incident(file, collector)) {
      const auto live = collector.take();
      if (!live.empty()) dumps = live[0].dumps.size(), samples = live[0].samples.size();
    }
    std::this_thread::yield();
  }
  if (ended == kNotAllowedHere) GTEST_SKIP() << "this machine does not allow 500 threads (see the lines above)";
  ASSERT_TRUE(service.kill_now());
  EXPECT_EQ(integrity(file), "ok");
  const auto recordings = read_back(file);
  ASSERT_EQ(recordings.size(), 1u);
  EXPECT_GE(recordings[0].dumps.size(), dumps);
  EXPECT_GE(recordings[0].samples.size(), samples);
  EXPECT_EQ(recordings[0].info.ended_wall_ns, 0) << "it could not say so";
}

TEST(DeadlockService, HasNothingToRecordWhenItIsFixed) {
  SKIP_WITH_SANITIZERS();
  const Folder folder;
  Program service(DEADLOCK_SERVICE, {"--threads", "1200", "--fixed", "--file", folder / "a.tailback"});
  const int status = service.wait();
  if (status == kNotAllowedHere) GTEST_SKIP() << "this machine does not allow 1200 threads (see the lines above)";
  ASSERT_EQ(status, 0);
  const auto recordings = read_back(folder / "a.tailback");
  ASSERT_EQ(recordings.size(), 1u);
  EXPECT_TRUE(recordings[0].breaches.empty());
  ASSERT_EQ(recordings[0].dumps.size(), 1u) << "the one that it asks for at the end";
  EXPECT_LT(recordings[0].dumps[0].thread_count(), 200u);
}

TEST(DeadlockService, SaysWhatItDoesNotUnderstand) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--threads"}, {"--threads", "many"}, {"--threads", "64"}, {"--dumps", "-1"}, {"--file"}, {"--nonsense"}}) {
    Program service(DEADLOCK_SERVICE, arguments);
    EXPECT_EQ(service.wait(), 2) << arguments[0];
  }
}

TEST(GoesWrong, EndsEveryScenarioWithItsDumpsInTheFile) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer reports the deadlocks that the scenarios are there for";
#endif
  const Folder folder;
  for (const char* scenario : {"abba", "ring", "double_lock", "orphan", "io_holder", "convoy", "pool", "lost_signal", "leak", "healthy"}) {
    const std::string file = folder / (std::string(scenario) + ".tailback");
    Program program(GOES_WRONG, {scenario, "--file", file, "--dumps", "1"});
    EXPECT_EQ(program.wait(), 0) << scenario;
    const auto recordings = read_back(file);
    ASSERT_EQ(recordings.size(), 1u) << scenario;
    ASSERT_EQ(recordings[0].dumps.size(), 1u) << scenario;
    EXPECT_FALSE(recordings[0].dumps[0].waits.empty()) << scenario;
  }
}

}  // namespace
}  // namespace tailback
