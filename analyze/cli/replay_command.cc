// tailback replay INPUT…: the timeline (timeline_command.h), and with -o incident.tailback a captured log as the incident file that the recorder
// would have written.
#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "analyze/analysis.h"
#include "analyze/cli/command.h"
#include "analyze/cli/incident_target.h"
#include "analyze/cli/input.h"
#include "analyze/cli/output.h"
#include "analyze/cli/timeline_command.h"
#include "analyze/compare/history.h"
#include "analyze/words/format.h"
#include "replay/timeline/evaluate_triggers.h"
#include "runtime/incident/incident_writer.h"

namespace tailback::cli {

using namespace tailback::analyze;

namespace {

struct ReplayArguments {
  InputOptions input;
  TimelineArguments timeline;
  std::string output;
  std::string triggers;
  bool append = false, force = false;
};

/// What one recording has become.
struct Replayed {
  std::vector<FindingSignature> signatures;
  std::size_t dumps = 0, samples = 0;
  std::uint64_t threads = 0;
  std::vector<Breach> breaches;
};

std::vector<std::uint64_t> deadlocks_by_dump(const Recording& recording, const Analysis& analysis) {
  std::vector<std::uint64_t> deadlocks(recording.dumps.size(), 0);
  for (const Finding& finding : analysis.findings) {
    if (finding.severity != FindingSeverity::kDeadlock) continue;
    // A ring once closed never opens: it is in each dump that shows threads in it.
    for (std::size_t i = 0; i < deadlocks.size(); ++i) {
      const bool shown = i == finding.dump || (i < finding.over_time.size() && finding.over_time[i] > 1);
      if (shown) ++deadlocks[i];
    }
  }
  return deadlocks;
}

/// Passes the recording's events to `sink` in time order; its tables move into the sink's.
void pass_on(Recording& recording, EventSink& sink) {
  Recording& out = sink.begin(recording.info);
  out.table = std::move(recording.table);
  out.metrics = std::move(recording.metrics);
  out.modules = std::move(recording.modules);
  out.instrumented_locks = std::move(recording.instrumented_locks);
  out.counters = std::move(recording.counters);
  for (const Breach& breach : recording.breaches) sink.breach(breach);
  auto sample = recording.samples.begin();
  for (Dump& dump : recording.dumps) {
    for (; sample != recording.samples.end() && replay::sample_comes_first(*sample, dump); ++sample) sink.sample(std::move(*sample));
    sink.dump(std::move(dump));
  }
  for (; sample != recording.samples.end(); ++sample) sink.sample(std::move(*sample));
  for (const LockEvent& event : recording.lock_events) sink.lock_event(event);
  for (Diagnostic& diagnostic : recording.diagnostics) sink.diagnostic(std::move(diagnostic));
  sink.end();
}

Replayed replay_one(Recording recording, const std::vector<Trigger>& triggers, bool triggers_given, EventSink& sink) {
  Replayed replayed;
  // The file gets the facts as the input states them; what the analysis adds to the dumps is concluded anew whenever the file is read.
  const std::vector<Dump> facts = recording.dumps;
  const Analysis analysis = analyze::analyze(recording, {});
  recording.dumps = facts;
  replayed.signatures = signatures_of(analysis);
  // A live recording has its own breaches: they are history, and replaced only when other triggers are asked for.
  if (triggers_given || recording.breaches.empty()) {
    replay::TriggerEvaluation evaluation = replay::evaluate_triggers(recording, triggers, deadlocks_by_dump(recording, analysis));
    recording.breaches = std::move(evaluation.breaches);
  }
  replayed.breaches = recording.breaches;
  replayed.dumps = recording.dumps.size();
  replayed.samples = recording.samples.size();
  for (const Dump& dump : recording.dumps) replayed.threads += dump.thread_count();
  pass_on(recording, sink);
  return replayed;
}

void tell(const std::string& path, const std::vector<Replayed>& all) {
  for (const Replayed& replayed : all) {
    fmt::print("{}: {} with {}, {}, {}\n", path, counted(replayed.dumps, "dump", "dumps"), counted(replayed.threads, "thread", "threads"),
               counted(replayed.samples, "sample", "samples"), counted(replayed.breaches.size(), "breach", "breaches"));
    for (const Breach& breach : replayed.breaches) {
      fmt::print("  {}  {}  at {:g}{}\n", breach.opened_wall_ns ? date_time_text(breach.opened_wall_ns) : "time unknown", breach.trigger, breach.value,
                 breach.closed_wall_ns ? ", over at " + time_text(breach.closed_wall_ns) : "");
    }
    for (const FindingSignature& finding : replayed.signatures) fmt::print("  {} ({}): {}\n", finding.kind, finding.confidence, finding.title);
  }
}

/// Writes all of it to `path`, behind `before` recordings that are there already.
Result<std::vector<Replayed>> write_recordings(std::vector<Recording> recordings, const std::string& path, std::size_t before, const std::vector<Trigger>& triggers, bool triggers_given) {
  WriterOptions options;
  options.live = false;
  Result<std::unique_ptr<IncidentWriter>> writer = IncidentWriter::open(path, options);
  if (!writer.ok()) return writer.error();
  std::vector<Replayed> replayed;
  for (Recording& recording : recordings) replayed.push_back(replay_one(std::move(recording), triggers, triggers_given, **writer));
  if (Result<void> finished = (*writer)->finish(); !finished.ok()) return finished.error();
  const WriterLosses& losses = (*writer)->losses();
  if (losses.total() != 0) {
    Error error = losses.first_error.value_or(Error{ErrorCode::kIo, "can't be written", path});
    error.message += fmt::format(" ({} lost)", counted(losses.total(), "event", "events"));
    return error;
  }
  for (std::size_t i = 0; i < replayed.size(); ++i) {
    if (Result<void> stored = store_signatures(path, before + i, replayed[i].signatures); !stored.ok()) return stored.error();
  }
  return replayed;
}

Result<Exit> run(const ReplayArguments& arguments) {
  if (arguments.input.paths.empty()) return Error{ErrorCode::kInvalidArgument, "replay what? Name a file, or a command: locks", ""};
  if (arguments.output.empty()) return run_timeline(arguments.input, arguments.timeline);
  const bool given = !arguments.triggers.empty();
  const Result<std::vector<Trigger>> triggers = parse_triggers(given ? std::string_view(arguments.triggers) : default_triggers());
  if (!triggers.ok()) return triggers.error();
  const Existing existing = arguments.append ? Existing::kAppend : arguments.force ? Existing::kReplace : Existing::kRefuse;
  if (Result<void> checked = check_output(arguments.output, arguments.input.paths); !checked.ok()) return checked.error();
  if (Result<void> checked = check_incident_target(arguments.output, existing); !checked.ok()) return checked.error();
  Result<std::vector<Recording>> read = read_recordings(arguments.input);
  if (!read.ok()) return read.error();
  // Reading may have taken minutes: a recorder can have come since.
  if (Result<void> checked = check_incident_target(arguments.output, existing); !checked.ok()) return checked.error();
  UnfinishedFile unfinished(arguments.output);
  const Result<std::size_t> before = arguments.append ? copy_to_append(arguments.output, unfinished.path()) : Result<std::size_t>(0);
  if (!before.ok()) return before.error();
  const auto replayed = write_recordings(std::move(read.value()), unfinished.path(), *before, triggers.value(), given);
  if (!replayed.ok()) return unfinished.about_target(replayed.error());
  if (Result<void> committed = unfinished.commit(); !committed.ok()) return committed.error();
  tell(arguments.output, *replayed);
  return Exit::kDone;
}

}  // namespace

void add_replay_locks_command(CLI::App& replay, Exit& exit);

void add_replay_command(CLI::App& root, Exit& exit) {
  CLI::App* command = root.add_subcommand("replay", "Play a recording, try other triggers on it, or turn a captured log into an incident file (-o)");
  const auto arguments = std::make_shared<ReplayArguments>();
  add_input_options(*command, arguments->input)->required(false);  // `replay locks` has inputs of its own
  command->add_option("-o,--output", arguments->output, "Write the input as an incident file, with the breaches that it would have had")->type_name("FILE");
  command->add_option("--triggers", arguments->triggers, "Triggers to evaluate, separated by ';' (default: " + std::string(default_triggers()) + ")")->type_name("TEXT");
  auto* append = command->add_flag("--append", arguments->append, "Add a recording to an incident file that exists");
  command->add_flag("--force", arguments->force, "Replace the output if it exists")->excludes(append);
  add_timeline_options(*command, arguments->timeline);
  add_replay_locks_command(*command, exit);
  command->callback([command, arguments, &exit] {
    if (!command->get_subcommands().empty()) return;  // has run already
    exit = concluded(run(*arguments));
  });
}

}  // namespace tailback::cli
