// How the groups of a recording grew from dump to dump.
#pragma once

#include <vector>

#include "analyze/analysis.h"
#include "analyze/group/lock_directory.h"

namespace tailback::analyze {

/// The groups that are in more than one dump or appeared after the first, largest in the last dump first.
/// `analysis` has its groups; times are the dumps'.
[[nodiscard]] std::vector<GroupTrend> group_trends(const Recording& recording, const Analysis& analysis, const LockDirectory& locks);

/// Growth between the first dump in which the series is not zero and the last; from zero where the dump before had none of it. None
/// without two dumps of known and different times.
[[nodiscard]] std::optional<double> growth_per_second(const Recording& recording, const std::vector<std::uint64_t>& counts);

}  // namespace tailback::analyze
