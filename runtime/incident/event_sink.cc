#include "runtime/incident/event_sink.h"

namespace tailback {

Recording& RecordingCollector::begin(RecordingInfo info) {
  recordings_.emplace_back().info = std::move(info);
  return recordings_.back();
}

void RecordingCollector::sample(Sample sample) { recordings_.back().samples.push_back(std::move(sample)); }
void RecordingCollector::dump(Dump dump) { recordings_.back().dumps.push_back(std::move(dump)); }
void RecordingCollector::breach(Breach breach) { recordings_.back().breaches.push_back(std::move(breach)); }
void RecordingCollector::lock_event(const LockEvent& event) { recordings_.back().lock_events.push_back(event); }

void RecordingCollector::diagnostic(Diagnostic diagnostic) {
  merge_diagnostic(recordings_.back().diagnostics, std::move(diagnostic));
}

void merge_diagnostic(std::vector<Diagnostic>& diagnostics, Diagnostic diagnostic) {
  for (Diagnostic& known : diagnostics) {
    if (known.reason == diagnostic.reason && known.file == diagnostic.file) {
      known.count += diagnostic.count;
      return;
    }
  }
  diagnostics.push_back(std::move(diagnostic));
}

void forward_recording(Recording recording, EventSink& sink) {
  Recording& target = sink.begin(std::move(recording.info));
  target.table = std::move(recording.table);
  target.metrics = std::move(recording.metrics);
  target.modules = std::move(recording.modules);
  target.instrumented_locks = std::move(recording.instrumented_locks);
  target.counters = std::move(recording.counters);
  for (Sample& sample : recording.samples) sink.sample(std::move(sample));
  for (Breach& breach : recording.breaches) sink.breach(std::move(breach));
  for (Dump& dump : recording.dumps) sink.dump(std::move(dump));
  for (const LockEvent& event : recording.lock_events) sink.lock_event(event);
  for (Diagnostic& diagnostic : recording.diagnostics) sink.diagnostic(std::move(diagnostic));
  sink.end();
}

}  // namespace tailback
