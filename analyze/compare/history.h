// Whether a finding was seen before, in the other recordings that were analysed with it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyze/analysis.h"


namespace tailback::analyze {

/// When the recording's incident was: its first dump, else its start; 0: unknown.
[[nodiscard]] std::int64_t incident_time(const Recording& recording);

/// Fills Finding::seen_before of every finding from the recordings that are earlier, by time, or by their order where times are not
/// known. Of signatures that are not the same the nearest counts, if most of its parts are equal.
void fill_history(std::span<const Recording> recordings, std::span<Analysis> analyses);

}  // namespace tailback::analyze
