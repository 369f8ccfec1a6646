#include <atomic>
#include <memory>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "runtime/capture/capture_turn.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;

TEST(CaptureTurn, IsOneAtATime) {
  {
    const CaptureTurn first = CaptureTurn::for_capture();
    EXPECT_TRUE(first.taken());
    EXPECT_FALSE(CaptureTurn::for_capture(1h).taken()) << "and that at once";
    EXPECT_FALSE(CaptureTurn::for_question().taken());
  }
  EXPECT_TRUE(CaptureTurn::for_question().taken());
  EXPECT_TRUE(CaptureTurn::for_capture().taken());
}

TEST(CaptureTurn, ACaptureWaitsForAQuestionAndNoOtherBegins) {
  auto question = std::unique_ptr<CaptureTurn>(new CaptureTurn(CaptureTurn::for_question()));
  ASSERT_TRUE(question->taken());
  std::atomic<bool> captured{false};
  std::thread capture([&] {
    const CaptureTurn turn = CaptureTurn::for_capture(1h);
    captured = turn.taken();
    EXPECT_FALSE(CaptureTurn::for_question().taken());
  });
  EXPECT_FALSE(captured);
  question.reset();
  capture.join();
  EXPECT_TRUE(captured);
}

TEST(CaptureTurn, ACaptureWaitsNoLongerThanItsPatience) {
  const CaptureTurn question = CaptureTurn::for_question();
  EXPECT_FALSE(CaptureTurn::for_capture(1ms).taken());
}

TEST(CaptureTurn, OfTheParentIsNobodysInAForkedChild) {
  const CaptureTurn parents = CaptureTurn::for_capture();
  ASSERT_TRUE(parents.taken());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(CaptureTurn::for_capture().taken() ? 0 : 1);
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(CaptureTurn::for_question().taken());
}

}  // namespace
}  // namespace tailback
