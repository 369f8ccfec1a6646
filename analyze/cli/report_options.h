// The options that commands with a report share, and how a report is written out.
#pragma once

#include <cstddef>
#include <string>

#include "analyze/analysis.h"
#include "analyze/report/text.h"

namespace CLI {
class App;
}

namespace tailback::cli {

struct ReportArguments {
  std::string format = "text";  ///< or "json"
  std::string output;           ///< empty: standard output
  std::size_t top = 0;
  std::string group = "lines";
  std::string source_dir;
  bool no_source = false;

  [[nodiscard]] bool json() const { return format == "json"; }
  [[nodiscard]] analyze::AnalyzeOptions analyze_options() const;
  /// Width and colour of the terminal where the report goes to one.
  [[nodiscard]] analyze::TextOptions text_options() const;
};

/// Declares --format, -o, --top, --group, --source, --no-source on `command`.
void add_report_options(CLI::App& command, ReportArguments& arguments);

}  // namespace tailback::cli
