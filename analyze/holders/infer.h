// Holders that no dump prints, inferred from the stacks and from the source.
//
// Runs after classify(): adds Holds of basis `inferred`, each with its evidence in words and a strength (2 supports `likely`, 1 only
// `possible`). Locks whose holder is on record are left alone. Where several threads could hold an exclusive lock and nothing tells them apart,
// none is named: a wrong holder is worse than "not recorded".
#pragma once

#include "analyze/analysis.h"

namespace tailback::analyze {

void infer_holders(Recording& recording, std::size_t dump, const std::vector<Activity>& activities, const AnalyzeOptions& options);

}  // namespace tailback::analyze
