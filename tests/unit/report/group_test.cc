#include "analyze/group/group_threads.h"

#include <gtest/gtest.h>

#include "analyze/group/argument_columns.h"
#include "analyze/report/lock_ids.h"
#include "fixture.h"

namespace tailback::analyze {
namespace {

using testing::Incident;
using testing::make_incident;
using testing::make_stack;

std::vector<Group> grouped(const Incident& incident, std::size_t dump, GroupBy level) {
  ShapeTable shapes(incident.recording.table, level);
  return group_threads(incident.recording.dumps[dump], incident.analysis.dumps[dump].activities, level, shapes);
}

TEST(GroupThreads, CountsIdenticalStacksLargestFirst) {
  const Incident incident = make_incident(90);
  const std::vector<Group>& groups = incident.analysis.dumps[2].groups;
  ASSERT_EQ(groups.size(), 4u);
  EXPECT_EQ(groups[0].count, 90u);
  EXPECT_EQ(groups[0].lock, LockId{0});
  EXPECT_EQ(groups[0].mode, LockMode::kExclusive);
  EXPECT_EQ(groups[0].shortest_wait_ns, 0);
  EXPECT_EQ(groups[0].longest_wait_ns, 44'500'000'000);
  EXPECT_EQ(groups[1].count, 12u);
}

TEST(GroupThreads, ByLockTakesAllStacksOfAQueueTogether) {
  const std::vector<Group> groups = grouped(make_incident(90), 2, GroupBy::kLock);
  ASSERT_EQ(groups.size(), 3u) << "writers, the reader, and those who wait for no lock";
  EXPECT_EQ(groups[0].count, 91u) << "the front writer is one of them";
}

TEST(GroupThreads, SetsAddressesAsideButNotLines) {
  Recording recording;
  Frame frame;
  frame.function = recording.table.intern("work");
  frame.file = recording.table.intern("a.cc");
  frame.line = 5;
  Dump dump;
  for (const auto& [address, line] : {std::pair{0x10u, 5u}, {0x20u, 5u}, {0x30u, 6u}}) {
    frame.address = address;
    frame.line = line;
    ThreadRecord thread;
    thread.stack = recording.table.intern(std::vector<FrameId>{recording.table.intern(frame)});
    dump.threads.push_back(thread);
  }
  const std::vector<Activity> activities(3);
  const auto count = [&](GroupBy level) {
    ShapeTable shapes(recording.table, level);
    return group_threads(dump, activities, level, shapes).size();
  };
  EXPECT_EQ(count(GroupBy::kExact), 3u);
  EXPECT_EQ(count(GroupBy::kLines), 2u);
  EXPECT_EQ(count(GroupBy::kFunctions), 1u);
}

TEST(GroupThreads, TellsCallsApartByAddressWhereNoLineIsKnown) {
  Recording recording;
  Frame frame;
  frame.function = recording.table.intern("pthread_rwlock_wrlock");
  Dump dump;
  for (const std::uint64_t address : {std::uint64_t{0x7f0000001000}, std::uint64_t{0x7f0000001000}, std::uint64_t{0x7f0000001040}}) {
    frame.address = address;
    ThreadRecord thread;
    thread.stack = recording.table.intern(std::vector<FrameId>{recording.table.intern(frame)});
    dump.threads.push_back(thread);
  }
  ShapeTable lines(recording.table, GroupBy::kLines), functions(recording.table, GroupBy::kFunctions);
  EXPECT_EQ(group_threads(dump, std::vector<Activity>(3), GroupBy::kLines, lines).size(), 2u);
  EXPECT_EQ(group_threads(dump, std::vector<Activity>(3), GroupBy::kFunctions, functions).size(), 1u);
}

TEST(GroupThreads, NeverMixesTwoLocksInTheSameFunction) {
  Recording recording;
  Dump dump;
  dump.locks.resize(2);
  dump.locks[0].address = 0x100;
  dump.locks[1].address = 0x200;
  const StackId stack = make_stack(recording.table, {"lock mutex.cc:1", "work work.cc:2"});
  for (std::uint32_t i = 0; i < 4; ++i) {
    ThreadRecord thread;
    thread.stack = stack;
    dump.threads.push_back(thread);
    dump.waits.push_back({{i}, {i % 2}, LockMode::kExclusive});
  }
  ShapeTable shapes(recording.table, GroupBy::kFunctions);
  EXPECT_EQ(group_threads(dump, std::vector<Activity>(4), GroupBy::kFunctions, shapes).size(), 2u);
}

TEST(GroupThreads, GroupsThreadsWithoutAStackByTheReason) {
  Recording recording;
  Dump dump;
  for (const char* reason : {"blocks the signal", "gone", "gone"}) {
    ThreadRecord thread;
    thread.quality = StackQuality::kMissing;
    thread.absence_reason = recording.table.intern(reason);
    dump.threads.push_back(thread);
  }
  ShapeTable shapes(recording.table, GroupBy::kLines);
  const std::vector<Group> groups = group_threads(dump, std::vector<Activity>(3), GroupBy::kLines, shapes);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].count, 2u);
}

TEST(GroupThreads, SurvivesWaitsThatNameNothing) {
  Dump dump;
  dump.threads.resize(1);
  dump.waits = {{{7}, {0}, LockMode::kExclusive}, {{0}, {9}, LockMode::kExclusive}};
  StackTable table;
  ShapeTable shapes(table, GroupBy::kLines);
  const std::vector<Group> groups = group_threads(dump, std::vector<Activity>(1), GroupBy::kLines, shapes);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_FALSE(groups[0].lock.valid());
}

TEST(ArgumentColumns, TellWhichWordsAllThreadsShare) {
  Recording recording;
  Dump dump;
  Group group;
  for (std::uint32_t i = 0; i < 40; ++i) {
    ThreadRecord thread;
    thread.arguments = recording.table.intern(std::vector<Argument>{{0xc000, {}, 0, 0, false}, {i, {}, 0, 1, i == 7}, {i % 3, {}, 1, 0, false}});
    dump.threads.push_back(thread);
    group.threads.push_back({i});
  }
  const std::vector<ArgumentColumn> columns = argument_columns(recording.table, dump, group);
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[0].distinct, 1u);
  EXPECT_EQ(columns[0].value, 0xc000u);
  EXPECT_EQ(columns[1].distinct, ArgumentColumn::kMany);
  EXPECT_TRUE(columns[1].uncertain);
  EXPECT_EQ(columns[2].distinct, 3u);
}

