// Threads that could hold a lock, by what their frames say.
//
// Scope:     a thread stands in the function from which others wait for the lock, past that line, and does not wait for it itself.
// Receiver:  a frame is a method of the object that the lock is in, and the thread goes on below it.
// Name:      the function's name says that the lock is expected to be held: `flushLocked`, `assert_held`.
// Argument:  a frame was given the lock, or the object that it is in.
// Rest:      all other threads wait for this very lock, or have nothing to do.
// Each is evidence, none is proof: a function may have given the lock back before it made the call.
#pragma once

#include <string>
#include <vector>

#include "analyze/holders/subjects.h"

namespace tailback::analyze {

enum class Evidence : std::uint8_t { kRest, kOtherLock, kArgument, kReceiverType, kName, kReceiver, kScopeType, kScope };

struct Candidate {
  std::size_t subject = 0;               ///< index into the subjects
  ThreadIndex thread;
  std::uint16_t frame = Hold::kNoFrame;  ///< the frame that would have taken it
  LockMode mode = LockMode::kExclusive;
  Evidence evidence = Evidence::kRest;
  bool waits_for_it = false;             ///< the thread itself waits for the lock: it would be a lock taken twice
  bool same_line = false;                ///< scope: at the line of the wait itself, not past it
  bool any_lambda = false;               ///< scope: in a lambda that the dump calls only "operator()", as it does every other of the file
  bool by_address = false;               ///< scope: past it in the function's code, of which no lines are known
  std::uint32_t place = 0;               ///< scope: index into Subject::places
};

/// All candidates, the best for each thread and lock. Cost: linear in threads, their frames and argument words.
[[nodiscard]] std::vector<Candidate> find_candidates(const Recording& recording, const Dump& dump, const std::vector<Activity>& activities,
                                                     const RuntimeRules& rules, const std::vector<Subject>& subjects);

}  // namespace tailback::analyze
