#include <gmock/gmock.h>
#include <sys/wait.h>

#include "tests/integration/recorder/recording.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;

int status_of(pid_t child) {
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// glibc's malloc can be used in a child of a process with threads; the sanitizers' own allocators can't always.
#if defined(__SANITIZE_THREAD__)
#define SKIP_WHERE_FORK_IS_NOT_SAFE() GTEST_SKIP() << "ThreadSanitizer does not allow threads to be started in a child of a process with threads"
#elif defined(__SANITIZE_ADDRESS__)
#define SKIP_WHERE_FORK_IS_NOT_SAFE() GTEST_SKIP() << "gcc 12's AddressSanitizer may leave its allocator locked in a child of a process with threads (seen to hang)"
#else
#define SKIP_WHERE_FORK_IS_NOT_SAFE() (void)0
#endif

TEST(Fork, LeavesTheChildWithAnInertRecorderAndTheParentWithItsFile) {
#if defined(__SANITIZE_ADDRESS__)
  SKIP_WHERE_FORK_IS_NOT_SAFE();
#endif
  const Folder folder;
  Ear ear;
  auto recorder = Recorder::start(quick(folder / "a.tailback", ear));
  ASSERT_TRUE(recorder) << recorder.error().to_string();
  ASSERT_TRUE(recorder->dump_now("before", 60s));
  const pid_t child = ::fork();
  if (child == 0) {
    gauge("test_after_fork").set(1);
    if (recorder->active()) ::_exit(1);
    if (recorder->dump_now("in the child", 1s)) ::_exit(2);
    if (!recorder->metrics_page().empty()) ::_exit(3);
    if (!recorder->stop(1s)) ::_exit(4);
    ::_exit(0);
  }
  EXPECT_EQ(status_of(child), 0);
  EXPECT_TRUE(recorder->active());
  EXPECT_TRUE(recorder->dump_now("after", 60s));
  ASSERT_TRUE(recorder->stop(60s));
  EXPECT_EQ(read_back(folder / "a.tailback").at(0).dumps.size(), 2u);
  EXPECT_EQ(integrity(folder / "a.tailback"), "ok");
}

TEST(Fork, LetsTheChildStartARecorderOfItsOwn) {
  SKIP_WHERE_FORK_IS_NOT_SAFE();
  const Folder folder;
  Ear ear;
  auto recorder = Recorder::start(quick(folder / "parent.tailback", ear));
  ASSERT_TRUE(recorder);
  const pid_t child = ::fork();
  if (child == 0) {
    Ear child_ear;
    auto own = Recorder::start(quick(folder / "child.tailback", child_ear));
    if (!own) ::_exit(1);
    if (!own->dump_now("in the child", 60s)) ::_exit(2);
    ::_exit(own->stop(60s) ? 0 : 3);
  }
  EXPECT_EQ(status_of(child), 0);
  ASSERT_TRUE(recorder->stop(60s));
  const auto of_child = read_back(folder / "child.tailback");
  ASSERT_EQ(of_child.size(), 1u);
  EXPECT_EQ(of_child[0].info.pid, child);
  EXPECT_EQ(of_child[0].dumps.size(), 1u);
  EXPECT_EQ(read_back(folder / "parent.tailback").at(0).dumps.size(), 0u);
}

}  // namespace
}  // namespace tailback
