#include "replay/schedule/story.h"

#include <gtest/gtest.h>

#include "replay/schedule/std_trace.h"
#include "tests/unit/schedule/support.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kIncident =
    "lock mu rwlock go\nrefresher: Values:rdlock mu; Size:rdlock mu; unlock mu; unlock mu\nworker x 4: AddOne:wrlock mu; unlock mu\n";

TEST(Story, ThePointOfNoReturnComesBeforeTheDeadlock) {
  const Story story = tell(scenario(kIncident));
  ASSERT_EQ(story.way.size(), 3u);
  ASSERT_TRUE(story.no_return);
  EXPECT_EQ(*story.no_return, 1u) << "when the writer queues; the deadlock is one step later";
  EXPECT_EQ(story.deadlock_at, 2u);
}

TEST(Story, ShowsTheLocksAfterEachStep) {
  const Story story = tell(scenario(kIncident));
  std::vector<LockView> last;
  walk(story, [](std::size_t) { return true; }, [&](std::size_t, const std::vector<LockView>& views) { last = views; });
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].holders, std::vector<std::string>{"refresher (shared)"});
  EXPECT_EQ(last[0].waiting, (std::vector<std::string>{"refresher (shared)", "worker (exclusive)"}));
}

TEST(Story, FollowsTheOrderOfAScenario) {
  const Story story = tell(scenario(std::string(kIncident) + "order worker worker refresher refresher refresher refresher\n"));
  EXPECT_EQ(story.kind, StoryKind::kRecorded);
  EXPECT_EQ(story.way.size(), 6u);
  EXPECT_TRUE(story.stuck.empty());
  EXPECT_EQ(story.divergences, 0u);
}

TEST(Story, WithoutADeadlockItIsAnExample) {
  const Story story = tell(scenario("lock a\nt: lock a; unlock a\n"));
  EXPECT_EQ(story.kind, StoryKind::kExample);
  EXPECT_EQ(story.way.size(), 2u);
}

TEST(Story, AHungTraceIsExplainedByItsLastSections) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "R|rdreq(mu)|Values\nR|rdacq(mu)|Values\nR|rdacq(mu)|Size\nR|rdrel(mu)|s\nR|rdrel(mu)|v\nW|acq(mu)|AddOne\nW|rel(mu)|a\n";
  text += "R|rdacq(mu)|Values\nW|req(mu)|AddOne\nR|rdreq(mu)|Size\n";
  Result<std::unique_ptr<StdTrace>> read = StdTrace::of_text(text, "x");
  ASSERT_TRUE(read.ok());
  const std::unique_ptr<StdTrace> trace = std::move(*read);
  trace->names().locks[0].policy = LockPolicy::kPreferWriters;
  std::vector<Diagnostic> diagnostics;
  const Program program = program_of(*trace, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  const Story recorded = tell(program);
  EXPECT_EQ(recorded.stuck.size(), 2u);
  ASSERT_TRUE(recorded.no_return);
  EXPECT_EQ(*recorded.no_return, recorded.way.size() - 2);
  const Story story = shortest(program);
  EXPECT_EQ(story.way.size(), 3u);
  EXPECT_EQ(to_string(*story.program, story.program->threads[0].steps[0]), "Values:rdlock mu");
}

}  // namespace
}  // namespace tailback::replay
