// Metrics that a log's lines tell, as samples: by patterns given on the command line, and by the keys that services use.
//
//   --metric 'goroutines=(?<threads>\d+) heap_inuse_mb=(?<heap_in_use:MiB>\d+)'
//
// A group's name is the metric's; after a colon stands the unit of what it matches, for what its own unit is not. Without any
// pattern, "goroutines=61 heap_sys_mb=71 heap_inuse_mb=12" (and "goroutines":61, rss_bytes=…, see metric_lines.cc) are known.
//
// Cost: a line without the literal text of a pattern costs a search for that text; no expression runs on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tailback/result.h>

namespace tailback::replay {

struct MetricReading {
  std::string_view name;  ///< valid for the MetricLines' life
  std::string_view unit;  ///< of the metric: "bytes", "seconds", "count", "ratio"
  double value = 0;       ///< in that unit
};

class MetricLines {
 public:
  /// Errors: kInvalidArgument, with the pattern as context.
  static Result<std::unique_ptr<MetricLines>> create(const std::vector<std::string>& patterns);
  ~MetricLines();
  MetricLines(const MetricLines&) = delete;
  MetricLines& operator=(const MetricLines&) = delete;

  /// Whether a line within `text`, some KB of many lines, may tell anything. Of a dump's text, nearly always false, at a small part of the cost
  /// of asking for each line.
  [[nodiscard]] bool may_read(std::string_view text) const;

  /// What `line` tells; empty for nearly every line. Valid until the next call.
  const std::vector<MetricReading>& read(std::string_view line);

 private:
  struct Pattern;
  MetricLines();
  void read_known_keys(std::string_view line);

  std::vector<std::unique_ptr<Pattern>> patterns_;
  std::vector<MetricReading> readings_;
};

}  // namespace tailback::replay
