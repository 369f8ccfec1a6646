// How closely two series move together, and by how much.
#pragma once

#include <optional>
#include <span>

namespace tailback::replay {

struct LinearFit {
  double slope = 0;  ///< of y over x, by least squares
  double r = 0;      ///< Pearson's coefficient, -1 … 1
};

/// None with fewer than three points, or when one of the series does not move: nothing can be said then.
[[nodiscard]] std::optional<LinearFit> linear_fit(std::span<const double> x, std::span<const double> y);

}  // namespace tailback::replay
