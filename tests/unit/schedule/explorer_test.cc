#include "replay/schedule/explorer.h"

#include <gtest/gtest.h>

#include "tests/unit/schedule/support.h"

namespace tailback::replay {
namespace {

SearchEnd end_of(std::string_view text) {
  const Program program = scenario(text);
  return explore(Model(program)).end;
}

std::string incident(std::uint32_t workers, std::string_view policy) {
  return "lock mu rwlock " + std::string(policy) + "\nrefresher: rdlock mu; rdlock mu; unlock mu; unlock mu\nworker x " + std::to_string(workers) +
         ": wrlock mu; unlock mu\n";
}

TEST(Explorer, FindsTheIncidentInThreeSteps) {
  const Program program = scenario(incident(1, "prefer-writers"));
  const Model model(program);
  const Exploration found = explore(model);
  ASSERT_EQ(found.end, SearchEnd::kFound);
  EXPECT_EQ(way_of(model, found), "refresher rdlock mu · worker wrlock mu (waits) · refresher rdlock mu (waits)");
  EXPECT_EQ(found.stuck.size(), 2u);
}

TEST(Explorer, IdenticalThreadsCostNoFurtherStates) {
  std::uint64_t states = 0;
  for (const std::uint32_t workers : {8u, 64u, 1000u}) {
    const Program program = scenario(incident(workers, "prefer-writers"));
    const Exploration found = explore(Model(program));
    ASSERT_EQ(found.end, SearchEnd::kFound);
    EXPECT_EQ(found.way.size(), 3u);
    if (states != 0) {
      EXPECT_EQ(found.states, states);
    }
    states = found.states;
  }
}

TEST(Explorer, ThreadsOnSeparateLinesWithTheSameStepsAreMergedToo) {
  const Program program = scenario("lock mu mutex\na: lock mu; unlock mu\nb: lock mu; unlock mu\nc: lock mu\nc: unlock mu\n");
  EXPECT_EQ(Model(program).group_count(), 1u);
}

TEST(Explorer, ProvesThatReadersFirstIsSafe) {
  EXPECT_EQ(end_of(incident(6, "prefer-readers")), SearchEnd::kExhausted);
  EXPECT_EQ(end_of(incident(6, "reentrant")), SearchEnd::kExhausted);
}

TEST(Explorer, OtherPoliciesDeadlockLikePreferWriters) {
  EXPECT_EQ(end_of(incident(2, "fifo")), SearchEnd::kFound);
  EXPECT_EQ(end_of(incident(2, "either")), SearchEnd::kFound);
}

TEST(Explorer, AReaderBehindAWriterBehindAReaderThatWaitsForIt) {
  // A hold across threads, which no reentrancy helps.
  constexpr std::string_view kCross =
      "lock mu rwlock reentrant\nlock g mutex\nt1: rdlock mu; lock g; unlock g; unlock mu\nt2: lock g; rdlock mu; unlock mu; unlock g\n";
  EXPECT_EQ(end_of(std::string(kCross)), SearchEnd::kExhausted);
  EXPECT_EQ(end_of(std::string(kCross) + "w: wrlock mu; unlock mu\n"), SearchEnd::kFound);
}

TEST(Explorer, AThreadCanWaitForItself) {
  EXPECT_EQ(end_of("lock m mutex\nt: lock m; lock m; unlock m; unlock m\n"), SearchEnd::kFound);
  EXPECT_EQ(end_of("lock m recursive\nt: lock m; lock m; unlock m; unlock m\n"), SearchEnd::kExhausted);
  EXPECT_EQ(end_of("lock m rwlock reentrant\nt: rdlock m; wrlock m; unlock m; unlock m\n"), SearchEnd::kFound);
  EXPECT_EQ(end_of("lock m rwlock reentrant\nt: wrlock m; rdlock m; unlock m; unlock m\n"), SearchEnd::kExhausted);
}

TEST(Explorer, ARefusedTrySkipsItsSection) {
  EXPECT_EQ(end_of("lock a mutex\nlock b mutex\nt1: lock a; trylock b; unlock b; unlock a\nt2: lock b; lock a; unlock a; unlock b\n"), SearchEnd::kExhausted);
}

TEST(Explorer, AGateKeepsInvertedOrdersApart) {
  EXPECT_EQ(end_of("lock g mutex\nlock a mutex\nlock b mutex\nt1: lock g; lock a; lock b; unlock b; unlock a; unlock g\n"
                   "t2: lock g; lock b; lock a; unlock a; unlock b; unlock g\n"),
            SearchEnd::kExhausted);
}

TEST(Explorer, AJoinOrdersWhatStartOrdered) {
  EXPECT_EQ(end_of("lock a mutex\nlock b mutex\nmain: start t1; join t1; start t2; join t2\nt1: lock a; lock b; unlock b; unlock a\n"
                   "t2: lock b; lock a; unlock a; unlock b\n"),
            SearchEnd::kExhausted);
  EXPECT_EQ(end_of("lock a mutex\nlock b mutex\nmain: start t1; start t2; join t1; join t2\nt1: lock a; lock b; unlock b; unlock a\n"
                   "t2: lock b; lock a; unlock a; unlock b\n"),
            SearchEnd::kFound);
  EXPECT_EQ(end_of("lock a mutex\nmain: start t; lock a; join t; unlock a\nt: lock a; unlock a\n"), SearchEnd::kFound);
}

TEST(Explorer, ASignalCanComeTooEarly) {
  EXPECT_EQ(end_of("lock a mutex\ncondition cv\nw: lock a; wait cv a; unlock a\nn: notify cv\n"), SearchEnd::kFound);
  EXPECT_EQ(end_of("lock a mutex\ncondition cv\nw: lock a; timedwait cv a; unlock a\nn: notify cv\n"), SearchEnd::kExhausted);
  // The notifier is only started by the waiter's section, so it can't come too early.
  EXPECT_EQ(end_of("lock a mutex\ncondition cv\nw: lock a; start n; wait cv a; unlock a\nn: lock a; notify cv; unlock a\n"), SearchEnd::kExhausted);
}

TEST(Explorer, ALockHeldAcrossAWaitKeepsTheNotifierOut) {
  EXPECT_EQ(end_of("lock a mutex\nlock b mutex\ncondition cv\nw: lock b; lock a; start n; wait cv a; unlock a; unlock b\nn: lock b; notify cv; unlock b\n"), SearchEnd::kFound);
}

TEST(Explorer, SaysWhereItStopped) {
  const Program program = scenario(incident(40, "prefer-readers"));
  const Exploration stopped = explore(Model(program), {100, std::uint64_t{1} << 30});
  EXPECT_EQ(stopped.end, SearchEnd::kBounded);
  EXPECT_NE(stopped.bound.find("states"), std::string::npos);
}

TEST(Explorer, LooksAtInterleavingsOfFewPreemptionsWhereAsked) {
  const auto explored = [](const std::string& text, std::uint16_t preemptions) {
    const Program program = scenario(text);
    ExploreLimits limits;
    limits.preemptions = preemptions;
    return explore(Model(program), limits);
  };
  const std::string ring = "lock a mutex\nlock b mutex\nlock c mutex\nx: lock a; lock b; unlock b; unlock a\ny: lock b; lock c; unlock c; unlock b\n"
                           "z: lock c; lock a; unlock a; unlock c\n";
  // The writer comes between the two reads; one thread of a ring is kept from its second lock, and the others meet a taken one.
  for (const std::string& text : {incident(3, "prefer-writers"), ring}) {
    const Exploration none = explored(text, 0);
    EXPECT_EQ(none.end, SearchEnd::kBounded);
    EXPECT_TRUE(none.preempted_no_more);
    EXPECT_EQ(none.bound, "the interleavings with at most 0 preemptions (" + std::to_string(none.states) + " states)");
    EXPECT_EQ(explored(text, 1).end, SearchEnd::kFound);
  }
  // One thread is never preempted: then the bound left nothing out.
  EXPECT_EQ(explored("lock a mutex\nx: lock a; unlock a\n", 0).end, SearchEnd::kExhausted);
  // Waiting, ending and being granted are no preemptions.
  EXPECT_EQ(explored("lock a mutex\nx: lock a; unlock a\ny: lock a; unlock a\n", 1000).end, SearchEnd::kExhausted);
}

TEST(Explorer, KnowsWhetherAllCanStillFinish) {
  const Program program = scenario(incident(1, "prefer-writers"));
  const Model model(program);
  const Exploration found = explore(model);
  Position position(model);
  EXPECT_EQ(can_finish(position), CanFinish::kYes);
  position.apply({found.way[0].instance, MoveKind::kIssue, kNone});
  EXPECT_EQ(can_finish(position), CanFinish::kYes);
  position.apply({found.way[1].instance, MoveKind::kIssue, kNone});
  EXPECT_EQ(can_finish(position), CanFinish::kNo) << "the deadlock is not there yet, and can't be avoided any more";
}

}  // namespace
}  // namespace tailback::replay
