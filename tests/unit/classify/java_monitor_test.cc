#include <gtest/gtest.h>

#include "analyze/classify/activity.h"
#include "replay/sources/jstack.h"
#include "tests/unit/sources/others/read_text.h"

namespace tailback::analyze {
namespace {

TEST(JavaClassify, TheFrameThatEntersAMonitorIsTheOneThatWaits) {
  Recording recording = replay::read_one(replay::jstack_format(),
                                         "\"worker\" #12 prio=5 tid=0x1 nid=0x2 waiting for monitor entry  [0x0]\n"
                                         "   java.lang.Thread.State: BLOCKED (on object monitor)\n"
                                         "\tat shop.Queue.put(Queue.java:14)\n"
                                         "\t- waiting to lock <0x000000069ec1bdc8> (a shop.Queue)\n"
                                         "\tat shop.Front.run(Front.java:3)\n"
                                         "\t- locked <0x000000069ec1bdd0> (a shop.Front)\n");
  ASSERT_EQ(recording.dumps.size(), 1u);
  const std::vector<Activity> activities = classify(recording, recording.dumps[0]);
  ASSERT_EQ(activities.size(), 1u);
  EXPECT_EQ(activities[0].kind, ActivityKind::kLock);
  EXPECT_EQ(activities[0].own_frame, 0) << "shop.Queue.put, not its caller";
}

}  // namespace
}  // namespace tailback::analyze
