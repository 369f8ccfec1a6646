// Metrics that one reading yields together, and how often it may be read.
//
// A group names its metrics once and then writes their values into the places given; NaN means "not to be had now". What a
// reading costs differs by five orders of magnitude between systems (getrusage walks all threads, memory.stat flushes counters of all
// processors), so each group has a budget: after a reading that took d it is not read again for 100 × d, and its values keep
// their age. So no metric takes more than one percent of a processor, however large the process has grown.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tailback {

class MetricGroup {
 public:
  virtual ~MetricGroup() = default;

  /// Names from the table of known metrics. Stays the same for the group's life.
  [[nodiscard]] virtual std::span<const std::string_view> names() const = 0;

  /// Writes one value for each name, NaN for those that can't be had. Allocates nothing, takes no lock, does not block.
  virtual void read(std::span<double> values) = 0;
};

/// Spaces out readings by what they cost.
class CostBudget {
 public:
  static constexpr std::int64_t kSpacing = 100;

  [[nodiscard]] bool due(std::int64_t now_ns) const { return now_ns >= next_ns_; }
  void spent(std::int64_t begin_ns, std::int64_t end_ns, std::int64_t spacing = kSpacing) {
    next_ns_ = end_ns + (end_ns - begin_ns) * spacing;
  }

 private:
  std::int64_t next_ns_ = 0;
};

}  // namespace tailback
