// The lock events of an incident file as a trace that is read from the file on every walk: its size is no matter of memory.
//
// Opening reads the events once, for the names and for which of several recordings it is: the one with the most lock events. A walk ends where that reading ended, so that
// what a living process has added since is not seen half.
//
// Memory: names of threads, locks and places. Thread safety: none.
#pragma once

#include <memory>
#include <string>

#include "replay/schedule/trace.h"
#include <tailback/result.h>

namespace tailback::replay {

class RecordedTrace final : public TraceStream {
 public:
  /// Errors: those of read_incident(); kMalformed where no recording has lock events.
  [[nodiscard]] static Result<std::unique_ptr<RecordedTrace>> open(const std::string& path);

  void walk(const std::function<void(const TraceEvent&)>& visit) const override;

  [[nodiscard]] bool has_gaps() const override { return has_gaps_; }
  [[nodiscard]] std::uint64_t size() const { return events_; }
  /// Which recording of the file it is, 0-based.
  [[nodiscard]] std::size_t recording() const { return recording_; }
  /// What could not be read or was not recorded.
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  RecordedTrace() = default;
  std::string path_;
  std::size_t recording_ = 0;       // which one of the file
  std::uint64_t lock_events_ = 0;   // of it in the file, when it was opened
  std::uint64_t events_ = 0;        // that a walk visits
  bool has_gaps_ = false;
  std::vector<Diagnostic> diagnostics_;
};

}  // namespace tailback::replay
