#include <gtest/gtest.h>

#include "analyze/compare/diff.h"
#include "analyze/compare/history.h"
#include "analyze/compare/signature.h"
#include "fixture.h"

namespace tailback::analyze {
namespace {

using testing::Incident;
using testing::make_healthy;
using testing::make_incident;
using testing::make_stack;

TEST(StableFunction, TakesOffWhatCompilersNumber) {
  EXPECT_EQ(stable_function("main.run.func2.1"), "main.run.func");
  EXPECT_EQ(stable_function("main.run.gowrap1"), "main.run.gowrap");
  EXPECT_EQ(stable_function("work [clone .isra.0]"), "work");
  EXPECT_EQ(stable_function("work.constprop.3"), "work");
  EXPECT_EQ(stable_function("App.lambda$start$3"), "App.lambda$start");
  EXPECT_EQ(stable_function("App$$Lambda$14/0x0000000800c03000.run"), "App$$Lambda.run");
  EXPECT_EQ(stable_function("run()::{lambda()#2}::operator()"), "run()::{lambda()#}::operator()");
  EXPECT_EQ(stable_function("name[abi:cxx11]"), "name");
}

TEST(StableFunction, KeepsWhatTheProgramNumbers) {
  EXPECT_EQ(stable_function("sha256_final"), "sha256_final");
  EXPECT_EQ(stable_function("main.(*HashSet2).AddOne3"), "main.(*HashSet2).AddOne3");
  EXPECT_EQ(stable_function("std::array<int, 4>::at"), "std::array<int, 4>::at");
}

TEST(Signature, IsTheSameForOtherCountsAddressesAndLines) {
  const Incident a = make_incident(90);
  Incident b = make_incident(7);
  Recording& recording = b.recording;
  for (Dump& dump : recording.dumps) dump.locks[0].address = 0x7f0011223344;
  Finding& finding = b.analysis.findings[0];
  for (ChainLink& link : finding.chain) link.place = link.wait_place = "/other/build/hashset.go:99";
  // Another build: every frame on another line.
  recording.dumps[2].threads[1].stack =
      make_stack(recording.table, {"sync.(*RWMutex).Lock rwmutex.go:3", "main.(*HashSet).AddOne hashset.go:99", "main.(*Cache).Get cache.go:1"});
  EXPECT_EQ(signature_of(recording, b.analysis, finding), a.analysis.findings[0].signature);
}

TEST(Signature, IsTheSameWhereverARingIsEntered) {
  Incident incident = make_incident(7);
  const std::string before = incident.analysis.findings[0].signature;
  std::reverse(incident.analysis.findings[0].chain.begin(), incident.analysis.findings[0].chain.end());
  EXPECT_EQ(signature_of(incident.recording, incident.analysis, incident.analysis.findings[0]), before);
}

TEST(Signature, TellsOneFunctionFromAnother) {
  Incident incident = make_incident(7);
  const std::string before = incident.analysis.findings[0].signature;
  incident.analysis.findings[0].chain[1].wait_function = "main.(*HashSet).Remove";
  const std::string after = signature_of(incident.recording, incident.analysis, incident.analysis.findings[0]);
  EXPECT_NE(after, before);
  const double similarity = signature_similarity(before, after);
  EXPECT_GT(similarity, 0.6);
  EXPECT_LT(similarity, 1);
  EXPECT_EQ(signature_similarity(before, before), 1);
  EXPECT_LT(signature_similarity(before, "leak | stands main.poll"), 0.2);
}

struct Files {
  std::vector<Recording> recordings;
  std::vector<Analysis> analyses;

