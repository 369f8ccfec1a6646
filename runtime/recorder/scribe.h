// The thread `tailback-write`: everything that may block or allocate. It stores samples, resolves and stores dumps, tells of breaches, and keeps the
// metrics page.
//
// While the incident file can't be written it goes on with everything else, counts what is lost, says so once, and tries again every ten
// seconds; dumps stay in the spool until they are stored.
//
// Thread safety: run() on its thread; page() from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/capture/capturer.h"
#include "runtime/incident/incident_writer.h"
#include "runtime/locks/snapshot_pool.h"
#include "runtime/metrics/sampler.h"
#include "runtime/recorder/config.h"
#include "runtime/recorder/event_queue.h"
#include "runtime/recorder/lock_events.h"
#include "runtime/recorder/tallies.h"
#include "runtime/recorder/voice.h"

namespace tailback {

class Scribe {
 public:
  Scribe(const RecorderConfig& config, const Sampler& sampler, Capturer* capturer, EventQueue& queue, locks::SnapshotPool& snapshots,
         Tallies& tallies, const Voice& voice);
  ~Scribe();

  /// Opens the file, on the thread that starts the recorder. An error only for a file that must not be written to.
  Result<void> open();

  /// Until the queue says stop.
  void run();

  [[nodiscard]] std::string page() const;
  [[nodiscard]] Result<void> result() const;  ///< of ending the file; after run()

 private:
  void handle(RecorderEvent& event);
  void store_sample(RecorderEvent& event);
  void store_dump(RecorderEvent& event);
  void refuse_dump(RecorderEvent& event, const std::vector<Breach>& telling);
  DumpReport resolve_and_store(RecorderEvent& event, std::span<const std::uint64_t> ringing, bool& stored);
  static std::vector<std::uint64_t> ringing_locks();
  void store_lock_events();
  locks::PlaceNames place_names();
  void open_breach(const RecorderEvent& event);
  void close_breach(const RecorderEvent& event);
  void tell(const Breach& breach, std::int64_t dump_id, std::uint64_t threads, const std::string& what);
  void guarded(const std::function<void()>& call);
  void begin_recording();
  void take_leftovers();
  void housekeep();
  void note_losses();
  void write_counters();
  void write_page();
  void end();
  EventSink& sink();

  const RecorderConfig& config_;
  const Sampler& sampler_;
  Capturer* const capturer_;
  EventQueue& queue_;
  locks::SnapshotPool& snapshots_;
  Tallies& tallies_;
  const Voice& voice_;

  std::unique_ptr<IncidentWriter> writer_;     // null while the file can't be written
  std::unique_ptr<RecordingCollector> nowhere_;  // then this gives dumps a table to be resolved in
  Recording* recording_ = nullptr;
  RecordingInfo info_;
  LockEventRecorder lock_events_;
  bool loss_told_ = false;
  bool allocator_told_ = false;
  std::uint64_t lost_without_file_ = 0;
  std::int64_t dump_id_ = 0;
  std::map<std::int64_t, Breach> breaches_;    // open ones, by id
  std::vector<Breach> untold_;                 // opened by the sample at hand, waiting for its dump
  std::chrono::steady_clock::time_point next_flush_, next_open_, next_page_file_, next_events_;
  Result<void> result_;

  mutable std::mutex page_mutex_;  // guards what follows
  Sample last_sample_;
  std::vector<MetricInfo> page_metrics_;
  std::vector<std::uint64_t> incidents_;       // by trigger
  double last_capture_seconds_ = 0, last_incident_seconds_ = 0;
};

}  // namespace tailback
