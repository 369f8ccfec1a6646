// The whole way: the sample service with instrumented locks records itself, and `tailback replay locks` reads what came of it.
#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

#include <nlohmann/json.hpp>

#include <tailback/mutex.h>
#include <tailback/recorder.h>
#include <tailback/schedule.h>
#include <tailback/thread.h>

#include "program.h"

namespace tailback::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class RecordedLocks : public ProgramTest {
 protected:
  /// Runs the service until it has recorded itself into `file`.
  void record(const std::string& file, const std::string& arguments) const {
    const std::string command = "cd " + folder_.string() + " && TAILBACK_LOCK_EVENTS=full timeout 100 " TAILBACK_DEADLOCK_SERVICE " --instrumented --threads 120 --file " + file + " " +
                                arguments + " > service.out 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << read("service.out");
  }
  json json_of(const std::string& arguments) {
    const Outcome outcome = run(arguments + " --format json");
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return json::parse(outcome.out, nullptr, false);
  }
};

TEST_F(RecordedLocks, AServiceThatDeadlockedIsShownExplainedAndMended) {
#ifndef __OPTIMIZE__
  GTEST_SKIP() << "built without optimisation: the place of a hold is in the guard's constructor, not in the function that makes the guard";
#endif
  record("stuck.tailback", "--dumps 2");
  const json shown = json_of("replay locks show stuck.tailback");
  EXPECT_GT(shown["stuck"].size(), 2u);
  EXPECT_FALSE(shown["point_of_no_return"].is_null());

  const json explained = json_of("replay locks explain stuck.tailback");
  ASSERT_EQ(explained["steps"].size(), 3u) << explained;
  EXPECT_THAT(explained["steps"][0]["site"].get<std::string>(), HasSubstr("HashSet::Values"));
  EXPECT_THAT(explained["steps"][1]["site"].get<std::string>(), HasSubstr("HashSet::AddOne"));
  EXPECT_THAT(explained["steps"][2]["site"].get<std::string>(), HasSubstr("HashSet::Size"));
  EXPECT_EQ(explained["caught"], shown["stuck"].size());

  const json checked = json_of("replay locks check stuck.tailback --fix 'drop HashSet::Size:rdlock HashSet.mu'");
  EXPECT_EQ(checked["verdict"], "bounded") << checked["bound"];
  EXPECT_EQ(json_of("replay locks check stuck.tailback --policy HashSet.mu=prefer-readers")["verdict"], "bounded");
  EXPECT_EQ(json_of("replay locks check stuck.tailback --policy HashSet.mu=go")["verdict"], "not_fixed");
}

TEST_F(RecordedLocks, AServiceThatWasLuckyIsWarned) {
  record("lucky.tailback", "--lucky");
  EXPECT_TRUE(json_of("replay locks show lucky.tailback")["stuck"].empty());
  const json predicted = json_of("replay locks lucky.tailback");
  ASSERT_EQ(predicted["deadlocks"].size(), 1u) << predicted;
  EXPECT_THAT(predicted["deadlocks"][0]["needs"].get<std::string>(), HasSubstr("a writer waiting on HashSet.mu between"));
  EXPECT_EQ(json_of("replay locks explain lucky.tailback")["steps"].size(), 3u);

  ASSERT_EQ(run("replay locks lucky.tailback --emit-schedule out.schedule").status, 0);
  const Result<schedule> plan = schedule::load((folder_ / "out.schedule").string());
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  EXPECT_EQ(plan->expectation, schedule_expectation::deadlocks);
  EXPECT_EQ(plan->steps.size(), 3u);

  ASSERT_EQ(run("replay locks lucky.tailback --keep-schedule").status, 0);
  const Result<schedule> kept = schedule::load((folder_ / "lucky.tailback").string());
  ASSERT_TRUE(kept.ok()) << kept.error().to_string();
  EXPECT_EQ(kept->text(), plan->text());
}

TEST_F(RecordedLocks, WhatJoiningOrdersIsNotPredicted) {
  mutex a{"a"}, b{"b"};
  const auto in_order = [](mutex& first, mutex& second) {
    return [&first, &second] {
      const std::lock_guard outer(first);
      const std::lock_guard inner(second);
    };
  };
  const auto recorded = [&](const std::string& file, auto body) {
    RecorderOptions options;
    options.file = (folder_ / file).string();
    options.lock_events = LockEvents::kFull;
    options.quiet = true;
    auto recorder = Recorder::start(options);
    ASSERT_TRUE(recorder.ok()) << recorder.error().to_string();
    body();
    ASSERT_TRUE(recorder->stop().ok());
  };
  recorded("joined.tailback", [&] {
    thread(in_order(a, b)).join();
    thread(in_order(b, a)).join();
  });
  EXPECT_TRUE(json_of("replay locks joined.tailback")["deadlocks"].empty());
  recorded("beside.tailback", [&] {
    // Of these orders nothing is recorded. Both have begun before either locks: a start that comes late stands behind what the parent did meanwhile.
    std::atomic<bool> begun{false}, over{false};
    thread one([&] {
      begun.wait(false);
      in_order(a, b)();
      over = true;
      over.notify_one();
    });
    thread other([&] {
      begun = true;
      begun.notify_one();
      over.wait(false);
      in_order(b, a)();
    });
    one.join();
    other.join();
  });
  const json beside = json_of("replay locks beside.tailback");
  EXPECT_EQ(beside["deadlocks"].size(), 1u) << beside << run("replay locks show beside.tailback").out;
}

TEST_F(RecordedLocks, TheCorrectedServiceIsNot) {
  record("fixed.tailback", "--fixed");
  EXPECT_TRUE(json_of("replay locks fixed.tailback")["deadlocks"].empty());
}

}  // namespace
}  // namespace tailback::testing
