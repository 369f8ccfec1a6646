#include "runtime/locks/annotate.h"

#include <cstring>

#include <gtest/gtest.h>

namespace tailback::locks {
namespace {

// The incident as the registry and the capture see it: Values() holds the set's lock shared and waits for it again, AddOne() waits to write.
class Annotate : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kLock = 0x7000, kInLock = 0x401101, kInSize = 0x401200, kInValues = 0x401310, kInAddOne = 0x401400, kTaken = 0x401301;

  FrameId frame(const char* function, std::uint64_t address) {
    Frame made;
    made.function = recording.table.intern(function);
    made.address = address;
    return recording.table.intern(made);
  }
  ThreadIndex thread(const char* id, std::vector<FrameId> frames) {
    ThreadRecord record;
    record.id = id;
    record.stack = recording.table.intern(frames);
    dump.threads.push_back(record);
    return ThreadIndex{static_cast<std::uint32_t>(dump.threads.size() - 1)};
  }
  void futex_wait(ThreadIndex waiter, std::uint64_t address) {
    Lock futex;
    futex.address = address;
    futex.kind = LockKind::kFutex;
    dump.locks.push_back(futex);
    Wait wait;
    wait.thread = waiter;
    wait.lock = LockId{static_cast<std::uint32_t>(dump.locks.size() - 1)};
    dump.waits.push_back(wait);
  }
  PlaceNames names() {
    return [this](std::uint64_t address) {
      return address == kTaken - 1 ? std::vector<FrameId>{frame("HashSet::Values", address)} : std::vector<FrameId>{};
    };
  }

  void SetUp() override {
    const FrameId lock = frame("tailback::shared_mutex::lock_shared", kInLock);
    values = thread("100", {frame("syscall", 1), lock, frame("HashSet::Size", kInSize), frame("HashSet::Values", kInValues)});
    add_one = thread("101", {frame("syscall", 1), frame("tailback::shared_mutex::lock", kInLock), frame("HashSet::AddOne", kInAddOne)});
    futex_wait(values, 0x900000);   // on the waiting threads' own stacks
    futex_wait(add_one, 0x910000);

    LockView view;
    view.id = 7;
    view.address = kLock;
    view.kind = lock_kind::rwlock;
    view.policy = lock_policy::prefer_writers;
    std::strcpy(view.name_bytes, "HashSet.mu");
    snapshot.mono_ns = 5000;
    snapshot.locks.push_back(view);
    snapshot.threads.resize(2);
    snapshot.threads[0].tid = 100;
    std::strcpy(snapshot.threads[0].label_bytes, "refresher");
    snapshot.threads[1].tid = 101;
    snapshot.holds.push_back({.thread = 0, .lock = 7, .shared = true, .place = kTaken});
    snapshot.waits.push_back({.thread = 0, .lock = 7, .shared = true, .since_ns = 3000, .place = kInSize + 1});
    snapshot.waits.push_back({.thread = 1, .lock = 7, .shared = false, .since_ns = 2000, .place = kInAddOne + 1});
  }

