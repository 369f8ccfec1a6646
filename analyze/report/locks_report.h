// The reports of `tailback replay locks`: an interleaving, predictions, the check of a fix; as text and as JSON (schema tailback.replay-locks/1).
//
// Thread safety: pure functions of values.
#pragma once

#include <string>
#include <vector>

#include "analyze/report/text.h"
#include "replay/schedule/check_fix.h"
#include "replay/schedule/story.h"

namespace tailback::analyze {

/// What the reports say of the input first.
struct LocksInput {
  std::string file;
  std::string kind;              ///< "scenario", "trace"
  std::uint64_t threads = 0, locks = 0, events = 0;
  std::vector<Diagnostic> diagnostics;
};

struct LocksReportOptions {
  TextOptions text;
  bool all = false;              ///< list hazards and inversions too
  std::size_t rows = 60;         ///< of an interleaving; the last ones count
};

[[nodiscard]] std::string story_text(const LocksInput& input, const replay::Story& story, const LocksReportOptions& options);
[[nodiscard]] std::string story_json(const LocksInput& input, const replay::Story& story, std::string_view command, std::size_t rows = 0);
/// Only the way, in one line, who waits for whom, and the point of no return.
[[nodiscard]] std::string explain_text(const LocksInput& input, const replay::Story& story, const LocksReportOptions& options);

[[nodiscard]] std::string predict_text(const LocksInput& input, const replay::PredictReport& report, const LocksReportOptions& options);
[[nodiscard]] std::string predict_json(const LocksInput& input, const replay::PredictReport& report);

[[nodiscard]] std::string check_text(const LocksInput& input, const std::vector<std::string>& fixes, const replay::FixCheck& check, const LocksReportOptions& options);
[[nodiscard]] std::string check_json(const LocksInput& input, const std::vector<std::string>& fixes, const replay::FixCheck& check);

/// "refresher rdlock mu · worker wrlock mu (waits) · refresher rdlock mu (waits)".
[[nodiscard]] std::string way_text(const replay::Program& program, const std::vector<replay::Happened>& way);

}  // namespace tailback::analyze
