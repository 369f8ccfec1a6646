#include "analyze/holders/elimination.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace tailback::analyze {
namespace {

/// As it is defined: of those that do not wait for the lock, the places where one thread stands; one such place, or nobody.
std::optional<ThreadIndex> by_looking_at_each(const std::vector<Elimination::Member>& members, LockId lock) {
  std::map<StackId, std::vector<Elimination::Member>> of_stack;
  for (const Elimination::Member& member : members) {
    if (member.waits_for != lock) of_stack[member.stack].push_back(member);
  }
  std::erase_if(of_stack, [](const auto& entry) { return entry.second.size() != 1 || !entry.second.front().one_thread; });
  if (of_stack.size() != 1) return std::nullopt;
  return of_stack.begin()->second.front().thread;
}

TEST(Elimination, LeavesTheThreadThatLookingAtEachLeaves) {
  std::mt19937 random(5);
  const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  int named = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<Elimination::Member> members(below(8));
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      const LockId lock = below(4) == 0 ? LockId{} : LockId{below(3)};
      members[i] = {{i}, {below(4)}, lock, below(5) != 0};
    }
    const Elimination elimination(members);
    for (std::uint32_t lock = 0; lock < 3; ++lock) {
      const auto expected = by_looking_at_each(members, {lock});
      ASSERT_EQ(elimination.only_one_beside({lock}), expected) << "round " << round << ", lock " << lock;
      const bool any = std::any_of(members.begin(), members.end(), [&](const auto& member) { return member.waits_for != LockId{lock}; });
      ASSERT_EQ(elimination.any_beside({lock}), any);
      named += expected ? 1 : 0;
    }
  }
  EXPECT_GT(named, 1000) << "the rounds are worth something";
}

}  // namespace
}  // namespace tailback::analyze
