#include "replay/schedule/trace_tail.h"

#include <gtest/gtest.h>

#include "replay/schedule/std_trace.h"
#include "replay/schedule/story.h"
#include "tests/unit/schedule/support.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kHung =
    "W|acq(x)|0\nW|rel(x)|0\nR|rdacq(mu)|Values\nS|acq(g)|1\nS|wait(g)|2\nW|acq(g)|3\nW|req(mu)|AddOne\nR|rdreq(mu)|Size\n";

std::vector<TraceEvent> events_of(const TraceStream& trace) {
  std::vector<TraceEvent> events;
  trace.walk([&](const TraceEvent& event) { events.push_back(event); });
  return events;
}

TEST(TraceTail, NothingSkippedIsTheTrace) {
  const auto trace = StdTrace::of_text(kHung, "x");
  ASSERT_TRUE(trace.ok());
  EXPECT_EQ(tail_of(**trace, 0).events().size(), (*trace)->size());
}

TEST(TraceTail, WhatIsHeldAtTheCutIsTakenFirst) {
  const auto read = StdTrace::of_text(kHung, "x");
  ASSERT_TRUE(read.ok());
  StdTrace& trace = **read;
  for (ProgramLock& lock : trace.names().locks) lock.policy = LockPolicy::kPreferWriters;
  for (std::uint64_t skipped = 0; skipped <= trace.size(); ++skipped) {
    std::vector<Diagnostic> diagnostics;
    const Story story = tell(program_of(tail_of(trace, skipped), diagnostics));
    EXPECT_TRUE(diagnostics.empty()) << "cut after " << skipped;
    EXPECT_EQ(story.divergences, 0u) << "cut after " << skipped;
    // The sleeper has nobody left to wake it: three are stuck, wherever the trace is cut.
    EXPECT_EQ(story.stuck.size(), 3u) << "cut after " << skipped;
  }
}

TEST(TraceTail, KeepsTheEventsBehindTheCut) {
  const auto trace = StdTrace::of_text(kHung, "x");
  ASSERT_TRUE(trace.ok());
  const std::vector<TraceEvent> all = events_of(**trace), tail = tail_of(**trace, all.size() - 2).events();
  ASSERT_GE(tail.size(), 2u);
  EXPECT_EQ(tail.back().place, all.back().place);
  EXPECT_EQ(tail.back().operation, TraceOperation::kRequest);
}

}  // namespace
}  // namespace tailback::replay
