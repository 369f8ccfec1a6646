#include <signal.h>
#include <unistd.h>

#include <cstring>

#include "analyze/cli/interrupt.h"
#include "analyze/cli/raw_terminal.h"

namespace tailback::cli {
namespace {

constexpr std::size_t kMostPath = 4096;

// Written before `unfinished` is set, never while it is.
std::array<std::array<char, kMostPath + 16>, kBesideFile.size()> paths;
std::atomic<bool> unfinished{false};
std::atomic<bool> stop_asked_for{false};  // what readers look at
std::atomic<bool> asks_first{false};
std::atomic<int> taken{0};                // the signal that asked
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

/// Async-signal-safe: unlink, isatty, write, signal, raise are (signal-safety(7)), the atomics are lock-free.
void end_by(int signal) {
  if (unfinished) {
    for (const auto& path : paths) ::unlink(path.data());
  }
  restore_terminal_signal_safe();
  // The progress line leaves the cursor in mid-line.
  if (::isatty(STDERR_FILENO)) [[maybe_unused]] const auto moved = ::write(STDERR_FILENO, "\r\033[K", 4);
  constexpr char kMessage[] = "tailback: interrupted\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void on_interrupt(int signal) {
  // exchange on lock-free atomics, then what end_by() says.
  if (asks_first && taken.exchange(signal) == 0) {
    stop_asked_for = true;
    return;
  }
  end_by(signal);
}

}  // namespace

void prepare_signals() {
  ::signal(SIGPIPE, SIG_DFL);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    // A signal ignored from the start (nohup) stays ignored.
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) != 0 || now.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_interrupt;  // without SA_RESTART: a call that waits returns
    ::sigaction(number, &action, nullptr);
  }
}

StopWhenInterrupted::StopWhenInterrupted() { asks_first = true; }
StopWhenInterrupted::~StopWhenInterrupted() { asks_first = false; }
const std::atomic<bool>& StopWhenInterrupted::flag() const { return stop_asked_for; }

void end_when_interrupted() {
  if (const int signal = taken) end_by(signal);
}

RemoveWhenInterrupted::RemoveWhenInterrupted(const std::string& path) {
  if (path.size() > kMostPath) return;
  for (std::size_t i = 0; i < kBesideFile.size(); ++i) std::strcpy(paths[i].data(), (path + std::string(kBesideFile[i])).c_str());
  unfinished = true;
}
RemoveWhenInterrupted::~RemoveWhenInterrupted() { unfinished = false; }

}  // namespace tailback::cli
