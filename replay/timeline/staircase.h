// Every threshold of a metric at once: when each would first have fired, and how often on a calm stretch.
//
// A rule `x > θ for d` holds at a sample when x was above θ in every sample from j to now, j being the latest one at or before d ago. With m = the least x over
// those samples it is m > θ, so the running maxima of m form a staircase that answers for all θ at once, in one pass. (Taking only the samples within [t − d, t]
// instead of from j on is wrong where they come irregularly.) It fires anew wherever m rises through θ.
//
// Agrees with TriggerEngine, which decides live; tests/unit/timeline checks that on random series. Without the engine's 90 % for closing, so a metric that
// hovers at θ counts more often here.
//
// Thread safety: pure functions of values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::replay {

/// For thresholds in [from, to) the rule first fires at that sample.
struct Stair {
  double from = 0, to = 0;
  std::size_t sample = 0;       ///< index into the series
  double seconds = 0;           ///< since the first sample
};

class Staircase {
 public:
  /// `seconds` ascend. A gap longer than `staleness` breaks a run, as it does live; 0: never.
  Staircase(std::span<const double> seconds, std::span<const double> values, double for_seconds, double staleness_seconds = 300);

  [[nodiscard]] const std::vector<Stair>& stairs() const { return stairs_; }
  /// Index of the sample at which `> threshold` first fires; none: never.
  [[nodiscard]] std::optional<std::size_t> first_firing(double threshold) const;
  /// How often it goes from quiet to firing.
  [[nodiscard]] std::uint64_t firings(double threshold) const;
  /// The highest value that held for the duration: a threshold at or above it never fires. None: nothing held so long.
  [[nodiscard]] std::optional<double> highest() const;

 private:
  std::vector<Stair> stairs_;
  // Rises of m through thresholds in [from, to), as sorted ends: firings(θ) = begun at or below θ − ended at or below θ.
  std::vector<double> rises_from_, rises_to_;
};

/// A threshold, what it would have done, and why it is the one.
struct Recommendation {
  std::optional<double> threshold;
  std::string why;                     ///< also why there is none
};

struct SweepRow {
  double threshold = 0;
  std::optional<std::size_t> sample;   ///< first firing
  std::int64_t fires_wall_ns = 0;
  double lead_seconds = 0;             ///< to the end
  std::uint64_t firings = 0;           ///< in the recording
  std::uint64_t false_firings = 0;     ///< on the calm stretch
};

struct Sweep {
  std::string metric, unit;
  double for_seconds = 0;
  std::vector<SweepRow> rows;          ///< thresholds of round numbers over the metric's range, ascending
  std::vector<Stair> stairs;           ///< the whole curve
  double calm_seconds = 0;             ///< length of the calm stretch; 0: none
  std::optional<double> calm_highest;
  std::string calm_source;             ///< "calm.tailback", "before it grew, at 09:44:12"; empty: none
  std::int64_t end_wall_ns = 0;
  double false_per_day(const SweepRow& row) const { return calm_seconds > 0 ? static_cast<double>(row.false_firings) * 86400 / calm_seconds : 0; }
  Recommendation recommendation;
};

/// `calm`: a recording of a calm day; null: what lies before the metric's growth in the recording itself, if that is long enough.
[[nodiscard]] Sweep sweep(const Recording& recording, MetricId metric, std::chrono::nanoseconds duration, const Recording* calm);

}  // namespace tailback::replay
