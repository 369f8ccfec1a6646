#include "analyze/cli/progress.h"

#include <fmt/core.h>

#include <cstdio>

#include "analyze/cli/terminal.h"
#include "analyze/report/page.h"
#include "analyze/words/format.h"

namespace tailback::cli {

using analyze::counted;

ProgressSink::ProgressSink(EventSink& next, std::string file)
    : next_(next), visible_(errors_go_to_terminal()), shown_(std::chrono::steady_clock::now()), file_(std::move(file)) {}

ProgressSink::~ProgressSink() {
  if (on_screen_) std::fputs("\r\033[K", stderr);
}

void ProgressSink::show(bool now) {
  constexpr auto kBetween = std::chrono::milliseconds(100);
  const auto time = std::chrono::steady_clock::now();
  if (!visible_ || (!now && time - shown_ < kBetween)) return;
  shown_ = time;
  on_screen_ = true;
  const std::string line = fmt::format("reading {} … {}, {}, {}", file_, counted(dumps_, "dump", "dumps"), counted(threads_, "thread", "threads"),
                                       counted(samples_, "sample", "samples"));
  // A line that wraps could not be taken back.
  fmt::print(stderr, "\r\033[K{}", analyze::cut(line, error_width() - 1));
  std::fflush(stderr);
}

void ProgressSink::sample(Sample sample) {
  ++samples_;
  next_.sample(std::move(sample));
  show(false);
}

void ProgressSink::dump(Dump dump) {
  ++dumps_;
  threads_ += dump.thread_count();
  next_.dump(std::move(dump));
  show(true);
}

}  // namespace tailback::cli
