// Writes the rows of an incident file's tables, recording by recording; when a transaction begins and ends is its user's business.
//
// Errors: throws StoreFailure, which IncidentWriter catches; after a rollback call forget().
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/incident/content_store.h"
#include "runtime/incident/event_sink.h"
#include "runtime/incident/sqlite.h"

namespace tailback {

class IncidentTablesWriter {
 public:
  /// What is written refers to the content and the tables of `recording`, the open one.
  IncidentTablesWriter(Database& database, const Recording& recording);

  [[nodiscard]] bool has_recording() const { return recording_row_ != 0; }
  void insert_recording();
  void update_recording();

  void write_sample(const Sample& sample);
  /// Deletes the oldest samples but for `keep`.
  void prune(std::uint64_t keep);
  void write_dump(const Dump& dump);
  void write_breach(const Breach& breach);
  void write_lock_event(const LockEvent& event);
  void write_tables();

  /// The recording ends: the next row belongs to one that is still to be inserted.
  void next_recording();
  /// Drops what is known of rows, which may have been rolled back.
  void forget();

 private:
  template <class... More>
  void run_with_info(Statement& statement, const More&... more);
  RowId metric_row(MetricId id);
  void write_threads(RowId dump_row, const Dump& dump);
  void write_locks(RowId dump_row, const Dump& dump);

  Database& database_;
  const Recording& recording_;
  ContentStore store_;
  Statement insert_sample_, insert_value_, insert_dump_, insert_thread_, insert_lock_, insert_wait_, insert_hold_, upsert_breach_, insert_event_;
  RowId recording_row_ = 0;   // 0: none inserted
  std::vector<RowId> metric_rows_;
  std::size_t modules_written_ = 0, locks_written_ = 0;
};

}  // namespace tailback
