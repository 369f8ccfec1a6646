#include "replay/timeline/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tailback::replay {

std::optional<LinearFit> linear_fit(std::span<const double> x, std::span<const double> y) {
  const std::size_t n = std::min(x.size(), y.size());
  if (n < 3) return std::nullopt;
  const auto count = static_cast<double>(n);
  // Means first: sums of squares of byte counts would lose the digits that matter.
  const double mean_x = std::accumulate(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n), 0.0) / count;
  const double mean_y = std::accumulate(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(n), 0.0) / count;
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < n; ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (!(xx > 0) || !(yy > 0)) return std::nullopt;
  return LinearFit{xy / xx, std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0)};
}

}  // namespace tailback::replay
