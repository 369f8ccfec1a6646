// `tailback replay locks` as a user runs it: a scenario written by hand, got wrong, an incident file with lock events, a schedule for a test.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <mutex>
#include <shared_mutex>

#include <tailback/schedule.h>
#include <tailback/shared_mutex.h>

#include "program.h"
#include "runtime/incident/incident_writer.h"

namespace tailback::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::string_view kIncident =
    "lock mu rwlock prefer-writers\nrefresher: HashSet::Values:rdlock mu; HashSet::Size:rdlock mu; unlock mu; unlock mu\nworker: HashSet::AddOne:wrlock mu; unlock mu\n";

class ReplayLocks : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    write("ticket.locks", kIncident);
  }

  /// A recording in which the refresher read twice and the worker wrote once, one after the other: nothing went wrong.
  /// `lost`: events that the recorder says it had to leave out.
  void write_incident_file(std::uint64_t lost = 0) const {
    Result<std::unique_ptr<IncidentWriter>> writer = IncidentWriter::open((folder_ / "calm.tailback").string(), {.live = false});
    ASSERT_TRUE(writer.ok()) << writer.error().to_string();
    RecordingInfo info;
    info.source = "live";
    Recording& recording = (*writer)->begin(info);
    Lock lock;
    lock.kind = LockKind::kRwlock;
    lock.policy = LockPolicy::kPreferWriters;
    lock.registry_id = 9;
    lock.name = recording.table.intern("HashSet.mu");
    recording.instrumented_locks.push_back(lock);
    std::uint64_t order = 0;
    const auto event = [&](std::uint64_t thread, LockOperation operation, LockMode mode, std::string_view place) {
      LockEvent made;
      made.order = ++order;
      made.thread = thread;
      made.lock = 9;
      made.operation = operation;
      made.mode = mode;
      made.place = recording.table.intern(place);
      (*writer)->lock_event(made);
    };
    event(1, LockOperation::kAcquire, LockMode::kShared, "HashSet::Values hashset.cc:31");
    event(1, LockOperation::kAcquire, LockMode::kShared, "HashSet::Size hashset.cc:43");
    event(1, LockOperation::kRelease, LockMode::kShared, "HashSet::Size hashset.cc:44");
    event(1, LockOperation::kRelease, LockMode::kShared, "HashSet::Values hashset.cc:33");
    event(2, LockOperation::kAcquire, LockMode::kExclusive, "HashSet::AddOne hashset.cc:52");
    event(2, LockOperation::kRelease, LockMode::kExclusive, "HashSet::AddOne hashset.cc:53");
    recording.counters.emplace_back("lost.lock_events", lost);
    (*writer)->end();
    ASSERT_TRUE((*writer)->finish().ok());
  }
};

TEST_F(ReplayLocks, PredictsFromAScenario) {
  const Outcome outcome = run("replay locks ticket.locks");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("DEADLOCK"));
  EXPECT_THAT(outcome.out, HasSubstr("refresher rdlock mu · worker wrlock mu (waits)"));
  EXPECT_EQ(run("replay locks ticket.locks --exit-code").status, 1);
}

TEST_F(ReplayLocks, ReadsAScenarioFromAPipe) {
  const Outcome outcome = run("replay locks explain -", "cat ticket.locks |");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("3 steps"));
}

TEST_F(ReplayLocks, ShowsThePointOfNoReturn) {
  const Outcome outcome = run("replay locks show ticket.locks --format json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out)["point_of_no_return"], 2);
}

TEST_F(ReplayLocks, ChecksAFix) {
  const Outcome fixed = run("replay locks check ticket.locks --fix 'drop HashSet::Size:rdlock mu' --exit-code");
  EXPECT_EQ(fixed.status, 0) << fixed.err;
  EXPECT_THAT(fixed.out, HasSubstr("FIXED"));
  EXPECT_THAT(fixed.out, HasSubstr("every interleaving of 2 threads"));
  const Outcome not_fixed = run("replay locks check --policy mu=libc++ ticket.locks --exit-code");
  EXPECT_EQ(not_fixed.status, 1) << not_fixed.out;
  EXPECT_THAT(not_fixed.out, HasSubstr("NOT FIXED"));
}

TEST_F(ReplayLocks, NamesLineAndThreadOfAMistake) {
  const std::pair<std::string_view, std::string_view> mistakes[] = {
      {"lock mu mutex\nworker: lock mux; unlock mux\n", "wrong.locks:2: thread worker: unknown lock mux"},
      {"lock mu mutex\nworker: lock mu; unlock mu; unlock mu\n", "wrong.locks:2: thread worker unlocks mu, which it does not hold"},
      {"lock mu mutex\nworker: lock mu\n", "wrong.locks:2: thread worker ends with mu still held"}};
  for (const auto& [text, message] : mistakes) {
    write("wrong.locks", text);
    const Outcome outcome = run("replay locks wrong.locks");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(outcome.one_line_of_error()) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(std::string(message)));
  }
}

