// tailback diff A B: what changed between two dumps. FILE#N is dump N of a file, FILE alone its last one;
// one FILE alone: its last dump against the one before.
#include <sys/stat.h>

#include <CLI/CLI.hpp>

#include <charconv>
#include <memory>

#include "analyze/cli/command.h"
#include "analyze/cli/input.h"
#include "analyze/cli/output.h"
#include "analyze/cli/report_options.h"
#include "analyze/report/diff_report.h"

namespace tailback::cli {

using namespace tailback::analyze;

namespace {

struct DiffArguments {
  InputOptions input;
  ReportArguments report;
};

/// A dump of a file, as the command line names it.
struct DumpName {
  std::string path;
  std::optional<std::int64_t> id;
};

DumpName parse_dump_name(const std::string& word) {
  struct stat status {};
  const std::size_t mark = word.rfind('#');
  // A file may be called "a#1": what exists goes first.
  if (mark == std::string::npos || mark == 0 || ::stat(word.c_str(), &status) == 0) return {word, std::nullopt};
  std::int64_t id = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data() + mark + 1, end, id);
  if (error != std::errc() || stop != end) return {word, std::nullopt};
  return {word.substr(0, mark), id};
}

struct Loaded {
  std::vector<Recording> recordings;
  std::vector<Analysis> analyses;
};

Result<Loaded> load(const DiffArguments& arguments, const std::string& path) {
  InputOptions input = arguments.input;
  input.paths = {path};
  Result<std::vector<Recording>> read = read_recordings(input);
  if (!read.ok()) return read.error();
  Loaded loaded;
  loaded.recordings = std::move(read).value();
  for (Recording& recording : loaded.recordings) loaded.analyses.push_back(analyze::analyze(recording, arguments.report.analyze_options()));
  return loaded;
}

/// The dump named; without a number the one that is `from_end` before the last.
Result<DiffSide> side_of(const Loaded& loaded, const DumpName& name, std::size_t from_end) {
  for (std::size_t i = loaded.recordings.size(); i-- > 0;) {
    const std::vector<Dump>& dumps = loaded.recordings[i].dumps;
    if (!name.id && dumps.size() > from_end) return DiffSide{&loaded.recordings[i], &loaded.analyses[i], dumps.size() - 1 - from_end};
    for (std::size_t d = 0; name.id && d < dumps.size(); ++d) {
      if (dumps[d].id == *name.id) return DiffSide{&loaded.recordings[i], &loaded.analyses[i], d};
    }
  }
  if (name.id) return Error{ErrorCode::kInvalidArgument, "there is no dump " + std::to_string(*name.id) + "; there are: " + known_dumps(loaded.recordings), name.path};
  return Error{ErrorCode::kInvalidArgument, from_end == 0 ? "holds no dump" : "holds no two dumps to compare; there are: " + known_dumps(loaded.recordings), name.path};
}

Result<Exit> run(const DiffArguments& arguments) {
  const std::vector<std::string>& words = arguments.input.paths;
  const DumpName before = parse_dump_name(words.front()), after = parse_dump_name(words.back());
  if (words.size() == 1 && before.id) {
    return Error{ErrorCode::kInvalidArgument, "one dump alone can't be compared: name a second one", words.front()};
  }
  if (Result<void> checked = check_output(arguments.report.output, {before.path, after.path}); !checked.ok()) return checked.error();
  Result<Loaded> first = load(arguments, before.path);
  if (!first.ok()) return first.error();
  // The same file is read once, so that its dumps are known to be of one recording.
  const bool one_file = before.path == after.path;
  Result<Loaded> second = one_file ? Result<Loaded>(Loaded{}) : load(arguments, after.path);
  if (!second.ok()) return second.error();
  const Result<DiffSide> from = side_of(first.value(), before, words.size() == 1 ? 1 : 0);
  if (!from.ok()) return from.error();
  const Result<DiffSide> to = side_of(one_file ? first.value() : second.value(), after, 0);
  if (!to.ok()) return to.error();
  const Diff diff = diff_dumps(from.value(), to.value(), arguments.report.analyze_options().group_by);
  const std::string report = arguments.report.json() ? diff_json(diff, arguments.report.top) : diff_text(diff, arguments.report.text_options());
  if (Result<void> done = write_output(arguments.report.output, report); !done.ok()) return done.error();
  return Exit::kDone;
}

}  // namespace

void add_diff_command(CLI::App& root, Exit& exit) {
  CLI::App* command = root.add_subcommand("diff", "What changed between two dumps: groups, queues, threads that made no progress");
  const auto arguments = std::make_shared<DiffArguments>();
  add_input_options(*command, arguments->input)->expected(1, 2)->description("Two dumps: FILE#N is dump N of a file, FILE its last; one FILE: its last two");
  add_report_options(*command, arguments->report);
  command->callback([arguments, &exit] { exit = concluded(run(*arguments)); });
}

}  // namespace tailback::cli
