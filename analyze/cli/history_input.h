// Earlier incidents to recognise findings by (--history), and keeping what was found for later ones (--remember).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyze/compare/history.h"

namespace tailback::cli {

/// What these files and folders hold of past incidents. An incident file that keeps the conclusions of an analysis is not analysed again; any other
/// input is, alone. Of a folder the incident files count, not what lies beside them. A file that can't be read is an error if it was named.
[[nodiscard]] Result<std::vector<analyze::PastIncident>> read_history(const std::vector<std::string>& paths, const analyze::AnalyzeOptions& options);

/// Stores the conclusions in those inputs that are incident files; the others are left alone. An error if there is none.
[[nodiscard]] Result<void> remember(const std::vector<std::string>& paths, std::span<const Recording> recordings, std::span<const analyze::Analysis> analyses);

}  // namespace tailback::cli
