#include "analyze/holders/elimination.h"

#include <algorithm>
#include <utility>

namespace tailback::analyze {

Elimination::Elimination(std::vector<Member> members) : members_(std::move(members)) {
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    of_stack_[members_[i].stack].push_back(i);
    if (members_[i].waits_for) of_lock_[members_[i].waits_for].push_back(i);
  }
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    if (alone(members_[i])) alone_.push_back(i);
  }
}

const Elimination::Indices& Elimination::waiters(LockId lock) const {
  static const Indices kNone;
  const auto found = of_lock_.find(lock);
  return found == of_lock_.end() ? kNone : found->second;
}

std::optional<ThreadIndex> Elimination::only_one_beside(LockId lock) const {
  const auto waits = [&](std::uint32_t i) { return members_[i].waits_for == lock; };
  std::size_t remaining = alone_.size();
  // Where those that wait for the lock stand, one may remain that was not alone.
  std::unordered_map<StackId, std::size_t> waiting_at;
  for (const std::uint32_t i : waiters(lock)) {
    ++waiting_at[members_[i].stack];
    if (alone(members_[i])) --remaining;
  }
  std::optional<ThreadIndex> left_over;
  for (const auto& [stack, count] : waiting_at) {
    const Indices& here = of_stack_.at(stack);
    if (here.size() != count + 1) continue;
    const Member& member = members_[*std::find_if_not(here.begin(), here.end(), waits)];
    if (!member.one_thread) continue;
    ++remaining;
    left_over = member.thread;
  }
  if (remaining != 1) return std::nullopt;
  return left_over ? left_over : members_[*std::find_if_not(alone_.begin(), alone_.end(), waits)].thread;
}

}  // namespace tailback::analyze
