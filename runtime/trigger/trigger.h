// A trigger: a rule over the samples of a process, written as one line of text that is the same in code, in the
// environment and on the command line.
//
//   threads > 1000                             a metric beyond a number
//   heap_in_use > 1GiB for 30s                 … and for that long without a break
//   rss > 80% of limit                         … beyond a share of the metric's limit (memory_limit for rss)
//   cgroup_usage >= 90% of cgroup_limit        … or of any other metric
//   open_files > limit - 100                   … or close to it
//   lock_wait > 10s
//   rate(threads) > 50/s                       the metric's growth per second
//   predicted(cgroup_usage) >= limit - 64MiB   where the metric will be one sample on, if it goes on as it did
//   deadlock                                   short for deadlock > 0
//
// Comparisons are > >= < <=. Sizes: B kB MB GB TB (powers of 1000), KiB MiB GiB TiB (of 1024). Times: ns us ms s m h d.
// Any word may be a metric, because services add gauges of their own; the units of known metrics are checked.
//
// Thread safety: plain values and pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tailback/result.h>

namespace tailback {

enum class Comparison : std::uint8_t { kAbove, kAtLeast, kBelow, kAtMost };

/// What of the metric is compared.
enum class Derivation : std::uint8_t {
  kValue,
  kRate,       ///< (current − previous) / time between them, per second
  kPredicted,  ///< current + (current − previous)
};

struct Trigger {
  std::string text;    ///< as written, without surrounding space; also the trigger's name in files and reports
  std::string metric;
  Derivation derivation = Derivation::kValue;
  Comparison comparison = Comparison::kAbove;

  /// The threshold is `fraction` × the limit metric + `offset`; without a limit metric it is `offset`.
  /// Units: the metric's.
  double offset = 0;
  double fraction = 0;
  std::string limit_metric;  ///< empty: the threshold is a number

  std::chrono::nanoseconds duration{0};  ///< how long the condition must have held without a break

  friend bool operator==(const Trigger&, const Trigger&) = default;
};

/// Where in a trigger's text the reader stopped. The message of the Error has the same column.
struct TriggerProblem {
  std::size_t column = 0;  ///< 1-based, in bytes of the whole text
};

/// Errors: kInvalidArgument, message "column 11: expected a number, found 'many'", context the text.
[[nodiscard]] Result<Trigger> parse_trigger(std::string_view text, TriggerProblem* problem = nullptr);

/// Several triggers, separated by `;`, `,` or line ends; empty ones are skipped. Columns count from the start of `text`.
[[nodiscard]] Result<std::vector<Trigger>> parse_triggers(std::string_view text, TriggerProblem* problem = nullptr);

/// A time as triggers write them after `for`: "100ms", "1.5h". Not negative, ten years at most.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// The error with the text and a caret below the column: three lines, for terminals and logs.
[[nodiscard]] std::string point_at(std::string_view text, std::size_t column, std::string_view message);

/// `threads > 1000; heap_in_use > 1GiB; rss > 80% of limit; deadlock`
[[nodiscard]] std::string_view default_triggers();

}  // namespace tailback