  void add(Incident incident, std::string name, std::int64_t days) {
    incident.recording.info.file = std::move(name);
    for (Dump& dump : incident.recording.dumps) dump.wall_ns += days * 86'400'000'000'000;
    recordings.push_back(std::move(incident.recording));
    analyses.push_back(std::move(incident.analysis));
  }
};

TEST(History, CountsEarlierIncidentsOfTheSameSignature) {
  Files files;
  files.add(make_incident(50), "third", 9);
  files.add(make_healthy(), "healthy", 0);
  files.add(make_incident(7), "first", 1);
  files.add(make_incident(9), "second", 5);
  fill_history(files.recordings, files.analyses);
  const std::optional<SeenBefore>& seen = files.analyses[0].findings[0].seen_before;
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->incidents, 2u);
  EXPECT_EQ(seen->similarity, 1);
  EXPECT_EQ(seen->files, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(seen->first_wall_ns, incident_time(files.recordings[2]));
  EXPECT_FALSE(files.analyses[2].findings[0].seen_before) << "nothing was before the first";
}

TEST(History, FallsBackToASimilarOneAndSaysSo) {
  Files files;
  Incident other = make_incident(7);
  other.analysis.findings[0].chain[1].wait_function = "main.(*HashSet).Remove";
  other.analysis.findings[0].signature = signature_of(other.recording, other.analysis, other.analysis.findings[0]);
  files.add(std::move(other), "first", 0);
  files.add(make_incident(9), "second", 1);
  fill_history(files.recordings, files.analyses);
  ASSERT_TRUE(files.analyses[1].findings[0].seen_before);
  EXPECT_LT(files.analyses[1].findings[0].seen_before->similarity, 1);
}

TEST(History, CountsAnIncidentOnceHoweverManyFilesTellOfIt) {
  Files files;
  files.add(make_incident(7), "first.log", 0);
  files.add(make_incident(7), "first.tailback", 0);
  files.add(make_incident(9), "second.log", 1);
  const PastIncident copy{"copy.tailback", incident_time(files.recordings[2]), 0, "", {files.analyses[2].findings[0].signature}};
  const PastIncident older{"older.tailback", incident_time(files.recordings[0]) - 1, 0, "", {files.analyses[2].findings[0].signature}};
  fill_history(files.recordings, files.analyses, std::vector{copy, older});
  ASSERT_TRUE(files.analyses[2].findings[0].seen_before);
  EXPECT_EQ(files.analyses[2].findings[0].seen_before->files, (std::vector<std::string>{"older.tailback", "first.log"}));
  ASSERT_TRUE(files.analyses[0].findings[0].seen_before) << "by what an older file keeps";
  EXPECT_EQ(files.analyses[0].findings[0].seen_before->files, std::vector<std::string>{"older.tailback"});
}

Diff diff_of(const Incident& incident, std::size_t before, std::size_t after) {
  return diff_dumps({&incident.recording, &incident.analysis, before}, {&incident.recording, &incident.analysis, after}, GroupBy::kLines);
}

TEST(Diff, SaysWhichGroupsGrewAndWhichQueues) {
  const Diff diff = diff_of(make_incident(90), 0, 2);
  ASSERT_FALSE(diff.groups.empty());
  EXPECT_EQ(diff.groups[0].kind, ChangeKind::kGrown);
  EXPECT_EQ(diff.groups[0].before, 30u);
  EXPECT_EQ(diff.groups[0].after, 90u);
  EXPECT_EQ(diff.seconds, 60);
  ASSERT_EQ(diff.locks.size(), 1u);
  EXPECT_EQ(diff.locks[0].waiting_before, 32u);
  EXPECT_EQ(diff.locks[0].waiting_after, 92u);
  EXPECT_EQ(diff.groups.back().kind, ChangeKind::kSame);
}

TEST(Diff, CallsAGroupNewOrGone) {
  Incident incident = make_incident(9);
  Dump& dump = incident.recording.dumps[0];
  std::erase_if(incident.analysis.dumps[0].groups, [&](const Group& g) { return dump.threads[g.threads[0].index].state == ThreadState::kIo; });
  const Diff forwards = diff_of(incident, 0, 2), backwards = diff_of(incident, 2, 0);
  const auto kind_of = [](const Diff& diff, std::uint64_t count) {
    for (const GroupChange& change : diff.groups) {
      if (std::max(change.before, change.after) == count) return change.kind;
    }
    return ChangeKind::kSame;
  };
  EXPECT_EQ(kind_of(forwards, 12), ChangeKind::kNew);
  EXPECT_EQ(kind_of(backwards, 12), ChangeKind::kGone);
  EXPECT_EQ(kind_of(backwards, 9), ChangeKind::kShrunk);
}

TEST(Diff, FindsThreadsThatMadeNoProgress) {
  Incident incident = make_incident(90);
  Diff diff = diff_of(incident, 0, 2);
  EXPECT_TRUE(diff.same_process);
  // Ids 17 and 18 are the reader and the front writer in both; the queue's first thirty are the same, too.
  EXPECT_EQ(diff.groups[0].unmoved, 30u);
  // One of them has used CPU time since: it moved, whatever its stack says.
  incident.recording.dumps[0].threads[2].cpu_ns = 10;
  incident.recording.dumps[2].threads[2].cpu_ns = 20;
  EXPECT_EQ(diff_of(incident, 0, 2).groups[0].unmoved, 29u);
}

TEST(Diff, DoesNotCompareThreadsOfTwoProcesses) {
  Incident a = make_incident(9), b = make_incident(9);
  a.recording.info.pid = 1;
  b.recording.info.pid = 2;
  for (Dump& dump : b.recording.dumps) dump.locks[0].address = 0xdead0000;
  const Diff diff = diff_dumps({&a.recording, &a.analysis, 2}, {&b.recording, &b.analysis, 2}, GroupBy::kLines);
  EXPECT_FALSE(diff.same_process);
  EXPECT_EQ(diff.threads_unmoved, 0u);
  for (const GroupChange& change : diff.groups) EXPECT_EQ(change.kind, ChangeKind::kSame) << "the lock's address is another process's";
}

}  // namespace
}  // namespace tailback::analyze
