#pragma once

#include <functional>

#include "runtime/incident/model.h"

namespace tailback::replay {

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kStart = 1'581'413'470 * kSecond;

/// A recording of `count` samples, one every `interval` seconds, of one metric.
inline Recording recording_of(std::string_view metric, std::string_view unit, std::size_t count, std::int64_t interval, const std::function<double(std::size_t)>& value) {
  Recording recording;
  const MetricId id = recording.metric(metric, unit);
  for (std::size_t i = 0; i < count; ++i) {
    Sample sample;
    sample.wall_ns = kStart + static_cast<std::int64_t>(i) * interval * kSecond;
    sample.values.push_back({id, value(i)});
    recording.samples.push_back(std::move(sample));
  }
  return recording;
}

/// The incident's shape: 60 threads for 20 minutes, then 58 more a second.
inline double incident_threads(std::size_t i) { return i < 120 ? 60 + static_cast<double>(i % 3) : 60 + 580.0 * static_cast<double>(i - 119); }

}  // namespace tailback::replay
