// The analyzer's result for one recording, from which every report is made.
//
// analyze() is a pure function of the recording and the options: no clock, no process, no I/O but
// the source files that the options name. The report writers (report/) and the comparisons (diff, trend, history) read this and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyze/classify/activity.h"
#include "analyze/findings/finding.h"
#include "runtime/incident/model.h"

namespace tailback::analyze {

/// How alike two threads must be to share a group. Lock identity and mode always count.
enum class GroupBy : std::uint8_t {
  kExact,      ///< the whole stack with its argument words and addresses
  kLines,      ///< function, file and line (the default)
  kFunctions,  ///< functions only
  kLock,       ///< the lock waited for and the mode; the stack where there is none
};

/// The words of --group: "exact", "lines", "functions", "lock".
[[nodiscard]] std::string_view to_string(GroupBy);

/// The threads of a dump that share a stack.
struct Group {
  std::vector<ThreadIndex> threads;  ///< in dump order
  std::uint64_t count = 0;           ///< sum of the rows' counts
  StackId stack;                     ///< of its first thread
  std::uint32_t shape = 0;           ///< the same for groups of all dumps whose stacks are alike at the level of grouping
  ThreadState state = ThreadState::kUnknown;
  ActivityKind activity = ActivityKind::kUnknown;
  LockId lock;                       ///< none: waits for no lock
  LockMode mode = LockMode::kExclusive;
  std::int64_t shortest_wait_ns = -1, longest_wait_ns = -1;  ///< -1: unknown
};

struct DumpAnalysis {
  std::size_t dump = 0;              ///< index into Recording::dumps
  std::vector<Activity> activities;  ///< by ThreadIndex
  std::vector<Group> groups;         ///< largest first
};

/// One group through all dumps.
struct GroupTrend {
  std::size_t first_dump = 0;                  ///< index into Recording::dumps of the first dump that shows it
  std::size_t dump = 0, group = 0;             ///< of the last dump that shows it, and its index in DumpAnalysis::groups
  std::vector<std::uint64_t> counts;           ///< by index into Recording::dumps
  std::optional<double> growth_per_second;
};

struct AnalyzeOptions {
  GroupBy group_by = GroupBy::kLines;
  std::string source_dir;            ///< where the program's source may be read; empty: not at all
  bool source_from_paths = true;     ///< also read the files that the dump itself names, where they exist: source, debug information
};

struct Analysis {
  std::vector<DumpAnalysis> dumps;
  std::vector<Finding> findings;     ///< ranked by severity, then by threads blocked
  std::vector<NotEvaluated> not_evaluated;
  std::vector<GroupTrend> trends;    ///< of groups in more than one dump, or new after the first; largest first
};

/// Completes the recording's dumps (see classify) and concludes.
[[nodiscard]] Analysis analyze(Recording& recording, const AnalyzeOptions& options);

}  // namespace tailback::analyze
