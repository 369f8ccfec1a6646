// Writes the event stream into an incident file (FORMAT.md).
//
// A sink that never throws and never stops its source: what can't be written is counted and the first reason kept;
// writing goes on as soon as it can again. Live, every sample and dump is committed when the call returns, so
// that SIGKILL loses nothing recorded (WAL, synchronous=NORMAL: only a crash of the whole machine can roll back the last
// commits). Otherwise (`live` false: a replayed log) the file is built beside its place and renamed at finish().
//
// A path that holds an incident file already gets a further recording. Anything else there is refused.
//
// Thread safety: none; one thread drives it.
// Blocks: on the file system, and up to two seconds on another writer of the same file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/incident/event_sink.h"
#include <tailback/result.h>

namespace tailback {

struct WriterOptions {
  bool live = true;
  /// Live: how many samples are kept; the oldest go first. At one a second the default is a week. 0: all.
  std::uint64_t keep_samples = 604800;
};

/// What was lost on the way into the file.
struct WriterLosses {
  std::uint64_t samples = 0, dumps = 0, breaches = 0, lock_events = 0, others = 0;
  std::optional<Error> first_error;

  [[nodiscard]] std::uint64_t total() const { return samples + dumps + breaches + lock_events + others; }
};

class IncidentWriter final : public EventSink {
 public:
  static Result<std::unique_ptr<IncidentWriter>> open(const std::string& path, WriterOptions options = {});
  ~IncidentWriter() override;  ///< closes without finish(): the file stays readable, as after SIGKILL

  Recording& begin(RecordingInfo info) override;
  void sample(Sample sample) override;
  void dump(Dump dump) override;
  /// Opens a breach, or closes it: a second call with the same id and a closing time.
  void breach(Breach breach) override;
  void lock_event(const LockEvent& event) override;
  void diagnostic(Diagnostic diagnostic) override;
  void end() override;

  /// Commits what is pending, including the recording's counters, diagnostics and modules.
  Result<void> flush();

  /// Ends the open recording, and makes the file whole by itself (no WAL beside it) and compact.
  /// The last call: an event that comes later is lost, and counted so.
  Result<void> finish();

  [[nodiscard]] const WriterLosses& losses() const;

 private:
  struct State;
  explicit IncidentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tailback
