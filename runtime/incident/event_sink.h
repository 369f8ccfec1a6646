// The event stream: what a source yields, in time order, to triggers, the incident writer, the
// player and the analyzer, none of which can tell which source it came from.
//
// A source calls begin() once per recording, then the events of it in time order, then end(). Ids inside
// an event (StackId, MetricId, …) refer to the tables of the Recording that begin() returned.
//
// Thread safety: none; one thread drives a sink.
#pragma once

#include "runtime/incident/model.h"

namespace tailback {

class EventSink {
 public:
  virtual ~EventSink() = default;

  /// Opens a recording. The reference is valid until end(); the source fills its `table`, `metrics`, `modules` and
  /// `instrumented_locks` as it goes, and passes samples, dumps, breaches and lock events through the calls below instead.
  virtual Recording& begin(RecordingInfo info) = 0;

  virtual void sample(Sample sample) = 0;
  virtual void dump(Dump dump) = 0;
  virtual void breach(Breach breach) = 0;
  virtual void lock_event(const LockEvent& event) = 0;
  virtual void diagnostic(Diagnostic diagnostic) = 0;

  /// Closes the recording opened last.
  virtual void end() = 0;
};

/// Adds a diagnostic, or counts it where one of the same file and reason is there.
void merge_diagnostic(std::vector<Diagnostic>& diagnostics, Diagnostic diagnostic);

/// A sink that keeps whole recordings in memory.
class RecordingCollector final : public EventSink {
 public:
  Recording& begin(RecordingInfo info) override;
  void sample(Sample sample) override;
  void dump(Dump dump) override;
  void breach(Breach breach) override;
  void lock_event(const LockEvent& event) override;
  void diagnostic(Diagnostic diagnostic) override;
  void end() override {}

  /// Hands over what was collected.
  [[nodiscard]] std::vector<Recording> take() { return std::move(recordings_); }

 private:
  std::vector<Recording> recordings_;
};

/// Passes a whole recording on as the events that it is made of.
void forward_recording(Recording recording, EventSink& sink);

}  // namespace tailback
