// From classified dumps to conclusions, ranked.
//
// Each kind of finding is a rule of its own (one file pair, one line in the registry of rules.cc). A rule that lacks the data to
// decide says so. Pure: no clock, no I/O but the source files that the options name.
#pragma once

#include <vector>

#include "analyze/analysis.h"

namespace tailback::analyze {

/// `dumps` as analyze() made them, with their holders (see holders/infer.h) already in the recording.
[[nodiscard]] std::vector<Finding> find(const Recording& recording, const std::vector<DumpAnalysis>& dumps,
                                        const AnalyzeOptions& options, std::vector<NotEvaluated>& not_evaluated);

}  // namespace tailback::analyze
