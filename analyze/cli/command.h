// The subcommands of `tailback`: one file each, and one line in commands.cc.
//
// A command declares its options on a CLI::App subcommand and sets a callback that runs it. What it did goes into `Exit`: 0
// done, 1 a finding of severity `deadlock` under --exit-code, 2 bad usage or input, with one line on standard error (fail()).
#pragma once

#include <vector>

#include <tailback/result.h>

namespace CLI {
class App;
}

namespace tailback::cli {

enum class Exit : int { kDone = 0, kDeadlockFound = 1, kFailed = 2 };

/// Adds the command to `root`. Its callback stores its outcome in `exit`, which outlives the parse.
using AddCommand = void (*)(CLI::App& root, Exit& exit);

/// In the order in which --help lists them.
[[nodiscard]] const std::vector<AddCommand>& commands();

/// Prints "tailback: <error>" on standard error, as one line; the error's details, which are few, below it.
void fail(const Error& error);

/// What a command's callback ends with: the outcome, or its failure told and turned into kFailed.
[[nodiscard]] Exit concluded(const Result<Exit>& outcome);

}  // namespace tailback::cli
