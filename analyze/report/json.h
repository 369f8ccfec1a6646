// The JSON report, schema tailback.report/1 (REPORT.md).
#pragma once

#include <span>
#include <string>

#include "analyze/report/report.h"

namespace tailback::analyze {

/// One object; a line of its own for each dump, group, lock and finding, so that line tools and diffs work on it.
/// `parts` is not empty. The first of them with the gravest finding is told at the top level, the rest under "others".
[[nodiscard]] std::string json_report(std::span<const ReportPart> parts, const ReportOptions& options);

}  // namespace tailback::analyze
