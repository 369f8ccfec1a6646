#include "replay/timeline/change_point.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tailback::replay {
namespace {

struct Hinge {
  std::size_t at = 0;
  double slope = 0;
  double error = 0;  ///< sum of squares
};

/// The best hinge and the squared error of a constant, from suffix sums of x = t − τ over the points after τ.
struct Fits {
  Hinge hinge;
  double constant_error = 0;
};

Fits fit(std::span<const double> t, std::span<const double> y) {
  const std::size_t n = t.size();
  const auto count = static_cast<double>(n);
  double sum_y = 0, sum_yy = 0;
  // Shifted by the first value: what is left is of the size of the change, not of the metric.
  for (const double value : y) {
    sum_y += value - y[0];
    sum_yy += (value - y[0]) * (value - y[0]);
  }
  Fits fits;
  fits.constant_error = sum_yy - sum_y * sum_y / count;
  fits.hinge.error = fits.constant_error;
  double after = 0, t1 = 0, t2 = 0, y1 = 0, ty = 0;  // over the points after the hinge, times relative to t[0]
  for (std::size_t i = n; i-- > 0;) {
    const double tau = t[i] - t[0];
    const double sum_x = t1 - after * tau;
    const double sum_xx = t2 - 2 * tau * t1 + after * tau * tau;
    const double sum_xy = ty - tau * y1;
    const double spread = sum_xx - sum_x * sum_x / count;
    if (spread > 0) {
      const double together = sum_xy - sum_x * sum_y / count;
      const double error = fits.constant_error - together * together / spread;
      if (error < fits.hinge.error) fits.hinge = {i, together / spread, error};
    }
    after += 1;
    t1 += tau;
    t2 += tau * tau;
    y1 += y[i] - y[0];
    ty += tau * (y[i] - y[0]);
  }
  return fits;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

std::optional<std::size_t> growth_onset(std::span<const double> t, std::span<const double> y) {
  const std::size_t n = std::min(t.size(), y.size());
  if (n < 4) return std::nullopt;
  const auto [hinge, constant_error] = fit(t.first(n), y.first(n));
  if (hinge.slope <= 0 || hinge.error > 0.5 * constant_error) return std::nullopt;
  // The level before the growth and its noise, from the part that surely lies before: the first third up to the hinge.
  const std::size_t quiet = std::max<std::size_t>(1, (hinge.at + 1) / 3);
  std::vector<double> before(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(quiet));
  const double level = median(before);
  for (double& value : before) value = std::fabs(value - level);
  constexpr double kDeviationsOfMad = 1.4826;  // makes the median deviation comparable to a standard deviation
  const double noise = std::max({4 * kDeviationsOfMad * median(before), 0.05 * std::fabs(level), 1e-9});
  if (y[n - 1] - level < 2 * noise) return std::nullopt;
  std::size_t onset = std::max(hinge.at, std::size_t{0});
  while (onset > 0 && y[onset] > level + noise) --onset;
  // From there forwards: the hinge of a slow start lies a little early.
  while (onset + 1 < n && y[onset + 1] <= level + noise) ++onset;
  return onset;
}

}  // namespace tailback::replay
