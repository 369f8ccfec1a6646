// The metrics that tailback knows by name: one table, from which triggers take their words and units, the
// readers their ids, and the Prometheus page its names and help texts.
//
// A metric's name is the word that a trigger uses. Services add gauges of their own beside these; what is not in the
// table has the unit that its gauge declares.
//
// Units: bytes, seconds (of time or of processor time), count, ratio (0 … 1).
// Thread safety: constants.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tailback {

struct KnownMetric {
  std::string_view name;
  std::string_view unit;
  bool counter = false;         ///< only ever grows while the process lives
  std::string_view limit;       ///< the metric that `limit` means in a trigger over this one; empty: it has none
  std::string_view prometheus;  ///< its name on the Prometheus page
  std::string_view help;        ///< one sentence, for people
};

/// All of them, in the order in which reports show them.
[[nodiscard]] std::span<const KnownMetric> known_metrics();

/// The entry of that name, or null.
[[nodiscard]] const KnownMetric* find_known_metric(std::string_view name);

}  // namespace tailback
