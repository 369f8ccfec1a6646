#include "replay/schedule/fix.h"

#include <gtest/gtest.h>

#include "replay/schedule/check_fix.h"
#include "tests/unit/schedule/support.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kIncident =
    "lock mu rwlock go\nrefresher: HashSet::Values:rdlock mu; HashSet::Size:rdlock mu; unlock mu; unlock mu\nworker x 8: AddOne:wrlock mu; unlock mu\n";
constexpr std::string_view kAbba = "lock a\nlock b\nt1: lock a; lock b; unlock b; unlock a\nt2: lock b; lock a; unlock a; unlock b\n";

FixCheck after(std::string_view text, std::string_view fix) {
  const Program program = scenario(text);
  const Result<Program> fixed = with_fix(program, fix);
  EXPECT_TRUE(fixed.ok()) << fixed.error().to_string();
  return fixed.ok() ? check_fix(program, *fixed) : FixCheck{};
}

std::string error_of(std::string_view text, std::string_view fix) {
  const Result<Program> fixed = with_fix(scenario(text), fix);
  return fixed.ok() ? "no error" : fixed.error().to_string();
}

TEST(Fix, DroppingTheInnerReadIsProven) {
  const FixCheck check = after(kIncident, "drop HashSet::Size:rdlock mu");
  EXPECT_EQ(check.verdict, FixVerdict::kFixed);
  EXPECT_EQ(check.gone.size(), 1u);
  EXPECT_EQ(check.search, SearchEnd::kExhausted);
  EXPECT_NE(check.bound.find("every interleaving of 9 threads"), std::string::npos) << check.bound;
}

TEST(Fix, AnotherPolicyIsAFix) {
  EXPECT_EQ(after(kIncident, "policy mu=prefer-readers").verdict, FixVerdict::kFixed);
  EXPECT_EQ(after(kIncident, "policy *=java").verdict, FixVerdict::kFixed);
  EXPECT_EQ(after(kIncident, "policy mu=libc++").verdict, FixVerdict::kNotFixed);
}

TEST(Fix, MoreThreadsThanCanBeSearchedAreOnlyBounded) {
  const std::string many = std::string(kIncident.substr(0, kIncident.find("worker"))) + "worker x 47841: AddOne:wrlock mu; unlock mu\n";
  const Program program = scenario(many);
  PredictOptions options;
  options.explore.states = 20'000;
  const FixCheck check = check_fix(program, *with_fix(program, "policy mu=prefer-readers"), options);
  EXPECT_EQ(check.verdict, FixVerdict::kBounded);
  EXPECT_NE(check.bound.find("of 47841 threads"), std::string::npos) << check.bound;
}

TEST(Fix, ReorderGateAndTryEachHelpAgainstTwoOrders) {
  EXPECT_EQ(after(kAbba, "reorder lock a before lock b").verdict, FixVerdict::kFixed);
  EXPECT_EQ(after(kAbba, "gate a b").verdict, FixVerdict::kFixed);
  EXPECT_EQ(after(kAbba, "try lock a in t2").verdict, FixVerdict::kFixed);
}

TEST(Fix, AFixThatBringsAnotherDeadlockSaysSo) {
  const FixCheck check = after("lock mu rwlock go\nlock x\nr: rdlock mu; Size:rdlock mu; unlock mu; unlock mu\nw: wrlock mu; unlock mu\n", "mode Size:rdlock mu wrlock");
  EXPECT_EQ(check.verdict, FixVerdict::kNewDeadlock) << "an upgrade waits for itself";
}

TEST(Fix, AFixOfNothing) { EXPECT_EQ(after("lock a\nt: lock a; unlock a\nu: lock a; unlock a\n", "try lock a in t").verdict, FixVerdict::kNothingToFix); }

