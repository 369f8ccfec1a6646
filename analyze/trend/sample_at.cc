#include "analyze/trend/sample_at.h"

#include <algorithm>
#include <cstdlib>

namespace tailback::analyze {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

std::int64_t typical_distance(const std::vector<Sample>& samples) {
  if (samples.size() < 2) return 0;
  return (samples.back().wall_ns - samples.front().wall_ns) / static_cast<std::int64_t>(samples.size() - 1);
}

}  // namespace

const Sample* sample_at(const Recording& recording, std::int64_t wall_ns) {
  const std::vector<Sample>& samples = recording.samples;
  if (wall_ns == 0) return nullptr;
  const auto after = std::upper_bound(samples.begin(), samples.end(), wall_ns,
                                      [](std::int64_t time, const Sample& sample) { return time < sample.wall_ns; });
  const Sample* nearest = nullptr;
  std::int64_t least = std::max(kMinute, 2 * typical_distance(samples)) + 1;
  for (auto candidate = after == samples.begin() ? after : after - 1; candidate != samples.end() && candidate <= after; ++candidate) {
    const std::int64_t away = std::abs(candidate->wall_ns - wall_ns);
    if (candidate->wall_ns == 0 || away >= least) continue;
    nearest = &*candidate;
    least = away;
  }
  return nearest;
}

}  // namespace tailback::analyze
