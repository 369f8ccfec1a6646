// What a recording says as a whole: when it began, how fast it grew, what grew with what, and how much time there was.
//
// Thread safety: pure functions of values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::replay {

/// A metric whose series ends in growth that stands out from its noise.
struct Growth {
  std::string metric, unit;
  std::int64_t began_wall_ns = 0;  ///< last sample before it grew
  double before = 0, after = 0;    ///< at that sample, and at the last
  double per_second = 0;           ///< from there to the last
  std::optional<double> r;         ///< Pearson's coefficient with the thread count; none: not to be said
};

struct Summary {
  std::int64_t from_wall_ns = 0, to_wall_ns = 0;
  std::uint64_t samples = 0, dumps = 0, breaches = 0, lock_events = 0;
  std::vector<Growth> growing;                ///< threads first, then by r
  // The function of the program's own that most threads of the last dump stand in.
  std::string group;                          ///< empty: no dump
  std::vector<std::pair<std::int64_t, std::uint64_t>> group_over_time;  ///< (time of dump, threads)
  std::optional<double> group_per_second;
  std::int64_t group_began_wall_ns = 0;       ///< its change point, else the time of the first dump that has it; 0: unknown
  std::int64_t first_stuck_wall_ns = 0;       ///< when the thread of it that waits longest began to wait; 0: the dumps don't tell
  bool first_stuck_before_recording = false;
  std::int64_t first_breach_wall_ns = 0;      ///< 0: none
  std::string first_breach;

  /// The earliest sign of it: of the first stuck thread, the group and the metrics; 0: nothing grew.
  [[nodiscard]] std::int64_t began_wall_ns() const;
};

[[nodiscard]] Summary summarise(const Recording& recording);

}  // namespace tailback::replay
