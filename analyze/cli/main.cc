// The program `tailback`.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/cli/command.h"
#include "analyze/cli/interrupt.h"
#include "analyze/cli/near_name.h"

namespace {

using tailback::cli::Exit;

/// CLI11 has exit codes of its own, above 100, and prints several lines: here every bad usage is 2 and one line.
int usage_outcome(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  std::string name = "tailback";
  for (const CLI::App* command = &app; !command->get_subcommands().empty();) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  tailback::cli::fail({tailback::ErrorCode::kInvalidArgument, std::string(error.what()) + " (see " + name + " --help)", ""});
  return static_cast<int>(Exit::kFailed);
}

/// CLI11 would only say that a subcommand is required.
bool is_unknown_command(const CLI::App& app, std::string_view word) {
  if (word.empty() || word.front() == '-') return false;
  std::string near;
  std::string message = "there is no command '" + std::string(word) + "'";
  if (::access(std::string(word).c_str(), F_OK) == 0) near = "analyze " + std::string(word);
  std::size_t least = 3;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() == word) return false;
    const std::size_t distance = tailback::cli::edit_distance(word, command->get_name());
    if (distance >= least) continue;
    least = distance;
    near = command->get_name();
  }
  message += near.empty() ? " (see tailback --help)" : "; did you mean " + near + "?";
  tailback::cli::fail({tailback::ErrorCode::kInvalidArgument, message, ""});
  return true;
}

int run(int argc, char** argv) {
  CLI::App app{"tailback: finds the blocked lock behind a service that has stopped moving.", "tailback"};
  app.set_version_flag("--version", "tailback " TAILBACK_VERSION);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 done; 1 with --exit-code when a finding of severity `deadlock` is reported; 2 bad usage or input.\n"
      "`tailback COMMAND --help` tells a command's options.");
  Exit exit = Exit::kDone;
  for (const tailback::cli::AddCommand add : tailback::cli::commands()) add(app, exit);
  // `tailback help analyze` is what other programs taught people's hands.
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  if (!words.empty() && is_unknown_command(app, words.front())) return static_cast<int>(Exit::kFailed);
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return usage_outcome(app, error);
  }
  return static_cast<int>(exit);
}

}  // namespace

int main(int argc, char** argv) {
  tailback::cli::prepare_signals();
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("tailback: out of memory\n", stderr);
  } catch (const std::exception& error) {
    tailback::cli::fail({tailback::ErrorCode::kInternal, std::string("internal error: ") + error.what(), ""});
  }
  return static_cast<int>(Exit::kFailed);
}
