#include "analyze/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace tailback::cli {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::size_t output_width() {
  constexpr std::size_t kDefault = 80, kLeast = 60, kMost = 200;
  if (!::isatty(STDOUT_FILENO)) return kDefault;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefault;
  return std::clamp<std::size_t>(size.ws_col, kLeast, kMost);
}

bool output_wants_colour() {
  if (!environment("NO_COLOR").empty()) return false;
  const std::string_view force = environment("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return ::isatty(STDOUT_FILENO) && environment("TERM") != "dumb" && environment("CLICOLOR") != "0";
}

bool errors_go_to_terminal() { return ::isatty(STDERR_FILENO) != 0; }

}  // namespace tailback::cli
