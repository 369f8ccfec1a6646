// Whether a finding was seen before: in the other recordings that were analysed with it, and in incident files that keep what they were found to hold.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analyze/analysis.h"
#include "runtime/incident/signature_store.h"

namespace tailback::analyze {

/// One incident, as far as it takes to recognise it and what it was.
struct PastIncident {
  std::string file;
  std::int64_t wall_ns = 0;          ///< 0: unknown
  std::int64_t pid = 0;              ///< 0: unknown
  std::string host;
  std::vector<std::string> signatures;  ///< sorted
};

/// When the recording's incident was: its first dump, else its start; 0: unknown.
[[nodiscard]] std::int64_t incident_time(const Recording& recording);

/// What an incident file keeps of an analysis.
[[nodiscard]] std::vector<FindingSignature> signatures_of(const Analysis& analysis);
[[nodiscard]] PastIncident past_incident(const Recording& recording, const Analysis& analysis);
[[nodiscard]] PastIncident past_incident(std::string file, const RecordedIncident& recorded);

/// Fills Finding::seen_before of every finding from the incidents that are earlier: of `past`, and of the recordings among each other, by time, or by
/// their order where times are not known (`past` first). The same incident in two files is one, and never its own past. Of signatures that are not
/// the same the nearest counts, if most of its parts are equal.
void fill_history(std::span<const Recording> recordings, std::span<Analysis> analyses, std::span<const PastIncident> past = {});

}  // namespace tailback::analyze
