#include "analyze/cli/report_options.h"

#include <CLI/CLI.hpp>

#include "analyze/cli/terminal.h"

namespace tailback::cli {

using analyze::GroupBy;

analyze::AnalyzeOptions ReportArguments::analyze_options() const {
  analyze::AnalyzeOptions options;
  for (const GroupBy level : {GroupBy::kExact, GroupBy::kLines, GroupBy::kFunctions, GroupBy::kLock}) {
    if (group == analyze::to_string(level)) options.group_by = level;
  }
  options.source_dir = source_dir;
  options.source_from_paths = !no_source;
  return options;
}

analyze::TextOptions ReportArguments::text_options() const {
  analyze::TextOptions options;
  options.top = top;
  const bool to_file = !output.empty() && output != "-";
  if (!to_file) options.width = output_width();
  options.colour = !to_file && output_wants_colour();
  return options;
}

void add_report_options(CLI::App& command, ReportArguments& arguments) {
  command.add_option("--format", arguments.format, "text (default) or json")->check(CLI::IsMember({"text", "json"}))->type_name("FORMAT");
  command.add_option("-o,--output", arguments.output, "Write the report to this file")->type_name("FILE");
  command.add_option("--top", arguments.top, "Show at most this many groups of a dump")->type_name("N")->check(CLI::Range(1, 1'000'000'000));
  command.add_option("--group", arguments.group, "What makes stacks alike: exact, lines (default), functions, lock")
      ->check(CLI::IsMember({"exact", "lines", "functions", "lock"}))
      ->type_name("LEVEL");
  command.add_option("--source", arguments.source_dir, "Read the program's source below this directory")->type_name("DIR")->check(CLI::ExistingDirectory);
  command.add_flag("--no-source", arguments.no_source, "Read no source, not even the files that the dump names");
}

}  // namespace tailback::cli
