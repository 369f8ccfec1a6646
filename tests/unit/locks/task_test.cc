#include <tailback/task_scope.h>

#include <thread>

#include <gtest/gtest.h>

#include "runtime/locks/task_queues.h"
#include "runtime/metrics/gauge_board.h"
#include "runtime/recorder/process_gauges.h"
#include "tests/unit/locks/support.h"

namespace tailback {
namespace {

std::string own_label() {
  for (const auto& thread : locks::testing::snapshot().threads) {
    if (thread.tid == static_cast<std::uint32_t>(::gettid())) return std::string(thread.label());
  }
  return "no record";
}

double gauge_value(std::string_view name) {
  const auto board = process_gauges();
  for (std::size_t i = 0; i < board->size(); ++i) {
    if (board->at(i).name == name) return board->at(i).value;
  }
  return -1;
}

TEST(TaskScope, LabelsNestAndEnd) {
  {
    task_scope outer{"GET /user"};
    EXPECT_EQ(own_label(), "GET /user");
    {
      task_scope inner{std::string(100, 'x')};
      EXPECT_EQ(own_label(), std::string(39, 'x'));
    }
    EXPECT_EQ(own_label(), "GET /user");
  }
  EXPECT_EQ(own_label(), "");
}

TEST(TaskScope, ALabelIsReadableFromAnotherThread) {
  std::atomic<int> stage{0};
  std::thread worker([&] {
    task_scope task{"refresher"};
    stage = 1;
    locks::testing::wait_until([&] { return stage == 2; });
  });
  locks::testing::wait_until([&] { return stage == 1; });
  const auto seen = locks::testing::snapshot();
  EXPECT_TRUE(std::any_of(seen.threads.begin(), seen.threads.end(), [](const auto& thread) { return thread.label() == "refresher"; }));
  stage = 2;
  worker.join();
}

TEST(TaskQueue, TellsDepthAndAge) {
  task_queue queue{"requests"};
  EXPECT_EQ(queue.pop(), std::chrono::nanoseconds(0));
  queue.push();
  queue.push(2);
  EXPECT_EQ(queue.depth(), 3u);
  EXPECT_GT(queue.age().count(), 0);
  locks::publish_task_queues();
  EXPECT_EQ(gauge_value("queue_requests_depth"), 3);
  const double age = gauge_value("queue_requests_age");
  EXPECT_GT(age, 0);
  locks::publish_task_queues();
  EXPECT_GT(gauge_value("queue_requests_age"), age);  // it grows though nothing moves
  EXPECT_GT(queue.pop().count(), 0);
  EXPECT_EQ(queue.depth(), 2u);
}

TEST(TaskQueue, AQueueOfTheSameNameTakesOver) {
  { task_queue first{"again"}; first.push(5); }
  task_queue second{"again"};
  EXPECT_EQ(second.depth(), 0u);
  locks::publish_task_queues();
  EXPECT_EQ(gauge_value("queue_again_depth"), 0);
}

}  // namespace
}  // namespace tailback
