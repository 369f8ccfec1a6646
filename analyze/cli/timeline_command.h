// `tailback replay INPUT…` without -o: the timeline, other triggers, all thresholds.
#pragma once

#include <string>
#include <vector>

#include "analyze/cli/command.h"
#include "analyze/cli/input.h"

namespace CLI {
class App;
}

namespace tailback::cli {

struct TimelineArguments {
  std::vector<std::string> triggers;  ///< --trigger
  std::vector<std::string> sweeps;    ///< --sweep: metrics
  std::string calm;                   ///< --calm
  std::string limit;                  ///< --limit
  std::string duration;               ///< --for, of a sweep
  std::string format = "text";
  double speed = 0;
  bool no_live = false;
};

/// Declares --trigger, --limit, --sweep, --for, --calm, --speed, --no-live, --format.
void add_timeline_options(CLI::App& command, TimelineArguments& arguments);

[[nodiscard]] Result<Exit> run_timeline(const InputOptions& input, const TimelineArguments& arguments);

}  // namespace tailback::cli