  Recording recording;
  Dump dump;
  Snapshot snapshot;
  ThreadIndex values, add_one;
};

TEST_F(Annotate, ReplacesFutexesByTheLockThatTheyBelongTo) {
  const AnnotateStats stats = annotate(dump, recording, snapshot, names());
  EXPECT_EQ(stats.replaced_waits, 2u);
  ASSERT_EQ(dump.locks.size(), 1u);
  EXPECT_EQ(dump.locks[0].address, kLock);
  EXPECT_EQ(dump.locks[0].registry_id, 7u);
  EXPECT_EQ(dump.locks[0].kind, LockKind::kRwlock);
  EXPECT_EQ(dump.locks[0].policy, LockPolicy::kPreferWriters);
  EXPECT_EQ(recording.table.text(dump.locks[0].name), "HashSet.mu");
  ASSERT_EQ(dump.waits.size(), 2u);
  EXPECT_EQ(dump.waits[0].lock.index, 0u);
  EXPECT_EQ(dump.waits[0].mode, LockMode::kShared);
  EXPECT_EQ(dump.waits[0].frame, 1u);
  EXPECT_EQ(dump.waits[0].since_ns, 2000);
  EXPECT_EQ(dump.waits[1].mode, LockMode::kExclusive);
}

TEST_F(Annotate, TellsWhichWriterIsNextInLine) {
  const ThreadIndex later = thread("102", {frame("syscall", 1), frame("tailback::shared_mutex::lock", kInLock), frame("HashSet::AddOne", kInAddOne)});
  futex_wait(later, 0x920000);
  snapshot.threads.resize(3);
  snapshot.threads[2].tid = 102;
  snapshot.waits.push_back({.thread = 2, .lock = 7, .shared = false, .ticket = 9, .since_ns = 2500, .place = kInAddOne + 1});
  snapshot.waits[0].ticket = 3;  // a reader, which this policy lets in when the writers have gone
  snapshot.waits[1].ticket = 4;
  annotate(dump, recording, snapshot, names());
  for (const Wait& wait : dump.waits) EXPECT_EQ(wait.front, wait.thread == add_one) << wait.thread.index;
}

TEST_F(Annotate, SaysOfNobodyThatHeIsNextWhereTheQueueHasNoOrder) {
  annotate(dump, recording, snapshot, names());
  for (const Wait& wait : dump.waits) EXPECT_FALSE(wait.front);
}

TEST_F(Annotate, SaysWhatTheSnapshotHadNoRoomFor) {
  annotate(dump, recording, snapshot, names());
  EXPECT_TRUE(dump.statements.empty());
  snapshot.missed = 12;
  annotate(dump, recording, snapshot, names());
  ASSERT_EQ(dump.statements.size(), 1u);
  EXPECT_NE(recording.table.text(dump.statements[0]).find("12 holds, waits or locks"), std::string_view::npos);
}

TEST_F(Annotate, TellsWhoHoldsItAndWhichFrameTookIt) {
  annotate(dump, recording, snapshot, names());
  ASSERT_EQ(dump.holds.size(), 1u);
  EXPECT_EQ(dump.holds[0].thread, values);
  EXPECT_EQ(dump.holds[0].basis, Basis::kObserved);
  EXPECT_EQ(dump.holds[0].mode, LockMode::kShared);
  EXPECT_EQ(dump.holds[0].frame, 3u);
  EXPECT_EQ(recording.table.text(dump.holds[0].evidence), "lock registry; taken at HashSet::Values");
  EXPECT_EQ(recording.table.text(dump.threads[values.index].label), "refresher");
}

TEST_F(Annotate, TellsTheCallersToWhereStacksWereAskedFor) {
  snapshot.holds[0].frames[0] = kTaken;
  snapshot.holds[0].frames[1] = 0x700001;
  snapshot.holds[0].frames[2] = 0x800001;
  annotate(dump, recording, snapshot, [&](std::uint64_t address) {
    return std::vector<FrameId>{frame(address == kTaken - 1 ? "HashSet::Values" : address == 0x700000 ? "Refresher::walk" : "main", address)};
  });
  ASSERT_EQ(dump.holds.size(), 1u);
  EXPECT_EQ(recording.table.text(dump.holds[0].evidence), "lock registry; taken at HashSet::Values ← Refresher::walk ← main");
}

TEST_F(Annotate, AHoldThatTheCaptureInferredBecomesObserved) {
  Lock lock;
  lock.address = kLock;
  lock.kind = LockKind::kRwlock;
  dump.locks.push_back(lock);
  Hold inferred;
  inferred.thread = values;
  inferred.lock = LockId{2};
  inferred.mode = LockMode::kShared;
  inferred.basis = Basis::kInferred;
  dump.holds.push_back(inferred);
  annotate(dump, recording, snapshot, names());
  ASSERT_EQ(dump.holds.size(), 1u);
  EXPECT_EQ(dump.holds[0].basis, Basis::kObserved);
  EXPECT_EQ(dump.locks.at(dump.holds[0].lock.index).registry_id, 7u);
}

TEST_F(Annotate, AHoldOfAThreadThatWasSeenToWaitBeforeProvesNoRing) {
  // The capture read its stack while it waited; the registry was read after it had got the lock.
  dump.locks[1].address = kLock;
  snapshot.waits.pop_back();
  snapshot.holds[0] = {.thread = 1, .lock = 7, .shared = false, .place = kTaken};
  annotate(dump, recording, snapshot, names());
  ASSERT_EQ(dump.holds.size(), 1u);
  EXPECT_EQ(dump.holds[0].thread, add_one);
  EXPECT_EQ(dump.holds[0].basis, Basis::kObserved);
  EXPECT_EQ(dump.holds[0].strength, 1);
  EXPECT_NE(recording.table.text(dump.holds[0].evidence).find("has gone on"), std::string_view::npos);
}

TEST_F(Annotate, AWaitThatTheStackDoesNotShowIsLeftOut) {
  snapshot.waits[1].place = 0x999999;  // it began after the capture
  annotate(dump, recording, snapshot, names());
  EXPECT_EQ(std::count_if(dump.waits.begin(), dump.waits.end(), [&](const Wait& wait) { return dump.locks[wait.lock.index].registry_id == 7; }), 1);
}

TEST_F(Annotate, AThreadThatIsGoneLeavesAnOwnerWithoutAThread) {
  snapshot.threads.push_back({});
  snapshot.threads[2].tid = 100;  // its number is another's now
  snapshot.threads[2].exited = true;
  snapshot.holds[0].thread = 2;
  annotate(dump, recording, snapshot, names());
  ASSERT_EQ(dump.holds.size(), 1u);
  EXPECT_FALSE(dump.holds[0].thread);
  EXPECT_EQ(dump.locks[dump.holds[0].lock.index].owner, "100");
}

}  // namespace
}  // namespace tailback::locks
