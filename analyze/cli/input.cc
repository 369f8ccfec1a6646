#include "analyze/cli/input.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "analyze/cli/interrupt.h"
#include "analyze/cli/near_name.h"
#include "analyze/cli/progress.h"
#include "replay/sources/read.h"
#include "replay/timeline/merge.h"

namespace tailback::cli {
namespace {

Error missing(const std::string& path) {
  std::string message = "there is no such file";
  if (const std::string near = near_file_name(path); !near.empty()) message += "; did you mean " + near + "?";
  return {ErrorCode::kNotFound, message, path};
}

Result<void> check_input(const std::string& path) {
  if (path == "-") {
    if (::isatty(STDIN_FILENO)) {
      return Error{ErrorCode::kInvalidArgument, "is a terminal: pipe a log into it, or name a file", "standard input"};
    }
    return {};
  }
  if (path.empty()) return Error{ErrorCode::kInvalidArgument, "an input's name is empty", ""};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return missing(path);
    return Error{errno == EACCES ? ErrorCode::kPermission : ErrorCode::kIo, std::strerror(errno), path};
  }
  if (S_ISDIR(status.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, "is a directory; name the files in it, e.g. " + path + (path.back() == '/' ? "" : "/") + "*.log", path};
  }
  if (::access(path.c_str(), R_OK) != 0) return Error{ErrorCode::kPermission, std::strerror(errno), path};
  if (S_ISREG(status.st_mode) && status.st_size == 0) return Error{ErrorCode::kMalformed, "is empty", path};
  return {};
}

}  // namespace

CLI::Option* add_input_options(CLI::App& command, InputOptions& options) {
  CLI::Option* inputs =
      command.add_option("INPUT", options.paths, "Incident files, logs with dumps, metrics; plain or compressed; - for standard input")->required();
  std::string words;
  for (const replay::Format& format : replay::formats()) words += (words.empty() ? "" : ", ") + std::string(format.name);
  command.add_option("--format-in", options.format, "Read the inputs as this format instead of recognising it: " + words)->type_name("FORMAT");
  command.add_option("--metric", options.metric_patterns,
                     "Pattern of metric lines, e.g. 'goroutines=(?<threads>\\d+) heap=(?<heap_in_use:MiB>\\d+)'; may be repeated")
      ->type_name("PATTERN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("--instance", options.instance, "Name of the instance that the inputs are of")->type_name("NAME");
  command.add_flag("--together", options.together, "The inputs are of one process: take their dumps as one recording, in time order");
  return inputs;
}

Result<void> check_inputs(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (Result<void> checked = check_input(path); !checked.ok()) return checked;
  }
  return {};
}

Result<std::vector<Recording>> read_recordings(const InputOptions& options) {
  if (Result<void> checked = check_inputs(options.paths); !checked.ok()) return checked.error();
  replay::ReadOptions read;
  read.format = options.format;
  read.instance = options.instance;
  read.metric_patterns = options.metric_patterns;
  const StopWhenInterrupted stop;
  read.stop = &stop.flag();
  std::vector<Recording> recordings;
  for (const std::string& path : options.paths) {
    RecordingCollector collector;
    ProgressSink progress(collector, path);
    const Result<void> done = replay::read_inputs({path}, read, progress);
    end_when_interrupted();
    if (!done.ok()) return done.error();
    for (Recording& recording : collector.take()) {
      // A live recording has no input of its own: what it is called now is the file it is in.
      if (recording.info.file.empty()) recording.info.file = path;
      recordings.push_back(std::move(recording));
    }
  }
  if (recordings.empty()) return Error{ErrorCode::kUnknownFormat, "holds nothing that tailback knows", options.paths.front()};
  if (recordings.size() == 1) return recordings;
  if (!options.together) return replay::merge_metrics(std::move(recordings));
  std::vector<Recording> one;
  one.push_back(replay::merge_all(std::move(recordings)));
  return one;
}

std::string known_dumps(const std::vector<Recording>& recordings) {
  std::string ids;
  for (const Recording& recording : recordings) {
    for (const Dump& dump : recording.dumps) ids += (ids.empty() ? "" : ", ") + std::to_string(dump.id);
  }
  constexpr std::size_t kMost = 60;
  if (ids.size() > kMost) ids.replace(ids.rfind(',', kMost), std::string::npos, ", …");
  return ids.empty() ? "none" : ids;
}

}  // namespace tailback::cli
