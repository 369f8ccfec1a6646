// tailback analyze INPUT…: groups, locks and findings, as text or JSON.
#include <CLI/CLI.hpp>

#include <charconv>
#include <memory>

#include "analyze/cli/command.h"
#include "analyze/cli/history_input.h"
#include "analyze/cli/input.h"
#include "analyze/cli/output.h"
#include "analyze/cli/report_options.h"
#include "analyze/report/json.h"

namespace tailback::cli {

using namespace tailback::analyze;

namespace {

struct AnalyzeArguments {
  InputOptions input;
  ReportArguments report;
  std::string dump;
  std::vector<std::string> history;
  bool remember = false;
  bool exit_code = false;
};

/// "last", "all", or a dump's id as reports print it.
Result<DumpChoice> parse_dump_choice(const std::string& word) {
  if (word.empty()) return DumpChoice{};
  if (word == "last") return DumpChoice{DumpChoice::Kind::kLast, 0};
  if (word == "all") return DumpChoice{DumpChoice::Kind::kAll, 0};
  DumpChoice choice{DumpChoice::Kind::kId, 0};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), choice.id);
  if (error != std::errc() || end != word.data() + word.size()) {
    return Error{ErrorCode::kInvalidArgument, "is neither a dump's number nor last nor all", "--dump " + word};
  }
  return choice;
}

/// The recordings as they stood at dump `id`: what came later is cut off, so that the report reads as it would have then.
Result<void> cut_after_dump(std::vector<Recording>& recordings, std::int64_t id) {
  bool found = false;
  for (Recording& recording : recordings) {
    const auto dump = std::find_if(recording.dumps.begin(), recording.dumps.end(), [&](const Dump& d) { return d.id == id; });
    if (dump == recording.dumps.end()) continue;
    found = true;
    const std::int64_t until = dump->wall_ns;
    recording.dumps.erase(dump + 1, recording.dumps.end());
    if (until != 0) std::erase_if(recording.samples, [&](const Sample& sample) { return sample.wall_ns > until; });
  }
  if (found) return {};
  return Error{ErrorCode::kInvalidArgument, "there is no such dump; there are: " + known_dumps(recordings), "--dump " + std::to_string(id)};
}

bool holds_deadlock(const std::vector<Analysis>& analyses) {
  for (const Analysis& analysis : analyses) {
    for (const Finding& finding : analysis.findings) {
      if (finding.severity == FindingSeverity::kDeadlock) return true;
    }
  }
  return false;
}

Result<Exit> run(const AnalyzeArguments& arguments) {
  const Result<DumpChoice> choice = parse_dump_choice(arguments.dump);
  if (!choice.ok()) return choice.error();
  if (Result<void> checked = check_output(arguments.report.output, arguments.input.paths); !checked.ok()) return checked.error();
  Result<std::vector<Recording>> read = read_recordings(arguments.input);
  if (!read.ok()) return read.error();
  std::vector<Recording>& recordings = read.value();
  if (choice->kind == DumpChoice::Kind::kId) {
    if (Result<void> cut = cut_after_dump(recordings, choice->id); !cut.ok()) return cut.error();
  }
  std::vector<Analysis> analyses;
  for (Recording& recording : recordings) analyses.push_back(analyze::analyze(recording, arguments.report.analyze_options()));
  const Result<std::vector<PastIncident>> past = read_history(arguments.history, arguments.report.analyze_options());
  if (!past.ok()) return past.error();
  fill_history(recordings, analyses, past.value());
  if (arguments.remember) {
    if (Result<void> kept = remember(arguments.input.paths, recordings, analyses); !kept.ok()) return kept.error();
  }
  std::vector<ReportPart> parts;
  for (std::size_t i = 0; i < recordings.size(); ++i) parts.push_back({recordings[i], analyses[i]});
  TextOptions options = arguments.report.text_options();
  options.dumps = choice.value();
  const std::string report = arguments.report.json() ? json_report(parts, options) : text_report(parts, options);
  if (Result<void> done = write_output(arguments.report.output, report); !done.ok()) return done.error();
  return arguments.exit_code && holds_deadlock(analyses) ? Exit::kDeadlockFound : Exit::kDone;
}

}  // namespace

void add_analyze_command(CLI::App& root, Exit& exit) {
  CLI::App* command = root.add_subcommand("analyze", "Group identical stacks, name the blocked lock, who holds it and why it never ends");
  const auto arguments = std::make_shared<AnalyzeArguments>();
  add_input_options(*command, arguments->input);
  add_report_options(*command, arguments->report);
  auto* dump = command->add_option("--dump", arguments->dump, "Number of the dump to report as of; last; all; default: the one the first finding is about")
      ->type_name("N");
  command->add_option("--history", arguments->history, "Earlier incidents, or folders of their files, to say of each finding whether it was seen before")
      ->type_name("PATH")
      ->expected(1);
  command->add_flag("--remember", arguments->remember, "Keep what was found in the incident files given, for a later --history")->excludes(dump);
  command->add_flag("--exit-code", arguments->exit_code, "Exit with 1 when a finding of severity deadlock is reported");
  command->callback([arguments, &exit] { exit = concluded(run(*arguments)); });
}

}  // namespace tailback::cli
