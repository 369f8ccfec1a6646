// When a metric began to grow.
//
// The series is fitted as "level, then slope": y = a + b · max(0, t − τ), with the τ of least squared error. Queues that nobody
// drains grow like that. Growth that accelerates puts τ late, so the onset is then looked for backwards from τ: the last value that
// still lies within the noise of the level before. Rejected: a shift of the mean (CUSUM, PELT), which puts a ramp's onset in its middle.
//
// Cost: linear in the series.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace tailback::replay {

/// Index of the last point before the growth; none when the series does not end in growth that stands out from its noise.
/// `t` ascends, in any unit.
[[nodiscard]] std::optional<std::size_t> growth_onset(std::span<const double> t, std::span<const double> y);

}  // namespace tailback::replay
