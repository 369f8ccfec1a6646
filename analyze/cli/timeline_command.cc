#include "analyze/cli/timeline_command.h"

#include <CLI/CLI.hpp>

#include <chrono>

#include "analyze/cli/live_view.h"
#include "analyze/cli/output.h"
#include "analyze/cli/terminal.h"
#include "analyze/report/timeline_report.h"
#include "replay/timeline/evaluate_triggers.h"

namespace tailback::cli {

using namespace tailback::replay;

namespace {

/// Sizes and times have one grammar, that of triggers: `rss > 16GiB`, `lock_wait > 30s`.
Result<double> number_of(const std::string& text, std::string_view metric, std::string_view option) {
  const Result<Trigger> trigger = parse_trigger(std::string(metric) + " > " + text);
  if (trigger.ok() && trigger->fraction == 0 && trigger->duration.count() == 0) return trigger->offset;
  return Error{ErrorCode::kInvalidArgument, "is no " + std::string(metric == "rss" ? "size, like 16GiB" : "time, like 30s"), std::string(option) + " " + text};
}

Result<std::vector<Trigger>> triggers_of(const std::vector<std::string>& texts) {
  std::vector<Trigger> triggers;
  for (const std::string& text : texts) {
    Result<std::vector<Trigger>> parsed = parse_triggers(text);
    if (!parsed.ok()) return parsed.error();
    triggers.insert(triggers.end(), parsed->begin(), parsed->end());
  }
  return triggers;
}

struct Asked {
  std::vector<Trigger> triggers;
  double limit_bytes = 0;
  std::chrono::nanoseconds duration{0};
  std::vector<Recording> calm;
};

Result<Asked> parse(const InputOptions& input, const TimelineArguments& arguments) {
  Asked asked;
  Result<std::vector<Trigger>> triggers = triggers_of(arguments.triggers);
  if (!triggers.ok()) return triggers.error();
  asked.triggers = std::move(*triggers);
  if (!arguments.limit.empty()) {
    const Result<double> limit = number_of(arguments.limit, "rss", "--limit");
    if (!limit.ok()) return limit.error();
    asked.limit_bytes = *limit;
  }
  if (!arguments.duration.empty()) {
    const Result<double> seconds = number_of(arguments.duration, "lock_wait", "--for");
    if (!seconds.ok()) return seconds.error();
    asked.duration = std::chrono::nanoseconds(static_cast<std::int64_t>(*seconds * 1e9));
  }
  if (!arguments.calm.empty()) {
    InputOptions calm = input;
    calm.paths = {arguments.calm};
    Result<std::vector<Recording>> read = read_recordings(calm);
    if (!read.ok()) return read.error();
    asked.calm = std::move(*read);
  }
  return asked;
}

std::string known_metrics(const Recording& recording) {
  std::string names;
  for (const MetricInfo& metric : recording.metrics) names += (names.empty() ? "" : ", ") + metric.name;
  return names.empty() ? "none" : names;
}

Result<analyze::TimelineReport> report_on(const Recording& recording, const TimelineArguments& arguments, const Asked& asked) {
  analyze::TimelineReport report;
  report.recording = &recording;
  report.events = asked.triggers.empty() && arguments.sweeps.empty();
  std::vector<Trigger> triggers = asked.triggers;
  if (asked.limit_bytes > 0 && triggers.empty()) triggers = *parse_triggers(default_triggers());
  if (!triggers.empty()) report.what_if = what_if(recording, triggers, asked.limit_bytes);
  for (const std::string& name : arguments.sweeps) {
    const MetricId metric = recording.find_metric(name);
    if (!metric.valid()) return Error{ErrorCode::kInvalidArgument, "the recording has no such metric; it has: " + known_metrics(recording), "--sweep " + name};
    report.sweeps.push_back(sweep(recording, metric, asked.duration, asked.calm.empty() ? nullptr : &asked.calm.front()));
  }
  return report;
}

}  // namespace

void add_timeline_options(CLI::App& command, TimelineArguments& arguments) {
  const auto repeated = [](CLI::Option* option) { option->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll); };
  repeated(command.add_option("--trigger", arguments.triggers, "What if: a trigger to try, e.g. 'threads > 500'; may be repeated")->type_name("TRIGGER"));
  repeated(command.add_option("--sweep", arguments.sweeps, "Every threshold of a metric at once, and the one to choose; may be repeated")->type_name("METRIC"));
  command.add_option("--for", arguments.duration, "With --sweep: how long it must hold, e.g. 30s")->type_name("TIME");
  command.add_option("--calm", arguments.calm, "With --sweep: a recording of a calm day, for false firings")->type_name("FILE");
  command.add_option("--limit", arguments.limit, "Lead time before this much memory, extrapolated where the recording ends before it, e.g. 16GiB")->type_name("SIZE");
  command.add_option("--speed", arguments.speed, "Seconds of the recording in one second of the live view (default: all in half a minute)")->check(CLI::PositiveNumber);
  command.add_flag("--no-live", arguments.no_live, "One line an event, on a terminal too");
  command.add_option("--format", arguments.format, "text or json")->check(CLI::IsMember({"text", "json"}));
}

Result<Exit> run_timeline(const InputOptions& input, const TimelineArguments& arguments) {
  Result<Asked> asked = parse(input, arguments);
  if (!asked.ok()) return asked.error();
  Result<std::vector<Recording>> recordings = read_recordings(input);
  if (!recordings.ok()) return recordings.error();
  std::vector<analyze::TimelineReport> reports;
  for (Recording& recording : *recordings) {
    // A captured log has none of its own: those that the default triggers would have had.
    if (recording.breaches.empty()) recording.breaches = evaluate_triggers(recording, *parse_triggers(default_triggers()), {}).breaches;
    Result<analyze::TimelineReport> report = report_on(recording, arguments, *asked);
    if (!report.ok()) return report.error();
    const bool live = report->events && arguments.format == "text" && !arguments.no_live;
    if (live && play_live(recording, arguments.speed)) report->events = false;  // has been seen
    reports.push_back(std::move(*report));
  }
  const std::string text = arguments.format == "json" ? analyze::timeline_json(reports) : analyze::timeline_text(reports, output_width(), output_wants_colour());
  if (Result<void> written = write_output("", text); !written.ok()) return written.error();
  return Exit::kDone;
}

}  // namespace tailback::cli
