// The recorder's own numbers: written by its threads as they go, read for the file and the metrics page.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/capture/capturer.h"
#include "runtime/trigger/engine.h"

namespace tailback {

struct Tallies {
  using Count = std::atomic<std::uint64_t>;
  Count samples_taken{0};
  Count samples_late{0};      ///< instants that passed while a dump was being captured
  Count samples_dropped{0};   ///< the writing thread did not keep up
  Count events_dropped{0};    ///< the same for openings, closings, dumps
  Count dumps{0};
  Count dumps_failed{0};
  Count dumps_not_stored{0};  ///< captured, and left in the spool
  Count threads_missed{0};
  Count callbacks_thrown{0};
  Count internal_errors{0};   ///< exceptions of our own, swallowed
  std::array<Count, kNoDumpReasons> no_dump{};
  std::array<Count, static_cast<std::size_t>(Absence::kCount)> absences{};

  /// Names as the incident file has them, in its table of counters.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> named() const;
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> no_dump_by_reason() const;
};

}  // namespace tailback
