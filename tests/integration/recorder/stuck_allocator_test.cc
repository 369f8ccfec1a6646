// A thread is stuck inside malloc for ever, the arena locked. The recorder must go on sampling and capturing, and the dump must
// be found at the next start.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

#include "tests/integration/recorder/recording.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::size_t kBeyondThreadCaches = 3000;  // bytes; glibc takes the arena's lock for them
constexpr int kNotStuck = 77;

std::atomic<bool> hold{false}, held{false}, probe_done{false};
void* volatile sink = nullptr;  // so that no compiler removes an allocation

void stand_still(int) {
  held = true;
  while (hold) ::usleep(1000);
  held = false;
}

/// For ever. A name to be found in the dump.
[[gnu::noinline]] void allocate_for_ever() {
  for (;;) {
    sink = std::malloc(kBeyondThreadCaches);
    std::free(sink);
  }
}

/// Stops the thread at a moment at which another's malloc does not come back. No allocation happens here once it is so.
bool stick(pthread_t victim) {
  static std::atomic<int> round{0};
  std::thread prober([] {
    for (int seen = 0;;) {
      while (round == seen) ::usleep(100);
      seen = round;
      sink = std::malloc(kBeyondThreadCaches);
      std::free(sink);
      probe_done = true;
    }
  });
  prober.detach();
  for (int attempt = 0; attempt < 2000; ++attempt) {
    hold = true;
    ::pthread_kill(victim, SIGUSR1);
    while (!held) ::usleep(100);
    probe_done = false;
    ++round;
    for (int i = 0; i < 200 && !probe_done; ++i) ::usleep(500);
    if (!probe_done) return true;
    hold = false;
    while (held) ::usleep(100);
  }
  return false;
}

int task_named(const char* wanted) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(entry.path() / "comm");
    std::string name;
    std::getline(file, name);
    if (name == wanted) return std::stoi(entry.path().filename());
  }
  return -1;
}

/// "voluntary_ctxt_switches:\t123" of an open status file; by system calls alone.
long switches(int status_fd) {
  static char buffer[8192];
  const ssize_t got = ::pread(status_fd, buffer, sizeof buffer - 1, 0);
  if (got <= 0) return -1;
  buffer[got] = '\0';
  const char* const found = ::strstr(buffer, "\nvoluntary_ctxt_switches:");
  return found == nullptr ? -1 : ::strtol(found + 25, nullptr, 10);
}

/// Ends the process, which must be a fresh one: where threads have been, each has an arena, and those that come find them.
[[noreturn]] void be_stuck_and_record(const std::string& file) {
  ::mallopt(M_ARENA_MAX, 1);
  Ear ear;
  RecorderOptions options = quick(file, ear);
  options.triggers = "test_stuck > 0";
  auto recorder = Recorder::start(std::move(options));
  if (!recorder || !recorder->dump_now("healthy", 60s)) ::_exit(1);
  const Gauge stuck = gauge("test_stuck");
  stuck.set(0);
  const int observer = task_named("tailback");
  const int status = ::open(("/proc/self/task/" + std::to_string(observer) + "/status").c_str(), O_RDONLY);
  struct sigaction action{};
  action.sa_handler = stand_still;
  ::sigaction(SIGUSR1, &action, nullptr);
  pthread_t victim{};
  ::pthread_create(&victim, nullptr, [](void*) -> void* { allocate_for_ever(); return nullptr; }, nullptr);
  if (!stick(victim)) ::_exit(kNotStuck);
  stuck.set(1);
  // The observing thread sleeps once a sample; thirty sleeps on, it has sampled and captured.
  const long before = switches(status);
  for (int i = 0; i < 20000; ++i) {
    if (switches(status) > before + 30) ::kill(::getpid(), SIGKILL);
    ::usleep(1000);
  }
  ::_exit(2);  // it hangs
}

constexpr const char* kFileVariable = "TAILBACK_TEST_STUCK_FILE";

// What the process of the next test does.
TEST(StuckAllocator, DISABLED_BeStuckAndRecord) {
  const char* const file = std::getenv(kFileVariable);
  ASSERT_NE(file, nullptr);
  be_stuck_and_record(file);
}

TEST(StuckAllocator, DoesNotKeepTheRecorderFromCapturing) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's malloc, not glibc's";
#endif
  const Folder folder;
  const std::string file = folder / "a.tailback";
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv(kFileVariable, file.c_str(), 1);
    ::execl("/proc/self/exe", "stuck", "--gtest_also_run_disabled_tests", "--gtest_filter=StuckAllocator.DISABLED_BeStuckAndRecord", nullptr);
    ::_exit(3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotStuck) GTEST_SKIP() << "no thread could be caught inside malloc";
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;

  Ear ear;
  auto next = Recorder::start(quick(file, ear));
  ASSERT_TRUE(next) << next.error().to_string();
  EXPECT_THAT(ear.wait_for("an earlier process had left"), HasSubstr("stored 1 dump"));
  ASSERT_TRUE(next->stop(60s));
  bool seen = false;
  for (const Recording& recording : read_back(file)) {
    for (const Dump& dump : recording.dumps) {
      if (recording.table.text(dump.reason) != "test_stuck > 0") continue;
      for (const ThreadRecord& thread : dump.threads) {
        for (const FrameId frame : recording.table.stack(thread.stack)) {
          if (recording.table.function(frame).find("allocate_for_ever") != std::string_view::npos) seen = true;
        }
      }
    }
  }
  EXPECT_TRUE(seen) << "the thread that is stuck is in the dump";
}

}  // namespace
}  // namespace tailback
