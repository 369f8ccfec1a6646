#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "analyze/cli/command.h"
#include "analyze/report/page.h"

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

namespace {

/// A file's name may hold anything; what is said of it stays one line and moves no cursor.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  return text;
}

/// Each line indented, and wrapped at words.
std::string wrapped(std::string_view details) {
  constexpr std::size_t kColumns = 80, kIndent = 2;
  analyze::Page page(kColumns, false);
  while (!details.empty()) {
    const std::size_t end = std::min(details.find('\n'), details.size());
    page.paragraph("", kIndent, details.substr(0, end));
    details.remove_prefix(std::min(end + 1, details.size()));
  }
  return page.take();
}

}  // namespace

void fail(const Error& error) {
  const std::string text = "tailback: " + one_line(error.to_string()) + '\n' + wrapped(error.details);
  std::fputs(text.c_str(), stderr);
}

Exit concluded(const Result<Exit>& outcome) {
  if (outcome.ok()) return outcome.value();
  fail(outcome.error());
  return Exit::kFailed;
}

}  // namespace tailback::cli
