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

std::size_t width_of(int descriptor) {
  constexpr std::size_t kDefault = 80;
  winsize size{};
  if (!::isatty(descriptor) || ::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefault;
  return size.ws_col;
}

}  // namespace

std::size_t output_width() {
  constexpr std::size_t kLeast = 40, kMost = 200;
  return std::clamp<std::size_t>(width_of(STDOUT_FILENO), kLeast, kMost);
}

std::size_t error_width() { return width_of(STDERR_FILENO); }

bool output_wants_colour() {
  if (!environment("NO_COLOR").empty()) return false;
  const std::string_view force = environment("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return ::isatty(STDOUT_FILENO) && environment("TERM") != "dumb" && environment("CLICOLOR") != "0";
}

bool errors_go_to_terminal() { return ::isatty(STDERR_FILENO) != 0; }

}  // namespace tailback::cli
