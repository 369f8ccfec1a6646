// Since when, how fast, and what grows with it: fills the parts of a finding that only several dumps and samples can tell.
//
// The threads that stand where the finding says are counted in every dump: by the lock they wait for, where the lock can be told from dump to dump, else by
// what they do. Metrics between the dumps count only when that number explains most of the growth of `threads`.
#pragma once

#include "analyze/analysis.h"
#include "analyze/group/lock_directory.h"

namespace tailback::analyze {

/// Fills first_seen_wall_ns, oldest_wait_ns, growth_per_second, correlations and over_time of each finding, where the rule that
/// made it has not.
void fill_finding_trends(const Recording& recording, const LockDirectory& locks, Analysis& analysis);

}  // namespace tailback::analyze
