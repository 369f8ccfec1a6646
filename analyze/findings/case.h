// One dump as the rules see it, and the words that they share.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyze/analysis.h"
#include "analyze/classify/runtime_rules.h"
#include "analyze/findings/finding.h"
#include "analyze/graph/wait_graph.h"
#include "analyze/holders/bystanders.h"

namespace tailback::analyze {

class Case {
 public:
  Case(const Recording& recording, const DumpAnalysis& analysis);

  [[nodiscard]] const Recording& recording() const { return recording_; }
  [[nodiscard]] const Dump& dump() const { return dump_; }
  [[nodiscard]] std::size_t index() const { return analysis_.dump; }
  [[nodiscard]] const std::vector<Group>& groups() const { return analysis_.groups; }
  [[nodiscard]] const Activity& activity(ThreadIndex thread) const { return analysis_.activities[thread.index]; }
  [[nodiscard]] const WaitGraph& graph() const { return graph_; }
  [[nodiscard]] const RuntimeRules& rules() const { return rules_; }
  [[nodiscard]] ThreadView view(ThreadIndex thread) const { return {recording_.table, dump_.threads[thread.index]}; }

  // Who has a part in what goes on: see analyze/holders/bystanders.h.
  [[nodiscard]] std::uint16_t outermost_own(ThreadIndex thread) const { return bystanders_.outermost_own(dump_.threads[thread.index]); }
  [[nodiscard]] bool accepts(ThreadIndex thread) const { return bystanders_.accepts(dump_.threads[thread.index]); }
  [[nodiscard]] bool takes_part(ThreadIndex thread) const { return bystanders_.takes_part(dump_.threads[thread.index], activity(thread)); }

  /// Rings on holds that are strong, then rings that need a weak one.
  [[nodiscard]] const std::vector<Ring>& rings() const { return rings_; }
  /// Whether the thread stands in or behind a ring of which at least `likely` can be said.
  [[nodiscard]] bool explained(ThreadIndex thread) const { return explained_[thread.index]; }

  // What a thread does, in words for a chain's note and for an explanation: "reads or writes (read)", "sleeps".
  [[nodiscard]] std::string doing(ThreadIndex thread) const;
  /// Short name of a frame's function; "?" where there is none.
  [[nodiscard]] std::string function(ThreadIndex thread, std::size_t frame) const;
  /// Short name of the function that took a hold; where the frame is not known, of the thread's outermost own.
  [[nodiscard]] std::string holder(const Hold& hold) const;
  /// "Values holds", or "Values seems to hold" where the evidence is weak.
  [[nodiscard]] std::string holds(const Hold& hold) const;
  /// Short name of the own frame that called the wait.
  [[nodiscard]] std::string waiter(ThreadIndex thread) const;
  /// "HashSet.mu", else "rwlock 0xc0000b4008".
  [[nodiscard]] std::string lock(LockId lock) const;
  [[nodiscard]] std::string threads(std::uint64_t count) const;   ///< "1 goroutine", "47,842 threads"

  /// Confidence that a hold lends: observed certain, strong likely, weak possible. No hold (a writer that waits): see ring_confidence.
  [[nodiscard]] Confidence confidence(const Hold* hold) const;
  [[nodiscard]] Confidence ring_confidence(const Ring& ring) const;

  /// Locks that threads wait for, outside of any ring, of which nothing tells who holds them.
  [[nodiscard]] std::size_t locks_without_holder() const;
  /// "3 locks that threads wait for have no known holder"; empty where all have one.
  [[nodiscard]] std::string unknown_holders() const;
  /// "12 threads are missing from the dump"; empty where none is known to be.
  [[nodiscard]] std::string missing_threads() const;

  /// What every finding has: the dump, the oldest wait for its locks, the evidence of its holds.
  [[nodiscard]] Finding finding(FindingKind kind) const;
  [[nodiscard]] ChainLink link(ThreadIndex thread, const Hold* hold, const Wait* wait) const;
  void add_ring(Finding& finding, const Ring& ring) const;
  void add_evidence(Finding& finding, const Hold& hold) const;
  /// Fills blocked_directly and oldest_wait_ns from the finding's locks.
  void count_waiters(Finding& finding) const;
  /// One link for those that wait for a lock and are not in the chain, largest place first; the rest in `others`.
  void add_waiters(Finding& finding, LockId lock) const;

 private:
  [[nodiscard]] std::vector<Ring> find_rings() const;
  [[nodiscard]] std::size_t holding_frame(const Hold& hold) const;
  void find_explained();
  void find_namesakes();

  const Recording& recording_;
  const DumpAnalysis& analysis_;
  const Dump& dump_;
  const RuntimeRules& rules_;
  const Bystanders bystanders_;
  WaitGraph graph_, strong_graph_;
  std::vector<Ring> rings_;
  std::vector<bool> explained_;
  std::vector<bool> namesake_;  // by LockId: another lock of the dump bears the same name
};

/// A deadlock must be likely to be called one; what is only possible may end.
[[nodiscard]] FindingSeverity severity_of(Confidence confidence);

}  // namespace tailback::analyze