TEST(Fix, SaysWhatItDoesNotUnderstand) {
  EXPECT_NE(error_of(kIncident, "remove Size").find("unknown change remove"), std::string::npos);
  EXPECT_NE(error_of(kIncident, "drop rdlock mu").find("refresher does that 2 times: say which"), std::string::npos);
  EXPECT_NE(error_of(kIncident, "drop Other:rdlock mu").find("it is done in: HashSet::Values, HashSet::Size"), std::string::npos);
  EXPECT_NE(error_of(kAbba, "drop Other:lock a").find("it is done in: t1, t2"), std::string::npos);
  EXPECT_NE(error_of(kAbba, "reorder lock a #1 before lock b").find("not the number of a step"), std::string::npos);
  EXPECT_NE(error_of(kIncident, "drop rdlock nu").find("unknown lock nu"), std::string::npos);
  EXPECT_NE(error_of(kIncident, "policy mu=polite").find("unknown policy polite"), std::string::npos);
  EXPECT_NE(error_of(kAbba, "policy a=go").find("no read-write lock"), std::string::npos);
}

TEST(Fix, OfATraceIsCheckedInTheTraceAndInItsSections) {
  const Trace trace = execute(scenario(std::string(kIncident) + "order refresher refresher refresher refresher\n"));
  const Result<FixCheck> check = check_fixes(trace, {"drop HashSet::Size:rdlock mu"});
  ASSERT_TRUE(check.ok()) << check.error().to_string();
  EXPECT_EQ(check->before.deadlocks.size(), 1u);
  EXPECT_EQ(check->gone.size(), 1u);
  EXPECT_EQ(check->verdict, FixVerdict::kBounded) << "one trace is never the whole program";
  EXPECT_EQ(check_fixes(trace, {"policy mu=libc++"})->verdict, FixVerdict::kNotFixed);
}

TEST(Fix, AThreadsNameIsItsSiteWhereThereAreNoFunctions) {
  constexpr std::string_view ticket = "lock mu rwlock prefer-writers\nrefresher: rdlock mu; rdlock mu; unlock mu; unlock mu\nworker: wrlock mu; unlock mu\n";
  EXPECT_EQ(after(ticket, "drop refresher:rdlock mu #2").verdict, FixVerdict::kFixed);
  EXPECT_NE(error_of(ticket, "drop refresher:rdlock mu").find("refresher does that 2 times: say which"), std::string::npos);
  EXPECT_EQ(after(kAbba, "drop t1:lock b").verdict, FixVerdict::kFixed);
}

TEST(Fix, ReorderOfOneThreadLeavesTheOthers) {
  EXPECT_EQ(after(kAbba, "reorder t2:lock a before lock b").verdict, FixVerdict::kFixed);
  EXPECT_NE(error_of(kAbba, "reorder t1:lock a before lock b").find("no thread takes the second"), std::string::npos);
}

TEST(Fix, OfATraceMayChangeItsOrderToo) {
  Program program = scenario(kAbba);
  for (ProgramLock& lock : program.locks) lock.name = "Store." + lock.name;
  const Trace trace = execute(program);
  for (const char* fix : {"gate Store.a Store.b", "reorder lock Store.a before lock Store.b", "try lock Store.a in t2", "drop t1:lock Store.b"}) {
    const Result<FixCheck> check = check_fixes(trace, {fix});
    ASSERT_TRUE(check.ok()) << fix << ": " << check.error().to_string();
    EXPECT_EQ(check->verdict, FixVerdict::kBounded) << fix;
    EXPECT_EQ(check->gone.size(), 1u) << fix;
    EXPECT_TRUE(check->after.deadlocks.empty()) << fix;
  }
  EXPECT_EQ(check_fixes(trace, {"gate Store.a"})->verdict, FixVerdict::kNewDeadlock) << "a gate around one of them alone: the ring goes through the gate";
}

TEST(Fix, KnowsAPlaceByItsFunction) {
  EXPECT_TRUE(names_place("HashSet::Size hashset.cc:43", "HashSet::Size"));
  EXPECT_TRUE(names_place("service::HashSet::Size hashset.cc:43", "HashSet::Size"));
  EXPECT_FALSE(names_place("HashSet::SizeOf hashset.cc:43", "HashSet::Size"));
}

}  // namespace
}  // namespace tailback::replay
