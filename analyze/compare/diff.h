// What changed between two dumps: of one recording, or of two.
//
// Groups are matched by what their threads do (the stack at the grouping level, the lock, the mode, the state). Between dumps of one process a lock is
// known by its address; between processes by its kind and name, and groups that only differ in an unnamed lock's address are taken together.
// Threads are compared by id, and only within one process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/analysis.h"

namespace tailback::analyze {

/// One of the two dumps.
struct DiffSide {
  const Recording* recording = nullptr;
  const Analysis* analysis = nullptr;
  std::size_t dump = 0;  ///< index into Recording::dumps

  [[nodiscard]] const Dump& get() const { return recording->dumps[dump]; }
  [[nodiscard]] const DumpAnalysis& analysed() const { return analysis->dumps[dump]; }
};

enum class ChangeKind : std::uint8_t { kNew, kGone, kGrown, kShrunk, kSame };
[[nodiscard]] std::string_view to_string(ChangeKind);

struct GroupChange {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  ChangeKind kind = ChangeKind::kSame;
  std::uint64_t before = 0, after = 0;
  std::size_t group_before = kNone, group_after = kNone;  ///< the largest such group of each side; index into DumpAnalysis::groups
  std::uint64_t unmoved = 0;  ///< threads that are on the same stack in both, with no CPU time used where that is known
};

struct LockChange {
  LockId before, after;  ///< none: not in that dump
  std::uint64_t waiting_before = 0, waiting_after = 0;
};

struct Diff {
  DiffSide before, after;
  bool same_process = false;       ///< threads and lock addresses can be compared
  std::string identity_reason;     ///< why, or why not
  std::optional<double> seconds;   ///< between the dumps; none: unknown
  std::vector<GroupChange> groups; ///< those that changed most first; unchanged ones last
  std::vector<LockChange> locks;   ///< whose queue is longer or shorter, most changed first
  std::uint64_t threads_started = 0, threads_ended = 0;  ///< by id; only within one process
  std::uint64_t threads_unmoved = 0;                     ///< not counting idle ones
};

[[nodiscard]] Diff diff_dumps(const DiffSide& before, const DiffSide& after, GroupBy level);

}  // namespace tailback::analyze