TEST(LockDirectory, KnowsALockAgainInTheNextDump) {
  Recording recording;
  recording.dumps.resize(2);
  Lock mutex;
  mutex.kind = LockKind::kMutex;
  mutex.address = 0x100;
  Lock rwlock = mutex;
  rwlock.kind = LockKind::kRwlock;
  Lock unknown;
  recording.dumps[0].locks = {mutex, rwlock, unknown};
  recording.dumps[1].locks = {unknown, rwlock, mutex};
  const LockDirectory directory(recording);
  EXPECT_EQ(directory.identity(0, {0}), directory.identity(1, {2}));
  EXPECT_EQ(directory.identity(0, {1}), directory.identity(1, {1}));
  EXPECT_NE(directory.identity(0, {2}), directory.identity(1, {0})) << "nothing says that they are the same";
  EXPECT_EQ(directory.size(), 4u);
}

TEST(LockIds, NameTheFindingsLocksFirst) {
  Incident incident = make_incident(5);
  Dump& dump = incident.recording.dumps[2];
  Lock busy;
  busy.address = 0x42;
  dump.locks.insert(dump.locks.begin(), busy);  // the finding's lock is now {1}
  for (Wait& wait : dump.waits) wait.lock = {1};
  dump.holds[0].lock = {1};
  incident.analysis.findings[0].locks = {{1}};
  dump.holds.push_back({{3}, {0}, LockMode::kExclusive});
  const LockIds ids(incident.recording, incident.analysis, {2});
  EXPECT_EQ(ids.id(2, {1}), "L1");
  EXPECT_EQ(ids.id(2, {0}), "L2");
  EXPECT_EQ(ids.entries()[0].latest().waiting.exclusive, 6u);
  EXPECT_EQ(ids.entries()[0].latest().waiting.shared, 1u);
}

}  // namespace
}  // namespace tailback::analyze
