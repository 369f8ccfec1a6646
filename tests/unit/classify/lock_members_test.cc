// This program is its own subject: the classes below are found in its debug information.
#include "analyze/classify/lock_members.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>
#include <pthread.h>

#include <cstring>

#include <mutex>
#include <shared_mutex>

#include "analyze/classify/lock_names.h"

namespace subject {

class Wrapper {
 public:
  __attribute__((noinline)) void lock() { pthread_rwlock_wrlock(&inner_); }
  pthread_rwlock_t inner_ = PTHREAD_RWLOCK_INITIALIZER;
};

class Directory {
 public:
  __attribute__((noinline)) void Add() {
    mutex_.lock();
    ++entries_;
  }
  long entries_ = 0;
  Wrapper mutex_;
};

class Registry {
 public:
  __attribute__((noinline)) void Add() {
    guard_.take();
    ++entries_;
  }
  struct Guard {
    __attribute__((always_inline)) void take() {
      if (pthread_mutex_lock(&inner_) != 0) __builtin_trap();
    }
    long spare_ = 0;
    pthread_mutex_t inner_ = PTHREAD_MUTEX_INITIALIZER;
  };
  long entries_ = 0;
  Guard guard_;
};

struct Account {
  __attribute__((noinline)) void deposit() { std::lock_guard hold(guard); }
  std::mutex guard;
  std::shared_mutex history;
};

}  // namespace subject

namespace tailback::analyze {
namespace {

/// Path of this program, and an address of a function of it in the file's terms.
std::pair<std::string, std::uint64_t> place_of(const void* function) {
  Dl_info info{};
  link_map* map = nullptr;
  dladdr1(function, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP);
  return {"/proc/self/exe", reinterpret_cast<std::uint64_t>(function) - map->l_addr};
}

template <class Member>
std::uint64_t address_of(Member member) {
  std::uint64_t words[2];
  static_assert(sizeof member == sizeof words);
  std::memcpy(words, &member, sizeof words);
  return words[0];
}

TEST(LockMembers, FindsTheLockOfTheClassWhoseFunctionItIsGiven) {
  LockMembers members;
  const auto [path, offset] = place_of(reinterpret_cast<void*>(address_of(&subject::Directory::Add)));
  const std::vector<LockMember> found = members.of_function(path, "", offset + 1, "Add");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].class_name, "Directory");
  EXPECT_EQ(found[0].member, "mutex_");
  EXPECT_EQ(found[0].offset, 8u);
  EXPECT_EQ(found[0].kind, LockKind::kRwlock);
  EXPECT_FALSE(found[0].whole);
}

TEST(LockMembers, FindsTheFunctionThatAnInlinedOneStandsIn) {
  LockMembers members;
  const auto [path, offset] = place_of(reinterpret_cast<void*>(address_of(&subject::Registry::Add)));
  bool found = false;
  for (std::uint64_t at = 1; at < 1024 && !found; ++at) {
    // Somewhere in Add() is code of the inlined locking; there, too, Add() is a function that the address lies in.
    found = members.of_function(path, "", offset + at, "take").size() == 1 && members.of_function(path, "", offset + at, "Add").size() == 1;
  }
  EXPECT_TRUE(found);
}

TEST(LockMembers, TellsAWrapperFromAnOwner) {
  LockMembers members;
  const auto [path, offset] = place_of(reinterpret_cast<void*>(address_of(&subject::Wrapper::lock)));
  const std::vector<LockMember> found = members.of_function(path, "", offset + 1, "lock");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].whole);
}

TEST(LockMembers, ListsEachLockOfAClassWithItsKind) {
  LockMembers members;
  const auto [path, offset] = place_of(reinterpret_cast<void*>(address_of(&subject::Account::deposit)));
  const std::vector<LockMember> found = members.of_function(path, "", offset + 1, "deposit");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].kind, LockKind::kMutex);
  EXPECT_EQ(found[1].kind, LockKind::kRwlock);
}

TEST(LockMembers, KnowsNothingOfAnotherBuildOrOfAFileThatIsNotThere) {
  LockMembers members;
  const auto [path, offset] = place_of(reinterpret_cast<void*>(address_of(&subject::Directory::Add)));
  EXPECT_TRUE(members.of_function(path, "0123", offset + 1, "Add").empty());
  EXPECT_TRUE(members.of_function("/nonexistent", "", offset, "Add").empty());
  EXPECT_TRUE(members.of_function("/etc/passwd", "", offset, "Add").empty());
  EXPECT_TRUE(members.of_function(path, "", 1, "Add").empty());
}

/// A recording with one waiting thread for each function given.
Recording recording_of(std::initializer_list<std::pair<const char*, std::uint64_t>> functions, LockKind kind) {
  Recording recording;
  recording.info.runtime = Runtime::kNative;
  Dump dump;
  dump.locks.push_back({.address = 0x1000, .kind = kind});
  for (const auto& [name, address] : functions) {
    const auto [path, offset] = place_of(reinterpret_cast<void*>(address));
    const FrameId frames[] = {recording.table.intern(Frame{recording.table.intern("pthread_rwlock_wrlock")}),
                              recording.table.intern(Frame{.function = recording.table.intern(name), .module = recording.table.intern(path), .offset = offset + 1})};
    ThreadRecord thread;
    thread.stack = recording.table.intern(std::span<const FrameId>(frames));
    dump.waits.push_back({{static_cast<std::uint32_t>(dump.threads.size())}, {0}, LockMode::kExclusive, false, 0});
    dump.threads.push_back(thread);
  }
  recording.dumps.push_back(std::move(dump));
  return recording;
}

TEST(LockNames, NamesALockByTheMemberThatItMustBe) {
  Recording recording = recording_of({{"subject::Directory::Add", address_of(&subject::Directory::Add)}}, LockKind::kRwlock);
  name_locks(recording);
  EXPECT_EQ(recording.table.text(recording.dumps[0].locks[0].name), "Directory::mutex_");
}

TEST(LockNames, GivesNoNameWhereTwoAreClaimed) {
  Recording recording = recording_of({{"subject::Directory::Add", address_of(&subject::Directory::Add)},
                                      {"subject::Account::deposit", address_of(&subject::Account::deposit)}}, LockKind::kRwlock);
  name_locks(recording);
  EXPECT_FALSE(recording.dumps[0].locks[0].name.valid());
}

TEST(LockNames, GivesNoNameForAWrapper) {
  Recording recording = recording_of({{"subject::Wrapper::lock", address_of(&subject::Wrapper::lock)}}, LockKind::kRwlock);
  name_locks(recording);
  EXPECT_FALSE(recording.dumps[0].locks[0].name.valid());
}

}  // namespace
}  // namespace tailback::analyze
