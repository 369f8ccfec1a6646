// Which sample belongs to a moment.
#pragma once

#include <cstdint>

#include "runtime/incident/model.h"

namespace tailback::analyze {

/// The nearest sample, the earlier of two as near; none when the nearest is further away than twice the distance
/// between samples (a minute at least), or when times are unknown.
[[nodiscard]] const Sample* sample_at(const Recording& recording, std::int64_t wall_ns);

}  // namespace tailback::analyze
