// tailback replay locks [show|explain|predict|check] FILE: the incident lock by lock.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <memory>

#include "analyze/cli/command.h"
#include "analyze/cli/lock_input.h"
#include "analyze/cli/output.h"
#include "analyze/cli/terminal.h"
#include "replay/schedule/emit.h"
#include "replay/schedule/fix.h"
#include "replay/schedule/predict_trace.h"
#include "runtime/incident/schedule_store.h"

namespace tailback::cli {

using namespace tailback::replay;

namespace {

constexpr std::array<std::string_view, 4> kActions{"show", "explain", "predict", "check"};
constexpr std::uint64_t kEventsAtOnce = 1'000'000;  // of a trace, for what needs all of an interleaving at once

struct LocksArguments {
  std::vector<std::string> words;  // [ACTION] FILE
  std::vector<std::string> fixes, policies;
  std::string format = "text", output, emit_schedule;
  ExploreLimits explore;
  std::uint32_t ring_length = PatternLimits{}.length;
  std::uint64_t window = 0;  // 0: the command's own
  std::size_t rows = analyze::LocksReportOptions{}.rows, json_rows = 10'000;
  bool keep_schedule = false, all = false, exit_code = false;

  [[nodiscard]] PredictTraceOptions predict_options() const {
    PredictTraceOptions options;
    options.predict.explore = explore;
    options.predict.patterns.length = ring_length;
    if (window > 0) options.window_sections = window;
    return options;
  }
  [[nodiscard]] std::uint64_t events_at_once() const { return window > 0 ? window : kEventsAtOnce; }
  [[nodiscard]] StoryLimits story_limits() const {
    StoryLimits limits;
    limits.explore = explore;
    return limits;
  }
  [[nodiscard]] analyze::LocksReportOptions report_options() const {
    analyze::LocksReportOptions options;
    options.text.width = output.empty() ? output_width() : 80;
    options.text.colour = output.empty() && output_wants_colour();
    options.all = all;
    options.rows = rows;
    return options;
  }
};

/// What a command has to say, and whether it is of a deadlock.
struct Told {
  std::string report;
  bool deadlock = false;
};

PredictReport predict_input(const LockInput& input, const LocksArguments& arguments) {
  return input.trace ? predict(*input.trace, arguments.predict_options()) : predict(input.program, arguments.predict_options().predict);
}

/// Into the deadlock that the input ends in, or, of a trace that went well, into one that another order of it would have.
Story story_to_explain(LockInput& input, const LocksArguments& arguments) {
  if (!input.trace) return shortest(input.program, arguments.story_limits());
  Story as_it_went = recorded(input.program);
  if (!as_it_went.stuck.empty()) return shortest(input.program, arguments.story_limits());
  const PredictReport report = predict_input(input, arguments);
  if (report.deadlocks.empty()) return as_it_went;
  Story story = shortest(report.deadlocks.front().program, arguments.story_limits());
  story.predicted = true;
  return story;
}

Result<Told> show(LockInput& input, const LocksArguments& arguments, bool json, bool whole) {
  to_program(input, arguments.events_at_once());
  const Story story = whole ? tell(input.program, arguments.story_limits()) : story_to_explain(input, arguments);
  const bool deadlock = !story.stuck.empty();
  if (json) return Told{analyze::story_json(input.about, story, whole ? "show" : "explain", arguments.json_rows), deadlock};
  if (whole) return Told{analyze::story_text(input.about, story, arguments.report_options()), deadlock};
  return Told{analyze::explain_text(input.about, story, arguments.report_options()), deadlock};
}

Result<Told> predict_command(LockInput& input, const LocksArguments& arguments, bool json) {
  const PredictReport report = predict_input(input, arguments);
  const bool deadlock = !report.deadlocks.empty();
  return Told{json ? analyze::predict_json(input.about, report) : analyze::predict_text(input.about, report, arguments.report_options()), deadlock};
}

Result<Told> check_command(LockInput& input, const LocksArguments& arguments, bool json) {
  std::vector<std::string> fixes = arguments.fixes;
  // For a check a policy is a fix like any other: what is asked is what it changes.
  for (const std::string& policy : arguments.policies) fixes.push_back("policy " + policy);
  if (fixes.empty()) return Error{ErrorCode::kInvalidArgument, "check what? --fix 'drop SITE:rdlock mu' or --policy mu=prefer-readers", ""};
  const PredictTraceOptions options = arguments.predict_options();
  Result<FixCheck> check = [&]() -> Result<FixCheck> {
    if (input.trace) return check_fixes(*input.trace, fixes, options);
    const Result<Program> fixed = with_fixes(input.program, fixes);
    if (!fixed.ok()) return fixed.error();
    return check_fix(input.program, *fixed, options.predict);
  }();
  if (!check.ok()) return check.error();
  const bool deadlock = check->verdict == FixVerdict::kNotFixed || check->verdict == FixVerdict::kNewDeadlock;
  return Told{json ? analyze::check_json(input.about, fixes, *check) : analyze::check_text(input.about, fixes, *check, arguments.report_options()), deadlock};
}

/// The interleaving to force: into the deadlock that the input ends in or that another order of it would; with fixes, the same order for the fixed program.
Result<Story> story_to_force(LockInput& input, const LocksArguments& arguments) {
  to_program(input, arguments.events_at_once());
  Story story = story_to_explain(input, arguments);
  if (story.stuck.empty()) return Error{ErrorCode::kInvalidArgument, "no deadlock was found, so there is no interleaving to force", input.about.file};
  if (arguments.fixes.empty()) return story;
  const Result<Program> fixed = with_fixes(*story.program, arguments.fixes);
  if (!fixed.ok()) return fixed.error();
  return same_order(story, *fixed);
}

Result<void> emit_schedule(LockInput& input, const LocksArguments& arguments) {
  if (arguments.keep_schedule && !input.recording) {
    return Error{ErrorCode::kInvalidArgument, "--keep-schedule puts it into an incident file, which this is not, or only through a pipe or compressed; --emit-schedule OUT writes it elsewhere", input.about.file};
  }
  const Result<Story> story = story_to_force(input, arguments);
  if (!story.ok()) return story.error();
  const std::string text = schedule_of(*story).text();
  if (arguments.keep_schedule) {
    if (Result<void> kept = store_schedule(arguments.words.back(), *input.recording, text); !kept.ok()) return kept;
  }
  return arguments.emit_schedule.empty() ? Result<void>{} : write_output(arguments.emit_schedule, text);
}

Result<Exit> run(const LocksArguments& arguments) {
  const bool named = std::find(kActions.begin(), kActions.end(), arguments.words.front()) != kActions.end();
  const std::string action = named ? arguments.words.front() : arguments.fixes.empty() ? "predict" : "check";
  if (arguments.words.size() != (named ? 2u : 1u)) {
    return Error{ErrorCode::kInvalidArgument, named ? "names no file, or more than one" : "is no command (show, explain, predict, check)", arguments.words.front()};
  }
  for (const std::string& output : {arguments.output, arguments.emit_schedule}) {
    if (Result<void> checked = check_output(output, {arguments.words.back()}); !checked.ok()) return checked.error();
  }
  Result<LockInput> input = read_lock_input(arguments.words.back());
  if (!input.ok()) return input.error();
  if (action != "check") {
    auto& locks = input->trace ? input->trace->names().locks : input->program.locks;
    for (const std::string& policy : arguments.policies) {
      if (Result<void> set = set_policy(locks, policy); !set.ok()) return set.error();
    }
  }
  const bool json = arguments.format == "json";
  Result<Told> told = action == "show"      ? show(*input, arguments, json, true)
                      : action == "explain" ? show(*input, arguments, json, false)
                      : action == "check"   ? check_command(*input, arguments, json)
                                            : predict_command(*input, arguments, json);
  if (!told.ok()) return told.error();
  if (arguments.keep_schedule || !arguments.emit_schedule.empty()) {
    if (Result<void> emitted = emit_schedule(*input, arguments); !emitted.ok()) return emitted.error();
  }
  if (Result<void> written = write_output(arguments.output, told->report); !written.ok()) return written.error();
  return arguments.exit_code && told->deadlock ? Exit::kDeadlockFound : Exit::kDone;
}

}  // namespace

void add_replay_locks_command(CLI::App& replay, Exit& exit) {
  CLI::App* command = replay.add_subcommand("locks", "Lock by lock: show the interleaving, explain the deadlock, predict others, check a fix");
  const auto arguments = std::make_shared<LocksArguments>();
  command->add_option("COMMAND FILE", arguments->words, "show, explain, predict (default) or check; a .locks scenario, an STD trace, an incident file with lock events, or -")
      ->required()
      ->expected(1, 2);
  command->add_option("--fix", arguments->fixes, "A change to check: 'drop HashSet::Size:rdlock mu', 'reorder lock a before lock b', 'gate a b', 'mode STEP wrlock', 'try STEP'")
      ->type_name("TEXT")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--policy", arguments->policies, "What a lock does with readers while a writer waits: mu=prefer-readers, *=libc++")
      ->type_name("LOCK=POLICY")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--format", arguments->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->add_option("-o,--output", arguments->output, "Write the report to this file")->type_name("FILE");
  command->add_option("--emit-schedule", arguments->emit_schedule, "Write the interleaving as a schedule that tailback/schedule.h forces on real threads")->type_name("FILE");
  command->add_flag("--keep-schedule", arguments->keep_schedule, "Put that schedule into the incident file FILE, where a test loads it from");
  command->add_option("--max-states", arguments->explore.states, "States that a search may look at")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--preemptions", arguments->explore.preemptions, "Of searches: only interleavings of at most so many preemptions. Few find most deadlocks where states are too many");
  command->add_option("--ring", arguments->ring_length, "Threads that a predicted ring may have")->check(CLI::Range(2, 12))->capture_default_str();
  command->add_option("--window", arguments->window, "Of a trace in memory at once: critical sections (predict, default 4,000,000), events (the others, 1,000,000)")->check(CLI::PositiveNumber);
  command->add_option("--rows", arguments->rows, "Rows that show prints, the last ones; 0: all (default 60, as JSON 10,000 steps)")->each([arguments](const std::string&) {
    arguments->json_rows = arguments->rows;
  });
  command->add_flag("--all", arguments->all, "List what can't deadlock too: hazards and order inversions");
  command->add_flag("--exit-code", arguments->exit_code, "Exit with 1 when there is a deadlock (check: when the fix does not help)");
  command->callback([arguments, &exit] { exit = concluded(run(*arguments)); });
}

}  // namespace tailback::cli
