#include "replay/timeline/staircase.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

namespace tailback::replay {

Staircase::Staircase(std::span<const double> seconds, std::span<const double> values, double for_seconds, double staleness_seconds) {
  struct Kept {
    double seconds, value;
  };
  std::deque<Kept> least;  // values ascending: the front is the least since j
  std::size_t begin = 0, j = 0;
  constexpr double kNothing = -std::numeric_limits<double>::infinity();
  double before = kNothing, highest = kNothing;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && ((staleness_seconds > 0 && seconds[i] - seconds[i - 1] > staleness_seconds) || seconds[i] < seconds[i - 1])) {
      begin = j = i;
      least.clear();
      before = kNothing;
    }
    while (!least.empty() && least.back().value >= values[i]) least.pop_back();
    least.push_back({seconds[i], values[i]});
    while (j + 1 <= i && seconds[j + 1] <= seconds[i] - for_seconds) ++j;
    while (least.front().seconds < seconds[j]) least.pop_front();
    const bool long_enough = seconds[j] <= seconds[i] - for_seconds && j >= begin;
    const double m = long_enough ? least.front().value : kNothing;
    if (m > before) {
      rises_from_.push_back(before);
      rises_to_.push_back(m);
    }
    if (m > highest) {
      stairs_.push_back({highest, m, i, seconds[i] - seconds[0]});
      highest = m;
    }
    before = m;
  }
  std::sort(rises_from_.begin(), rises_from_.end());
  std::sort(rises_to_.begin(), rises_to_.end());
}

std::optional<std::size_t> Staircase::first_firing(double threshold) const {
  const auto stair = std::upper_bound(stairs_.begin(), stairs_.end(), threshold, [](double value, const Stair& one) { return value < one.to; });
  return stair == stairs_.end() ? std::nullopt : std::optional(stair->sample);
}

std::uint64_t Staircase::firings(double threshold) const {
  const auto begun = std::upper_bound(rises_from_.begin(), rises_from_.end(), threshold) - rises_from_.begin();
  const auto over = std::upper_bound(rises_to_.begin(), rises_to_.end(), threshold) - rises_to_.begin();
  return static_cast<std::uint64_t>(begun - over);
}

std::optional<double> Staircase::highest() const { return stairs_.empty() ? std::nullopt : std::optional(stairs_.back().to); }

}  // namespace tailback::replay
