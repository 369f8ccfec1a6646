// Who could hold a lock because nobody else can: the threads that take part in the service's work, and do not wait for that lock.
//
// Worth something only where a single thread remains. Threads at one and the same place hold the same locks, and only one of them could hold this;
// so a place where several stand is none where it is held.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::analyze {

class Elimination {
 public:
  struct Member {
    ThreadIndex thread;
    StackId stack;
    LockId waits_for;         ///< none: for no lock
    bool one_thread = true;   ///< the row stands for one
  };

  explicit Elimination(std::vector<Member> members);

  /// Whether anybody remains beside those that wait for `lock`.
  [[nodiscard]] bool any_beside(LockId lock) const { return members_.size() > waiters(lock).size(); }
  /// The only thread at a place of its own that remains beside them. Cost: linear in those that wait for `lock`.
  [[nodiscard]] std::optional<ThreadIndex> only_one_beside(LockId lock) const;

 private:
  using Indices = std::vector<std::uint32_t>;  ///< into members_

  [[nodiscard]] const Indices& waiters(LockId lock) const;
  [[nodiscard]] bool alone(const Member& member) const { return member.one_thread && of_stack_.at(member.stack).size() == 1; }

  const std::vector<Member> members_;
  std::unordered_map<StackId, Indices> of_stack_;
  std::unordered_map<LockId, Indices> of_lock_;
  Indices alone_;  ///< at places of their own, when nobody is left out
};

}  // namespace tailback::analyze
