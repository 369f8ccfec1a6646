// Groups the threads of a dump that do the same, largest group first.
//
// What "the same" is depends on the level (GroupBy). The lock waited for and the mode always count, so that two queues in the
// same function are never taken for one.
#pragma once

#include <vector>

#include "analyze/analysis.h"
#include "analyze/group/shape_table.h"

namespace tailback::analyze {

/// Pure. `activities` has one entry for each thread of `dump`. `shapes` is shared by all dumps of a recording.
/// Cost: linear in threads and in distinct stacks.
[[nodiscard]] std::vector<Group> group_threads(const Dump& dump, const std::vector<Activity>& activities, GroupBy level,
                                               ShapeTable& shapes);

/// The wait of each thread of `dump`, or null; a thread's first one where a source recorded several.
[[nodiscard]] std::vector<const Wait*> waits_by_thread(const Dump& dump);

/// How long the thread has been where it is: its wait's own duration, else its state's; -1: unknown.
[[nodiscard]] std::int64_t waited_ns(const ThreadRecord& thread, const Wait* wait);

}  // namespace tailback::analyze
