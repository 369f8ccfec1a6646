// A line on the terminal that says how far reading has come; nothing at all when standard error is no terminal.
#pragma once

#include <chrono>
#include <string>

#include "runtime/incident/event_sink.h"

namespace tailback::cli {

/// Passes events on, and tells how many there were. The line is gone when this is.
class ProgressSink final : public EventSink {
 public:
  ProgressSink(EventSink& next, std::string file);
  ~ProgressSink() override;
  ProgressSink(const ProgressSink&) = delete;
  ProgressSink& operator=(const ProgressSink&) = delete;

  Recording& begin(RecordingInfo info) override { return next_.begin(std::move(info)); }
  void sample(Sample sample) override;
  void dump(Dump dump) override;
  void breach(Breach breach) override { next_.breach(std::move(breach)); }
  void lock_event(const LockEvent& event) override { next_.lock_event(event); }
  void diagnostic(Diagnostic diagnostic) override { next_.diagnostic(std::move(diagnostic)); }
  void end() override { next_.end(); }

 private:
  void show(bool now);

  EventSink& next_;
  const bool visible_;
  std::chrono::steady_clock::time_point shown_;
  std::string file_;
  std::size_t dumps_ = 0, samples_ = 0;
  std::uint64_t threads_ = 0;
  bool on_screen_ = false;
};

}  // namespace tailback::cli
