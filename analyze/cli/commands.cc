#include <cstdio>
#include <string>

#include "analyze/cli/command.h"

namespace tailback::cli {

void add_analyze_command(CLI::App& root, Exit& exit);
void add_diff_command(CLI::App& root, Exit& exit);
void add_replay_command(CLI::App& root, Exit& exit);

const std::vector<AddCommand>& commands() {
  static const std::vector<AddCommand> kAll{
      add_analyze_command,
      add_diff_command,
      add_replay_command,
  };
  return kAll;
}

void fail(const Error& error) {
  std::string line = "tailback: " + error.to_string();
  for (char& c : line) {
    // A file's name may hold anything; the message stays one line and moves no cursor.
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  line += '\n';
  std::fputs(line.c_str(), stderr);
}

Exit concluded(const Result<Exit>& outcome) {
  if (outcome.ok()) return outcome.value();
  fail(outcome.error());
  return Exit::kFailed;
}

}  // namespace tailback::cli
