// The analyzer's result for one recording, from which every report is made.
//
// analyze() is a pure function of the recording and the options: no clock, no process, no I/O but
// the source files that the options name. The report writers (report/) and the comparisons (diff, trend, history) read this and nothing else.
#pragma once

#include <cstdint>
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

/// The threads of a dump that share a stack.
struct Group {
  std::vector<ThreadIndex> threads;  ///< in dump order
  std::uint64_t count = 0;           ///< sum of the rows' counts
  StackId stack;                     ///< of its first thread
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

struct AnalyzeOptions {
  GroupBy group_by = GroupBy::kLines;
  std::string source_dir;            ///< where the program's source may be read; empty: not at all
  bool source_from_paths = true;     ///< also read the files that the dump itself names, where they exist
};

struct Analysis {
  std::vector<DumpAnalysis> dumps;
  std::vector<Finding> findings;     ///< ranked by severity, then by threads blocked
  std::vector<NotEvaluated> not_evaluated;
};

/// Completes the recording's dumps (see classify) and concludes.
[[nodiscard]] Analysis analyze(Recording& recording, const AnalyzeOptions& options);

}  // namespace tailback::analyze
