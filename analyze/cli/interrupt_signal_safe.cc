#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "analyze/cli/interrupt.h"
#include "analyze/cli/raw_terminal.h"

namespace tailback::cli {
namespace {

std::atomic<const char*> unfinished{nullptr};
static_assert(std::atomic<const char*>::is_always_lock_free);

void on_interrupt(int signal) {
  // A lock-free atomic may be read in a handler; unlink, signal, raise and write are async-signal-safe (signal-safety(7)).
  if (const char* path = unfinished.load()) ::unlink(path);
  restore_terminal_signal_safe();
  // The progress line leaves the cursor in mid-line.
  if (::isatty(STDERR_FILENO)) [[maybe_unused]] const auto written = ::write(STDERR_FILENO, "\n", 1);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

void prepare_signals() {
  ::signal(SIGPIPE, SIG_DFL);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    // A signal ignored from the start (nohup) stays ignored.
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) != 0 || now.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    ::sigaction(number, &action, nullptr);
  }
}

RemoveWhenInterrupted::RemoveWhenInterrupted(std::string path) : path_(std::move(path)) { unfinished = path_.c_str(); }
RemoveWhenInterrupted::~RemoveWhenInterrupted() { unfinished = nullptr; }

}  // namespace tailback::cli
