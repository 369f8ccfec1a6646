// sweep(): the staircase of a recording beside that of a calm stretch, and the threshold that follows from both.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "replay/timeline/change_point.h"
#include "replay/timeline/staircase.h"
#include "replay/timeline/timeline.h"

namespace tailback::replay {
namespace {

constexpr std::size_t kCalmSamples = 10;      // fewer say nothing of what is normal
constexpr double kMargin = 1.25;              // above what a calm stretch reached
constexpr std::size_t kMostRows = 40;
constexpr double kShortCalm = 3600;           // seconds

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string minutes(double seconds) {
  char text[48];
  if (seconds < 120) {
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  } else {
    std::snprintf(text, sizeof text, "%.1f min", seconds / 60);
  }
  return text;
}

/// 1, 1.5, 2, 3, 5, 7 × 10^k, for bytes × 2^10k too: thresholds as people write them.
std::vector<double> round_numbers(double from, double to, std::string_view unit) {
  std::vector<double> numbers;
  if (!(to > 0)) return numbers;
  const double base = unit == "bytes" ? 1024.0 : 1.0;
  double scale = 1;
  while (base > 1 && scale * base <= to) scale *= base;
  const double lowest = std::max(from, to * 1e-6);
  for (double unit_scale = scale; unit_scale >= 1; unit_scale /= base > 1 ? base : 1e300) {
    const double top = base > 1 && unit_scale < scale ? base * unit_scale : to;
    const double first = std::pow(10.0, std::floor(std::log10(std::max(lowest / unit_scale, 1e-9))));
    for (double decade = first; decade * unit_scale <= top; decade *= 10) {
      for (const double digit : {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}) {
        const double value = digit * decade * unit_scale;
        if (value >= from && value < to && value < top) numbers.push_back(value);
      }
    }
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

std::vector<double> thin(std::vector<double> numbers) {
  if (numbers.size() <= kMostRows) return numbers;
  std::vector<double> kept;
  for (std::size_t i = 0; i < kMostRows; ++i) kept.push_back(numbers[i * (numbers.size() - 1) / (kMostRows - 1)]);
  return kept;
}

/// The next round number at or above.
double rounded_up(double value, std::string_view unit) {
  const std::vector<double> candidates = round_numbers(value, value * 10, unit);
  return candidates.empty() ? std::ceil(value) : candidates.front();
}

struct Calm {
  Series series;
  std::string source;
};

Calm calm_stretch(const Series& series, const Recording* calm, std::string_view name) {
  if (calm != nullptr) return {series_of(*calm, calm->find_metric(name)), calm->info.file.empty() ? "the calm recording" : calm->info.file};
  const std::optional<std::size_t> onset = growth_onset(series.seconds, series.values);
  if (!onset || *onset + 1 < kCalmSamples) return {};
  Calm found{series, "before it grew"};
  found.series.seconds.resize(*onset + 1);
  found.series.values.resize(*onset + 1);
  return found;
}

Recommendation recommend(const Sweep& sweep, const Staircase& incident, const Series& series) {
  const std::optional<double> top = incident.highest();
  if (!top) return {std::nullopt, "the recording holds no value for so long as `for` asks"};
  if (!sweep.calm_highest) {
    return {std::nullopt, "nothing is known of calm days: give a recording of one with --calm FILE"};
  }
  const double floor = *sweep.calm_highest;
  if (floor >= *top) return {std::nullopt, "the calm stretch reaches " + number(floor) + ", the incident only " + number(*top) + ": this metric does not tell them apart"};
  double threshold = rounded_up(floor * kMargin, sweep.unit);
  std::string margin = "a quarter above the highest calm value, " + number(floor) + ", rounded up";
  if (threshold >= *top) {
    threshold = floor + (*top - floor) / 2;
    margin = "half way between the highest calm value, " + number(floor) + ", and that of the incident, " + number(*top) + ", which are close";
  }
  const std::optional<std::size_t> fires = incident.first_firing(threshold);
  const double lead = fires ? series.seconds.back() - series.seconds[*fires] : 0;
  std::string why = margin + "; it fires " + minutes(lead) + " before the end of the recording and never on " + minutes(sweep.calm_seconds) + " of calm";
  if (sweep.calm_seconds < kShortCalm) why += ", which is short: a recording of a calm day (--calm) says more";
  return {threshold, std::move(why)};
}

}  // namespace

Sweep sweep(const Recording& recording, MetricId metric, std::chrono::nanoseconds duration, const Recording* calm) {
  Sweep result;
  result.metric = recording.metrics[metric.index].name;
  result.unit = recording.metrics[metric.index].unit;
  result.for_seconds = std::chrono::duration<double>(duration).count();
  const Series series = series_of(recording, metric);
  if (series.values.empty()) {
    result.recommendation.why = "no sample has this metric";
    return result;
  }
  const Staircase incident(series.seconds, series.values, result.for_seconds);
  result.stairs = incident.stairs();
  const Calm stretch = calm_stretch(series, calm, result.metric);
  const Staircase quiet(stretch.series.seconds, stretch.series.values, result.for_seconds);
  if (!stretch.series.values.empty()) {
    result.calm_seconds = stretch.series.seconds.back() - stretch.series.seconds.front();
    result.calm_highest = quiet.highest();
    result.calm_source = stretch.source;
  }
  const auto [low, high] = std::minmax_element(series.values.begin(), series.values.end());
  result.end_wall_ns = recording.samples[series.samples.back()].wall_ns;
  for (const double threshold : thin(round_numbers(*low, *high, result.unit))) {
    SweepRow row;
    row.threshold = threshold;
    row.sample = incident.first_firing(threshold);
    row.firings = incident.firings(threshold);
    row.false_firings = quiet.firings(threshold);
    if (row.sample) {
      row.fires_wall_ns = recording.samples[series.samples[*row.sample]].wall_ns;
      row.lead_seconds = series.seconds.back() - series.seconds[*row.sample];
    }
    result.rows.push_back(row);
  }
  result.recommendation = recommend(result, incident, series);
  return result;
}

}  // namespace tailback::replay
