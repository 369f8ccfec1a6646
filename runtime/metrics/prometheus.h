// The text page that Prometheus scrapes (exposition format 0.0.4), from the last sample.
//
// Names and help texts come from the table of known metrics; a service's gauge keeps its own name, with what Prometheus doesn't
// allow in one replaced. Every line has the label `instance`. Labels are bounded: never a thread, an address or an incident.
// Written here in eighty lines rather than by a library, because the runtime links none beyond SQLite.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback {

/// What the recorder tells of itself, beside the metrics.
struct PageTotals {
  std::string version;
  std::string allocator;                                              ///< empty: unknown
  std::vector<std::pair<std::string, std::uint64_t>> incidents;      ///< by trigger, all triggers, also those at 0
  std::vector<std::pair<std::string, std::uint64_t>> not_dumped;     ///< by reason
  std::uint64_t dumps = 0, threads_missed = 0, samples_lost = 0;
  double last_capture_seconds = 0;
  double last_incident_seconds = 0;                                  ///< since the epoch; 0: none yet
};

struct PageOptions {
  std::string instance = "1";
  bool process_metrics = true;  ///< those named process_…; off where the service exports them itself
};

[[nodiscard]] std::string prometheus_page(const std::vector<MetricInfo>& metrics, const Sample& sample, const PageTotals& totals,
                                          const PageOptions& options);

}  // namespace tailback