TEST_F(ReplayLocks, RefusesWhatItDoesNotUnderstand) {
  for (const char* arguments : {"replay locks nothing.locks", "replay locks frobnicate ticket.locks", "replay locks check ticket.locks",
                                "replay locks check ticket.locks --fix 'remove everything'", "replay locks ticket.locks --policy mu=polite"}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_TRUE(outcome.one_line_of_error()) << arguments << ": " << outcome.err;
  }
}

TEST_F(ReplayLocks, PredictsFromTheLockEventsOfAnIncidentFile) {
  write_incident_file();
  const Outcome outcome = run("replay locks calm.tailback --format json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const json report = json::parse(outcome.out);
  ASSERT_EQ(report["deadlocks"].size(), 1u) << outcome.out;
  EXPECT_EQ(report["deadlocks"][0]["needs"], "a writer waiting on HashSet.mu between HashSet::Values hashset.cc:31 and HashSet::Size hashset.cc:43");
  EXPECT_GT(report["deadlocks"][0]["trace_events_replayed"], 0);
  EXPECT_THAT(run("replay locks show calm.tailback").out, HasSubstr("Nobody was stuck"));
  EXPECT_THAT(run("replay locks check calm.tailback --fix 'drop HashSet::Size:rdlock HashSet.mu'").out, HasSubstr("FIXED WITHIN THE BOUND"));
}

TEST_F(ReplayLocks, TellsNoDeadlockWhereEventsWereLost) {
  write_incident_file(3);
  const Outcome outcome = run("replay locks calm.tailback --exit-code");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("DEADLOCK")));
  EXPECT_THAT(outcome.out, HasSubstr("No deadlock found; see the bounds."));
  EXPECT_THAT(outcome.out, HasSubstr("lock events were lost, and a lock whose release was lost looks held"));
}

TEST_F(ReplayLocks, ReadsAnStdTraceFromAFileAPipeAndCompressed) {
  write("trace.std", "T1|acq(a)|1\nT1|acq(b)|2\nT1|rel(b)|3\nT1|rel(a)|4\nT2|acq(b)|5\nT2|acq(a)|6\nT2|rel(a)|7\nT2|rel(b)|8\n");
  const std::pair<const char*, const char*> inputs[] = {{"trace.std", ""}, {"-", "cat trace.std |"}, {"-", "gzip -c trace.std |"}, {"-", "cat calm.tailback |"}};
  write_incident_file();
  for (const auto& [name, before] : inputs) {
    for (const char* action : {"predict", "show", "explain", "check --fix 'drop lock a'"}) {
      const Outcome outcome = run(std::string("replay locks ") + action + " " + name, before);
      if (std::string_view(before).starts_with("cat calm") && std::string_view(action).starts_with("check")) continue;
      EXPECT_EQ(outcome.status, 0) << before << action << outcome.err;
    }
    EXPECT_THAT(run(std::string("replay locks ") + name, before).out, HasSubstr("DEADLOCK")) << before << name;
  }
}

TEST_F(ReplayLocks, ShowsTheEndOfATraceThatIsTooLongAndSaysSo) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "T1|acq(a)|1\nT1|rel(a)|2\n";
  write("long.std", text + "T1|acq(a)|1\nT2|req(a)|3\n");
  const Outcome outcome = run("replay locks show long.std --window 3");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("earlier events were only followed for who holds what"));
  EXPECT_THAT(outcome.out, HasSubstr("T1 (exclusive)"));
}

TEST_F(ReplayLocks, AFileWithoutLockEventsSaysSo) {
  write("metrics.prom", "# TYPE process_threads gauge\nprocess_threads 5 1581413470000\n");
  const Outcome outcome = run("replay locks metrics.prom");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(outcome.one_line_of_error()) << outcome.err;
}

