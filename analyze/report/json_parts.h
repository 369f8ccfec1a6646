// The objects of the JSON report, each as one line of text. REPORT.md says what every key means.
//
// Addresses, and whatever else is a 64-bit word, are hex strings: JSON's numbers would lose digits in most readers.
#pragma once

#include <string>

#include "analyze/report/lock_ids.h"
#include "analyze/report/metric_summary.h"
#include "analyze/report/report.h"

namespace tailback::analyze {

/// A JSON string literal.
[[nodiscard]] std::string json_text(std::string_view text);

[[nodiscard]] std::string recording_json(const Recording& recording);
/// The members of a dump before its groups, without braces.
[[nodiscard]] std::string dump_members_json(const Recording& recording, const Dump& dump, const LockIds& locks,
                                            std::size_t dump_index);
[[nodiscard]] std::string group_json(const Recording& recording, const Dump& dump, const Group& group, std::string_view lock_id);
[[nodiscard]] std::string lock_json(const Recording& recording, const LockIds::Entry& lock);
[[nodiscard]] std::string finding_json(const Recording& recording, const Finding& finding, const LockIds& locks);
[[nodiscard]] std::string trend_json(const ReportPart& part, const GroupTrend& trend, const LockIds& locks);
[[nodiscard]] std::string not_evaluated_json(const NotEvaluated& rule);
[[nodiscard]] std::string diagnostic_json(const Diagnostic& diagnostic);
[[nodiscard]] std::string breach_json(const Breach& breach);
[[nodiscard]] std::string metric_json(const Recording& recording, const MetricSummary& metric);

}  // namespace tailback::analyze
