#include "runtime/incident/incident_reader.h"

#include "runtime/incident/incident_tables_reader.h"
#include "runtime/incident/open.h"
#include "runtime/incident/schema.h"

namespace tailback {

void IncidentTablesReader::damaged(std::string reason) { sink_.diagnostic({Severity::kDataLoss, path_, 0, std::move(reason)}); }

/// Our names must be tables: a hostile file could put a view or a virtual table in their place.
void IncidentTablesReader::check_tables() {
  const std::string_view schema = kSchema;
  constexpr std::string_view kCreate = "CREATE TABLE ";
  for (std::size_t at = schema.find(kCreate); at != std::string_view::npos; at = schema.find(kCreate, at + 1)) {
    const std::size_t begin = at + kCreate.size();
    const std::string name(schema.substr(begin, schema.find(' ', begin) - begin));
    bool found = false;
    each("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '" + name + "' AND sql NOT LIKE 'CREATE VIRTUAL%'", std::nullopt,
         [&](Statement&) { found = true; });
    if (!found) throw StoreFailure{{ErrorCode::kMalformed, "has no table \"" + name + "\"", path_}};
  }
}

void IncidentTablesReader::load_content() {
  each("SELECT id, text FROM text", std::nullopt, [&](Statement& row) { texts_.emplace(row.integer(0), std::string(row.text(1))); });
  if (parts_ == IncidentParts::kLockEvents) return;
  each("SELECT id, function_text, file_text, module_text, line, inlined, address, \"offset\" FROM frame", std::nullopt, [&](Statement& row) {
    frames_[row.integer(0)] = {integer_or(row, 1, 0), integer_or(row, 2, 0), integer_or(row, 3, 0), static_cast<std::uint32_t>(row.integer(4)),
                               row.integer(5) != 0, bits(row.integer(6)), bits(row.integer(7))};
  });
  each("SELECT id, frames FROM stack", std::nullopt, [&](Statement& row) { stacks_.emplace(row.integer(0), std::string(row.text(1))); });
  each("SELECT id, words FROM arguments", std::nullopt, [&](Statement& row) {
    const auto blob = row.blob(1);
    words_[row.integer(0)].assign(blob.begin(), blob.end());
  });
}

void IncidentTablesReader::read(std::string note) {
  note_ = std::move(note);
  load_content();
  std::vector<std::pair<RowId, RecordingInfo>> infos;
  each("SELECT id, source, runtime, instance, file, host, command, version, pid, started_wall_ns, ended_wall_ns FROM recording ORDER BY id",
       std::nullopt, [&](Statement& row) {
         RecordingInfo info;
         info.source = row.text(1);
         info.runtime = from_string<Runtime>(row.text(2)).value_or(Runtime::kUnknown);
         info.instance = row.text(3);
         info.file = row.text(4);
         info.host = row.text(5);
         info.command = row.text(6);
         info.version = row.text(7);
         info.pid = row.integer(8);
         info.started_wall_ns = row.integer(9);
         info.ended_wall_ns = integer_or(row, 10, 0);
         infos.emplace_back(row.integer(0), std::move(info));
       });
  for (auto& [id, info] : infos) read_recording(id, std::move(info));
}

void IncidentTablesReader::read_recording(RowId id, RecordingInfo info) {
  recording_ = &sink_.begin(std::move(info));
  text_ids_.clear();
  frame_ids_.clear();
  stack_ids_.clear();
  arguments_ids_.clear();
  metric_ids_.clear();
  if (!note_.empty()) damaged(std::exchange(note_, {}));
  read_metrics(id);
  read_tables(id);
  if (parts_ == IncidentParts::kAll) read_events(id);
  read_lock_events(id);
  sink_.end();
  recording_ = nullptr;
}

void IncidentTablesReader::read_metrics(RowId recording) {
  each("SELECT id, name, unit, counter FROM metric WHERE recording_id = ? ORDER BY id", recording, [&](Statement& row) {
    metric_ids_[row.integer(0)] = recording_->metric(row.text(1), row.text(2), row.integer(3) != 0);
  });
}

void IncidentTablesReader::read_tables(RowId recording) {
  each("SELECT path, build_id, base, begin, \"end\" FROM module WHERE recording_id = ? ORDER BY position", recording, [&](Statement& row) {
    recording_->modules.push_back({std::string(row.text(0)), std::string(row.text(1)), bits(row.integer(2)), bits(row.integer(3)),
                                   bits(row.integer(4))});
  });
  each("SELECT id, address, kind, policy, name FROM instrumented_lock WHERE recording_id = ? ORDER BY id", recording, [&](Statement& row) {
    Lock lock;
    lock.registry_id = bits(row.integer(0));
    lock.address = bits(row.integer(1));
    lock.kind = word(row.text(2), LockKind::kUnknown);
    lock.policy = word(row.text(3), LockPolicy::kUnknown);
    if (!row.text(4).empty()) lock.name = recording_->table.intern(row.text(4));
    recording_->instrumented_locks.push_back(std::move(lock));
  });
  each("SELECT name, value FROM counter WHERE recording_id = ? ORDER BY name", recording, [&](Statement& row) {
    recording_->counters.emplace_back(std::string(row.text(0)), bits(row.integer(1)));
  });
  each("SELECT severity, file, line, reason, count FROM diagnostic WHERE recording_id = ?", recording, [&](Statement& row) {
    sink_.diagnostic({from_string<Severity>(row.text(0)).value_or(Severity::kDataLoss), std::string(row.text(1)),
                      bits(integer_or(row, 2, 0)), std::string(row.text(3)), bits(row.integer(4))});
  });
}

/// Samples, breaches and dumps, merged by time; at equal times in that order.
void IncidentTablesReader::read_events(RowId recording) {
  std::vector<Sample> samples;
  RowId last = 0;
  each("SELECT s.id, s.wall_ns, s.mono_ns, v.metric_id, v.value, v.age_ns FROM sample s LEFT JOIN sample_value v ON v.sample_id = s.id"
       " WHERE s.recording_id = ? ORDER BY s.wall_ns, s.id", recording, [&](Statement& row) {
    if (samples.empty() || row.integer(0) != last) samples.push_back({row.integer(1), row.integer(2), {}});
    last = row.integer(0);
    if (row.is_null(3)) return;
    const auto metric = metric_ids_.find(row.integer(3));
    if (metric == metric_ids_.end()) return damaged("a sample's metric is not in the file");
    samples.back().values.push_back({metric->second, row.real(4), integer_or(row, 5, 0)});
  });
  std::vector<Breach> breaches;
  each("SELECT id, trigger, metric, value, threshold, opened_wall_ns, closed_wall_ns FROM breach WHERE recording_id = ? ORDER BY opened_wall_ns, id",
       recording, [&](Statement& row) {
    breaches.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2)), row.real(3), row.real(4), row.integer(5),
                        integer_or(row, 6, 0)});
  });
  std::size_t sample = 0, breach = 0;
  const auto yield_until = [&](std::int64_t wall_ns, bool all) {
    while (true) {
      const bool more_samples = sample < samples.size() && (all || samples[sample].wall_ns <= wall_ns);
      const bool more_breaches = breach < breaches.size() && (all || breaches[breach].opened_wall_ns <= wall_ns);
      if (more_samples && (!more_breaches || samples[sample].wall_ns <= breaches[breach].opened_wall_ns)) {
        sink_.sample(std::move(samples[sample++]));
      } else if (more_breaches) {
        sink_.breach(std::move(breaches[breach++]));
      } else {
        return;
      }
    }
  };
  each("SELECT id, number, wall_ns, mono_ns, duration_ns, reason, breach_id, threads_missed FROM dump WHERE recording_id = ? ORDER BY wall_ns, number",
       recording, [&](Statement& row) {
    yield_until(row.integer(2), false);
    Dump dump;
    dump.id = row.integer(1);
    dump.wall_ns = row.integer(2);
    dump.mono_ns = row.integer(3);
    dump.duration_ns = integer_or(row, 4, 0);
    if (!row.text(5).empty()) dump.reason = recording_->table.intern(row.text(5));
    dump.breach_id = integer_or(row, 6, 0);
    dump.threads_missed = bits(row.integer(7));
    dump.statements = statements(row.integer(0));
    read_threads(row.integer(0), dump);
    read_locks(row.integer(0), dump);
    sink_.dump(std::move(dump));
  });
  yield_until(0, true);
}

bool looks_like_incident(std::string_view head) { return head.starts_with(std::string_view("SQLite format 3\0", 16)); }

Result<void> read_incident(const std::string& path, EventSink& sink, IncidentParts parts) {
  bool without_wal = false;
  Result<Database> database = open_incident(path, without_wal);
  if (!database) return database.error();
  try {
    IncidentTablesReader reader(std::move(*database), path, sink, parts);
    reader.check_tables();
    reader.read(without_wal ? "its write-ahead log (-wal) can't be read here: the newest events may be missing" : "");
  } catch (const StoreFailure& failure) {
    return Error{ErrorCode::kMalformed, "is damaged: " + failure.error.message, path};
  }
  return {};
}

}  // namespace tailback
