// Reads a command's inputs: files of any format, incident files, standard input.
#pragma once

#include <string>
#include <vector>

#include "replay/sources/source.h"
#include "runtime/incident/model.h"

namespace CLI {
class App;
class Option;
}

namespace tailback::cli {

/// The options that every command with inputs has.
struct InputOptions {
  std::vector<std::string> paths;            ///< "-": standard input
  std::string format;                        ///< --format-in; empty: recognised
  std::string instance = "1";
  std::vector<std::string> metric_patterns;  ///< --metric
  bool together = false;                     ///< --together: all inputs are of one process
};

/// Declares INPUT…, --format-in, --metric, --instance, --together on `command`; returns INPUT….
CLI::Option* add_input_options(CLI::App& command, InputOptions& options);

/// An error with a hint where a path names nothing that can be read: a near name for a typo, what a directory is missing.
[[nodiscard]] Result<void> check_inputs(const std::vector<std::string>& paths);

/// Everything that the inputs hold, at least one recording. Metrics without dumps go beside the dumps of their time.
[[nodiscard]] Result<std::vector<Recording>> read_recordings(const InputOptions& options);

/// The ids of all dumps, for a message: "1, 2, 3"; "none".
[[nodiscard]] std::string known_dumps(const std::vector<Recording>& recordings);

}  // namespace tailback::cli
