#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>

#include "analyze/cli/raw_terminal.h"

namespace tailback::cli {
namespace {

// Another screen, no cursor; and back.
constexpr char kEnter[] = "\x1b[?1049h\x1b[?25l";
constexpr char kLeave[] = "\x1b[?25h\x1b[?1049l";

termios before;                        // written before `changed` is set, never after
std::atomic<bool> changed{false};
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

void restore_terminal_signal_safe() {
  // tcsetattr and write are async-signal-safe (signal-safety(7)); the atomic is lock-free; `before` is complete when `changed` is seen.
  if (!changed.exchange(false)) return;
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, kLeave, sizeof kLeave - 1);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

RawTerminal::RawTerminal() {
  if (!::isatty(STDIN_FILENO) || !::isatty(STDOUT_FILENO) || ::tcgetattr(STDIN_FILENO, &before) != 0) return;
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // Ctrl-C still interrupts
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  changed = true;
  active_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  if (!active_) {
    changed = false;
    return;
  }
  [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, kEnter, sizeof kEnter - 1);
}

RawTerminal::~RawTerminal() { restore_terminal_signal_safe(); }

std::optional<char> RawTerminal::key(int milliseconds, bool& ended) const {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (::poll(&input, 1, milliseconds) <= 0) return std::nullopt;
  char key = 0;
  const auto count = ::read(STDIN_FILENO, &key, 1);
  if (count == 1) return key;
  ended = ended || (count == 0 && (input.revents & POLLHUP) != 0);
  return std::nullopt;
}

}  // namespace tailback::cli
