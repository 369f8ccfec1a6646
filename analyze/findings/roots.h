// What a queue ends at: from the waiters of a lock along the holders to the thread that waits for no lock.
#pragma once

#include <vector>

#include "analyze/findings/case.h"

namespace tailback::analyze {

/// A thread at the end of chains, and the locks whose queues stand behind it.
struct Root {
  ThreadIndex thread;                 ///< none: the chain ends at a lock of which no holder is known
  LockId lock;                        ///< that it holds, or whose holder is not known
  const Hold* hold = nullptr;
  std::vector<Step> chain;            ///< from a waiter of the longest queue to it
  std::uint64_t blocked = 0;          ///< threads behind it in all
  Confidence confidence = Confidence::kCertain;  ///< of the weakest hold on the chain
  std::int64_t oldest_wait_ns = -1;   ///< of those that wait for the lock
};

/// One for each root; those behind rings are left out. Largest queue first.
[[nodiscard]] std::vector<Root> find_roots(const Case& dump);

/// The chain from the root outwards, then the crowd: holder first.
void add_root(const Case& dump, Finding& finding, const Root& root);

}  // namespace tailback::analyze
