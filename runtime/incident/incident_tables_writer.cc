#include "runtime/incident/incident_tables_writer.h"

#include <algorithm>
#include <bit>
#include <charconv>

namespace tailback {
namespace {

std::int64_t bits(std::uint64_t value) { return std::bit_cast<std::int64_t>(value); }

/// NULL for a value that the model uses for "unknown".
std::optional<std::int64_t> unless(std::int64_t value, std::int64_t unknown) {
  return value == unknown ? std::nullopt : std::optional(value);
}

std::optional<std::string_view> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

/// A decimal number that reads back as the same text.
std::optional<std::int64_t> canonical_number(const std::string& text) {
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::string json_array(const StackTable& table, const std::vector<StringId>& texts) {
  std::string out = "[";
  for (const StringId id : texts) {
    if (out.size() > 1) out += ',';
    out += '"';
    for (const char c : table.text(id)) {
      if (c == '"' || c == '\\') out += '\\', out += c;
      else if (static_cast<unsigned char>(c) < 0x20) out += ' ';
      else out += c;
    }
    out += '"';
  }
  return out + ']';
}

}  // namespace

IncidentTablesWriter::IncidentTablesWriter(Database& database, const Recording& recording) : database_(database), recording_(recording), store_(database) {
  insert_sample_ = must(database_.prepare("INSERT INTO sample(recording_id, wall_ns, mono_ns) VALUES(?,?,?)"));
  insert_value_ = must(database_.prepare("INSERT OR REPLACE INTO sample_value(sample_id, metric_id, value, age_ns) VALUES(?,?,?,?)"));
  insert_dump_ = must(database_.prepare(
      "INSERT INTO dump(recording_id, number, wall_ns, mono_ns, duration_ns, reason, breach_id, threads, threads_missed, statements)"
      " VALUES(?,?,?,?,?,?,?,?,?,?)"));
  insert_thread_ = must(database_.prepare(
      "INSERT INTO thread(dump_id, position, id, name_text, stack_id, state_text, printed_text, quality_text, absence_text, label_text,"
      " created_by_text, arguments_id, count, system_call, waited_ns, cpu_ns, line) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  insert_lock_ = must(database_.prepare(
      "INSERT INTO lock(dump_id, position, address, kind, policy, name_text, readers, queued, owner, registry_id) VALUES(?,?,?,?,?,?,?,?,?,?)"));
  insert_wait_ = must(database_.prepare(
      "INSERT OR IGNORE INTO wait(dump_id, thread, lock, mode_text, front, frame, since_ns) VALUES(?,?,?,?,?,?,?)"));
  insert_hold_ = must(database_.prepare(
      "INSERT INTO hold(dump_id, thread, lock, mode, basis, frame, strength, evidence_text) VALUES(?,?,?,?,?,?,?,?)"));
  upsert_breach_ = must(database_.prepare(
      "INSERT INTO breach(recording_id, id, trigger, metric, value, threshold, opened_wall_ns, closed_wall_ns) VALUES(?,?,?,?,?,?,?,?)"
      " ON CONFLICT DO UPDATE SET closed_wall_ns = excluded.closed_wall_ns"));
  insert_event_ = must(database_.prepare(
      "INSERT OR IGNORE INTO lock_event(recording_id, \"order\", mono_ns, thread, lock, operation_text, mode_text, other, place_text)"
      " VALUES(?,?,?,?,?,?,?,?,?)"));
}

void IncidentTablesWriter::next_recording() {
  recording_row_ = 0;
  metric_rows_.clear();
  modules_written_ = locks_written_ = 0;
  store_.next_recording();
}

void IncidentTablesWriter::forget() {
  store_.forget();
  std::fill(metric_rows_.begin(), metric_rows_.end(), 0);
  modules_written_ = locks_written_ = 0;
}

/// Runs a statement whose parameters are the columns of `recording` after its id, in the schema's order, and then `more`.
template <class... More>
void IncidentTablesWriter::run_with_info(Statement& statement, const More&... more) {
  const RecordingInfo& info = recording_.info;
  must(statement.run(std::string_view(info.source), to_string(info.runtime), std::string_view(info.instance), std::string_view(info.file),
                     std::string_view(info.host), std::string_view(info.command), std::string_view(info.version), info.pid,
                     info.started_wall_ns, unless(info.ended_wall_ns, 0), more...));
}

void IncidentTablesWriter::insert_recording() {
  Statement insert = must(database_.prepare(
      "INSERT INTO recording(source, runtime, instance, file, host, command, version, pid, started_wall_ns, ended_wall_ns)"
      " VALUES(?,?,?,?,?,?,?,?,?,?)"));
  run_with_info(insert);
  recording_row_ = database_.last_row();
}

void IncidentTablesWriter::update_recording() {
  Statement update = must(database_.prepare(
      "UPDATE recording SET source=?, runtime=?, instance=?, file=?, host=?, command=?, version=?, pid=?, started_wall_ns=?, ended_wall_ns=?"
      " WHERE id=?"));
  run_with_info(update, recording_row_);
}

RowId IncidentTablesWriter::metric_row(MetricId id) {
  if (id.index >= recording_.metrics.size()) throw StoreFailure{{ErrorCode::kInternal, "a sample has a metric that is not declared", {}}};
  if (id.index >= metric_rows_.size()) metric_rows_.resize(id.index + 1);
  if (metric_rows_[id.index] != 0) return metric_rows_[id.index];
  // With those declared before it, so that the file keeps their order whichever has a value first.
  for (std::size_t i = 0; i <= id.index; ++i) {
    if (metric_rows_[i] != 0) continue;
    const MetricInfo& metric = recording_.metrics[i];
    Statement insert = must(database_.prepare(
        "INSERT INTO metric(recording_id, name, unit, counter) VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET unit = excluded.unit RETURNING id"));
    insert.bind(1, recording_row_);
    insert.bind(2, std::string_view(metric.name));
    insert.bind(3, std::string_view(metric.unit));
    insert.bind(4, std::int64_t{metric.counter});
    must(insert.step());
    metric_rows_[i] = insert.integer(0);
  }
  return metric_rows_[id.index];
}

void IncidentTablesWriter::write_sample(const Sample& sample) {
  must(insert_sample_.run(recording_row_, sample.wall_ns, sample.mono_ns));
  const RowId row = database_.last_row();
  for (const MetricValue& value : sample.values) {
    must(insert_value_.run(row, metric_row(value.metric), value.value, unless(value.age_ns, 0)));
  }
}

void IncidentTablesWriter::prune(std::uint64_t keep) {
  // Sample ids ascend in time, so the oldest ones of this recording are those below a bound.
  Statement bound = must(database_.prepare("SELECT id FROM sample WHERE recording_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?"));
  bound.bind(1, recording_row_);
  bound.bind(2, static_cast<std::int64_t>(keep));
  if (!must(bound.step())) return;
  const RowId last = bound.integer(0);
  bound.reset();
  Statement values = must(database_.prepare(
      "DELETE FROM sample_value WHERE sample_id IN (SELECT id FROM sample WHERE recording_id = ? AND id <= ?)"));
  must(values.run(recording_row_, last));
  Statement samples = must(database_.prepare("DELETE FROM sample WHERE recording_id = ? AND id <= ?"));
  must(samples.run(recording_row_, last));
}

void IncidentTablesWriter::write_dump(const Dump& dump) {
  const std::string statements = json_array(recording_.table, dump.statements);
  must(insert_dump_.run(recording_row_, dump.id, dump.wall_ns, dump.mono_ns, unless(dump.duration_ns, 0), recording_.table.text(dump.reason),
                       unless(dump.breach_id, 0), static_cast<std::int64_t>(dump.thread_count()), static_cast<std::int64_t>(dump.threads_missed),
                       std::string_view(statements)));
  const RowId row = database_.last_row();
  write_threads(row, dump);
  write_locks(row, dump);
  write_tables();
}

void IncidentTablesWriter::write_threads(RowId dump_row, const Dump& dump) {
  const StackTable& table = recording_.table;
  for (std::size_t i = 0; i < dump.threads.size(); ++i) {
    const ThreadRecord& thread = dump.threads[i];
    int column = 0;
    const auto bind = [&](const auto& value) { insert_thread_.bind(++column, value); };
    bind(dump_row);
    bind(static_cast<std::int64_t>(i));
    if (const auto number = canonical_number(thread.id)) bind(*number);
    else bind(std::string_view(thread.id));
    bind(store_.text(table, thread.name));
    bind(store_.stack(table, thread.stack));
    bind(store_.word(to_string(thread.state)));
    bind(store_.text(table, thread.state_text));
    bind(thread.quality == StackQuality::kComplete ? std::nullopt : std::optional(store_.word(to_string(thread.quality))));
    bind(store_.text(table, thread.absence_reason));
    bind(store_.text(table, thread.label));
    bind(store_.text(table, thread.created_by));
    bind(store_.arguments(table, thread.arguments));
    bind(unless(thread.count, 1));
    bind(unless(thread.system_call, -1));
    bind(unless(thread.waited_ns, -1));
    bind(unless(thread.cpu_ns, -1));
    bind(i < dump.line_of_thread.size() ? std::optional(bits(dump.line_of_thread[i])) : std::nullopt);
    must(insert_thread_.step());
  }
}

void IncidentTablesWriter::write_locks(RowId dump_row, const Dump& dump) {
  const StackTable& table = recording_.table;
  for (std::size_t i = 0; i < dump.locks.size(); ++i) {
    const Lock& lock = dump.locks[i];
    must(insert_lock_.run(dump_row, static_cast<std::int64_t>(i), bits(lock.address), to_string(lock.kind), to_string(lock.policy),
                         store_.text(table, lock.name), unless(lock.readers, -1), unless(lock.queued, -1), unless_empty(lock.owner),
                         unless(bits(lock.registry_id), 0)));
  }
  for (const Wait& wait : dump.waits) {
    must(insert_wait_.run(dump_row, std::int64_t{wait.thread.index}, std::int64_t{wait.lock.index}, store_.word(to_string(wait.mode)),
                         unless(wait.front, 0), std::int64_t{wait.frame}, unless(wait.since_ns, -1)));
  }
  for (const Hold& hold : dump.holds) {
    must(insert_hold_.run(dump_row, unless(hold.thread ? std::int64_t{hold.thread.index} : -1, -1), std::int64_t{hold.lock.index}, to_string(hold.mode), to_string(hold.basis),
                         unless(hold.frame, Hold::kNoFrame), std::int64_t{hold.strength}, store_.text(table, hold.evidence)));
  }
}

void IncidentTablesWriter::write_breach(const Breach& breach) {
  must(upsert_breach_.run(recording_row_, breach.id, std::string_view(breach.trigger), std::string_view(breach.metric), breach.value, breach.threshold,
                          breach.opened_wall_ns, unless(breach.closed_wall_ns, 0)));
}

void IncidentTablesWriter::write_lock_event(const LockEvent& event) {
  must(insert_event_.run(recording_row_, bits(event.order), unless(event.mono_ns, 0), bits(event.thread), unless(bits(event.lock), 0),
                        store_.word(to_string(event.operation)), store_.word(to_string(event.mode)), unless(bits(event.other), 0),
                        store_.text(recording_.table, event.place)));
}

/// What a recording says beside its events: modules and locks not written yet, counters, diagnostics.
void IncidentTablesWriter::write_tables() {
  Statement module = must(database_.prepare("INSERT OR REPLACE INTO module VALUES(?,?,?,?,?,?,?)"));
  for (; modules_written_ < recording_.modules.size(); ++modules_written_) {
    const Module& m = recording_.modules[modules_written_];
    must(module.run(recording_row_, static_cast<std::int64_t>(modules_written_), std::string_view(m.path), std::string_view(m.build_id),
                    bits(m.base), bits(m.begin), bits(m.end)));
  }
  Statement lock = must(database_.prepare("INSERT OR REPLACE INTO instrumented_lock VALUES(?,?,?,?,?,?)"));
  for (; locks_written_ < recording_.instrumented_locks.size(); ++locks_written_) {
    const Lock& l = recording_.instrumented_locks[locks_written_];
    must(lock.run(recording_row_, bits(l.registry_id), bits(l.address), to_string(l.kind), to_string(l.policy), recording_.table.text(l.name)));
  }
  Statement counter = must(database_.prepare("INSERT OR REPLACE INTO counter VALUES(?,?,?)"));
  for (const auto& [name, value] : recording_.counters) must(counter.run(recording_row_, std::string_view(name), bits(value)));
  Statement diagnostic = must(database_.prepare("INSERT OR REPLACE INTO diagnostic VALUES(?,?,?,?,?,?)"));
  for (const Diagnostic& d : recording_.diagnostics) {
    must(diagnostic.run(recording_row_, to_string(d.severity), std::string_view(d.file), unless(bits(d.line), 0), std::string_view(d.reason),
                        bits(d.count)));
  }
}

}  // namespace tailback