TEST_F(ReplayLocks, EmitsAScheduleThatATestCanLoad) {
  write_incident_file();
  const std::pair<const char*, schedule_expectation> cases[] = {{"replay locks ticket.locks --emit-schedule out.schedule", schedule_expectation::deadlocks},
                                                                {"replay locks calm.tailback --emit-schedule out.schedule", schedule_expectation::deadlocks},
                                                                {"replay locks check ticket.locks --fix 'drop HashSet::Size:rdlock mu' --emit-schedule out.schedule", schedule_expectation::completes}};
  for (const auto& [arguments, expected] : cases) {
    const Outcome outcome = run(arguments);
    ASSERT_EQ(outcome.status, 0) << arguments << ": " << outcome.err;
    const Result<schedule> plan = schedule::parse(read("out.schedule"));
    ASSERT_TRUE(plan.ok()) << plan.error().to_string();
    EXPECT_EQ(plan->expectation, expected) << arguments;
    EXPECT_GE(plan->steps.size(), 3u);
  }
}

/// The program of the incident on real threads, which are called as in the plan; `mended` reads once.
schedule_verdict force(schedule plan, const char* lock, bool mended = false, lock_policy policy = lock_policy::prefer_writers) {
  const std::string reader = plan.steps.at(0).thread, writer = plan.steps.at(1).thread;
  shared_mutex mu{lock, policy};
  schedule_run forced(std::move(plan));
  forced.start(reader, [&] {
    const std::shared_lock outer(mu);
    if (!mended) const std::shared_lock inner(mu);
  });
  forced.start(writer, [&] { const std::unique_lock hold(mu); });
  return forced.finish();
}

TEST_F(ReplayLocks, AnEmittedScheduleDeadlocksOnRealThreads) {
  write_incident_file();
  const std::pair<const char*, const char*> cases[] = {{"ticket.locks", "mu"}, {"calm.tailback", "HashSet.mu"}};
  for (const auto& [file, lock] : cases) {
    ASSERT_EQ(run(std::string("replay locks ") + file + " --emit-schedule out.schedule").status, 0);
    const Result<schedule> plan = schedule::load((folder_ / "out.schedule").string());
    ASSERT_TRUE(plan.ok()) << plan.error().to_string();
    for (int round = 0; round < 20; ++round) {
      const schedule_verdict verdict = force(*plan, lock);
      ASSERT_EQ(verdict.outcome, schedule_outcome::deadlocked) << file << ": " << verdict.text;
      ASSERT_TRUE(verdict.met);
    }
  }
}

TEST_F(ReplayLocks, AnIncidentFileKeepsItsSchedule) {
  write_incident_file();
  const std::string file = (folder_ / "calm.tailback").string();
  const Result<schedule> without = schedule::load(file);
  ASSERT_FALSE(without.ok());
  EXPECT_THAT(without.error().to_string(), HasSubstr("tailback replay locks FILE --keep-schedule"));

  const Outcome kept = run("replay locks calm.tailback --keep-schedule --emit-schedule out.schedule");
  ASSERT_EQ(kept.status, 0) << kept.err;
  Result<schedule> plan = schedule::load(file);
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  EXPECT_EQ(plan->text(), read("out.schedule"));
  EXPECT_EQ(force(*plan, "HashSet.mu").outcome, schedule_outcome::deadlocked);
  EXPECT_EQ(force(*plan, "HashSet.mu", true).outcome, schedule_outcome::diverged) << "the mended program has no second read";
  const schedule_verdict completed = force(*plan, "HashSet.mu", false, lock_policy::prefer_readers);
  EXPECT_EQ(completed.outcome, schedule_outcome::completed);
  EXPECT_FALSE(completed.met);
  EXPECT_EQ(run("replay locks calm.tailback").status, 0) << "it reads as before";

  const Outcome mended = run("replay locks check calm.tailback --fix 'drop HashSet::Size:rdlock HashSet.mu' --keep-schedule");
  ASSERT_EQ(mended.status, 0) << mended.err;
  plan = schedule::load(file);
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  EXPECT_EQ(plan->expectation, schedule_expectation::completes) << "the newer replaces the older";
  EXPECT_TRUE(force(*plan, "HashSet.mu", true).met);
}

TEST_F(ReplayLocks, OnlyAnIncidentFileCanKeepASchedule) {
  write_incident_file();
  for (const auto& [arguments, before] : {std::pair("replay locks ticket.locks --keep-schedule", ""), std::pair("replay locks - --keep-schedule", "cat calm.tailback |")}) {
    const Outcome outcome = run(arguments, before);
    EXPECT_EQ(outcome.status, 2) << arguments;
    EXPECT_TRUE(outcome.one_line_of_error()) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("--keep-schedule puts it into an incident file"));
  }
}

}  // namespace
}  // namespace tailback::testing
