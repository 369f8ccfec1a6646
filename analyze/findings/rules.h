// The rules: one for each kind of finding, in the order in which they are tried.
//
// A rule is given a dump and what earlier rules have found in it (so that a queue behind a deadlock is not called contention once more), and
// adds its findings. `History` is the recording's other dumps.
#pragma once

#include <unordered_map>
#include <vector>

#include "analyze/findings/case.h"
#include "analyze/group/lock_directory.h"

namespace tailback::analyze {

struct History {
  const Recording& recording;
  const std::vector<DumpAnalysis>& dumps;
  const LockDirectory& locks;
  /// Threads by StackId, at most, in earlier dumps of which nothing was found: what waits there while all is well is normal.
  std::unordered_map<std::uint32_t, std::uint64_t> healthy;

  /// Whether as many threads stood on that stack when the service was well.
  [[nodiscard]] bool normal(StackId stack, std::uint64_t count) const {
    const auto known = healthy.find(stack.index);
    return known != healthy.end() && known->second >= count;
  }
};

struct Found {
  std::vector<Finding> findings;
  std::vector<NotEvaluated> not_evaluated;
};

struct Rule {
  FindingKind kind;
  void (*apply)(const Case& dump, const History& history, Found& found);
};

[[nodiscard]] const std::vector<Rule>& rules();

void find_deadlock_cycle(const Case&, const History&, Found&);
void find_all_at_locks(const Case&, const History&, Found&);
void find_recursive_lock(const Case&, const History&, Found&);
void find_recursive_read_lock(const Case&, const History&, Found&);
void find_orphaned_lock(const Case&, const History&, Found&);
void find_lock_convoy(const Case&, const History&, Found&);
void find_channel_deadlock(const Case&, const History&, Found&);
void find_stalled_holder(const Case&, const History&, Found&);
void find_pool_exhaustion(const Case&, const History&, Found&);
void find_exhausted_permits(const Case&, const History&, Found&);
void find_lost_signal(const Case&, const History&, Found&);
void find_all_asleep(const Case&, const History&, Found&);
void find_leak(const Case&, const History&, Found&);
void find_contention(const Case&, const History&, Found&);

/// Says which kinds can't be told from this dump, and why, where that is the same for several kinds; what one kind alone lacks, its own rule says.
void note_what_is_lacking(const Case& dump, Found& found);

/// Whether an earlier rule named this lock.
[[nodiscard]] bool named(const Found& found, LockId lock);

/// Whether a thread takes part and does more than accept connections, which brings nothing about that others wait for.
[[nodiscard]] bool acts(const Case& dump, ThreadIndex thread);

/// Whether a thread that is none of `members` (ascending) acts, and does what `idle` does not name.
[[nodiscard]] bool others_act(const Case& dump, const std::vector<ThreadIndex>& members, bool (*idle)(ActivityKind));

/// Whether a thread sleeps that does something when it wakes up, nobody knows what. Go's and native main()s sleep to wait for the others.
[[nodiscard]] bool wakes_up(const Case& dump, ThreadIndex thread);
/// Whether an earlier rule has told of threads on this stack: what they wait for says more than how many they are.
[[nodiscard]] bool told(const Case& dump, const Found& found, StackId stack);

/// The first of `count` threads that wait at a channel in one place.
[[nodiscard]] ChainLink channel_link(const Case& dump, ThreadIndex thread, std::uint64_t count);

/// What would refute a finding about holds: `observation`, and where a hold is inferred also a line of the program's `source`.
[[nodiscard]] std::string refuted_by(const Finding& finding, std::string source, const std::string& observation);

}  // namespace tailback::analyze
