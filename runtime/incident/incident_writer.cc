#include "runtime/incident/incident_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "runtime/incident/content_store.h"
#include "runtime/incident/schema.h"
#include "runtime/incident/sqlite.h"

namespace tailback {
namespace {

constexpr std::uint64_t kPruneEvery = 1024;      // samples between two prunings
constexpr std::uint64_t kBatchedEvents = 20000;  // events of a replayed log in one transaction

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

Result<void> sync_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{ErrorCode::kIo, "cannot be opened to be synced", path};
  const int failed = ::fsync(fd);
  ::close(fd);
  return failed ? Result<void>(Error{ErrorCode::kIo, "fsync failed", path}) : Result<void>();
}

Result<void> check_identity(Database& database, const std::string& path) {
  const Result<std::int64_t> application = database.integer("PRAGMA application_id");
  if (!application) return application.error();
  const Result<std::int64_t> version = database.integer("PRAGMA user_version");
  if (!version) return version.error();
  if (*application != kApplicationId) return Error{ErrorCode::kInvalidArgument, "exists and is no incident file; not touched", path};
  if (*version != kFormatVersion) {
    return Error{ErrorCode::kUnsupported, "is an incident file of format " + std::to_string(*version) + "; this tailback writes format " +
                                              std::to_string(kFormatVersion), path};
  }
  return {};
}

}  // namespace

struct IncidentWriter::State {
  std::string path;          // where the file ends up
  std::string written_path;  // where it is being written
  WriterOptions options;
  Database database;
  std::optional<ContentStore> store;
  Statement insert_sample, insert_value, insert_dump, insert_thread, insert_lock, insert_wait, insert_hold, upsert_breach, insert_event;
  WriterLosses losses;

  Recording recording;
  RowId recording_row = 0;   // 0: none open
  std::vector<RowId> metric_rows;
  std::size_t modules_written = 0, locks_written = 0;
  std::uint64_t samples_written = 0, pending_events = 0;
  bool in_transaction = false;
  bool finished = false;

  Result<void> open();
  void prepare();
  void begin_transaction();
  void commit();
  void rollback() noexcept;
  template <class Work>
  void guarded(std::uint64_t& lost, bool durable, Work&& work) noexcept;

  template <class... More>
  void run_with_info(Statement& statement, const More&... more);
  void insert_recording();
  void update_recording();
  RowId metric_row(MetricId id);
  void write_sample(const Sample& sample);
  void write_dump(const Dump& dump);
  void write_threads(RowId dump_row, const Dump& dump);
  void write_locks(RowId dump_row, const Dump& dump);
  void write_event(const LockEvent& event);
  void write_tables();
  void prune();
  Result<void> compact();
};

Result<void> IncidentWriter::State::open() {
  std::error_code ignored;
  const bool existing = std::filesystem::exists(path, ignored) && std::filesystem::file_size(path, ignored) > 0;
  written_path = options.live || existing ? path : path + ".partial";
  if (written_path != path) ::unlink(written_path.c_str());
  Result<Database> opened = Database::open(written_path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, written_path);
  if (!opened) return opened.error();
  database = std::move(*opened);
  sqlite3_busy_timeout(database.handle(), 2000);
  if (existing) {
    if (Result<void> identity = check_identity(database, path); !identity) {
      return identity.error().code == ErrorCode::kMalformed
                 ? Error{ErrorCode::kInvalidArgument, "exists and is no incident file; not touched", path} : identity.error();
    }
  }
  const char* const mode = options.live ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=OFF";
  if (Result<void> done = database.execute(mode); !done) return done.error();
  if (!existing) {
    // One transaction, so that two processes that start at once on one path both find the whole schema.
    const std::string schema = std::string("BEGIN IMMEDIATE;") + kSchema + "COMMIT;";
    if (Result<void> done = database.execute(schema.c_str()); !done) {
      (void)database.execute("ROLLBACK");
      if (!check_identity(database, path)) return done.error();
    }
  }
  try {
    prepare();
  } catch (const StoreFailure& failure) {
    return failure.error;
  }
  return {};
}

void IncidentWriter::State::prepare() {
  store.emplace(database);
  insert_sample = must(database.prepare("INSERT INTO sample(recording_id, wall_ns, mono_ns) VALUES(?,?,?)"));
  insert_value = must(database.prepare("INSERT OR REPLACE INTO sample_value(sample_id, metric_id, value, age_ns) VALUES(?,?,?,?)"));
  insert_dump = must(database.prepare(
      "INSERT INTO dump(recording_id, number, wall_ns, mono_ns, duration_ns, reason, breach_id, threads, threads_missed, statements)"
      " VALUES(?,?,?,?,?,?,?,?,?,?)"));
  insert_thread = must(database.prepare(
      "INSERT INTO thread(dump_id, position, id, name_text, stack_id, state_text, printed_text, quality_text, absence_text, label_text,"
      " created_by_text, arguments_id, count, system_call, waited_ns, cpu_ns, line) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  insert_lock = must(database.prepare(
      "INSERT INTO lock(dump_id, position, address, kind, policy, name_text, readers, queued, owner, registry_id) VALUES(?,?,?,?,?,?,?,?,?,?)"));
  insert_wait = must(database.prepare(
      "INSERT OR IGNORE INTO wait(dump_id, thread, lock, mode_text, front, frame, since_ns) VALUES(?,?,?,?,?,?,?)"));
  insert_hold = must(database.prepare(
      "INSERT INTO hold(dump_id, thread, lock, mode, basis, frame, strength, evidence_text) VALUES(?,?,?,?,?,?,?,?)"));
  upsert_breach = must(database.prepare(
      "INSERT INTO breach(recording_id, id, trigger, metric, value, threshold, opened_wall_ns, closed_wall_ns) VALUES(?,?,?,?,?,?,?,?)"
      " ON CONFLICT DO UPDATE SET closed_wall_ns = excluded.closed_wall_ns"));
  insert_event = must(database.prepare(
      "INSERT OR IGNORE INTO lock_event(recording_id, \"order\", mono_ns, thread, lock, operation_text, mode_text, other, place_text)"
      " VALUES(?,?,?,?,?,?,?,?,?)"));
}

void IncidentWriter::State::begin_transaction() {
  if (in_transaction) return;
  must(database.execute("BEGIN IMMEDIATE"));
  in_transaction = true;
}

void IncidentWriter::State::commit() {
  if (!in_transaction) return;
  must(database.execute("COMMIT"));
  in_transaction = false;
  pending_events = 0;
}

void IncidentWriter::State::rollback() noexcept {
  // A transaction that SQLite has rolled back already makes this fail, which is as good.
  (void)sqlite3_exec(database.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  in_transaction = false;
  if (store) store->forget();
  std::fill(metric_rows.begin(), metric_rows.end(), 0);
  modules_written = locks_written = 0;
}

/// Runs `work` and commits it at once (`durable`) or with others; what could not be written is undone and counted in `lost`.
template <class Work>
void IncidentWriter::State::guarded(std::uint64_t& lost, bool durable, Work&& work) noexcept {
  if (finished) {
    ++lost;
    return;
  }
  try {
    const std::uint64_t undone = pending_events;
    try {
      begin_transaction();
      if (recording_row == 0) insert_recording();
      work();
      if (durable || ++pending_events >= kBatchedEvents) commit();
    } catch (const StoreFailure& failure) {
      rollback();
      pending_events = 0;
      lost += 1 + undone;
      if (!losses.first_error) losses.first_error = failure.error;
    }
  } catch (...) {  // out of memory
    rollback();
    ++lost;
  }
}

/// Runs a statement whose parameters are the columns of `recording` after its id, in the schema's order, and then `more`.
template <class... More>
void IncidentWriter::State::run_with_info(Statement& statement, const More&... more) {
  const RecordingInfo& info = recording.info;
  must(statement.run(std::string_view(info.source), to_string(info.runtime), std::string_view(info.instance), std::string_view(info.file),
                     std::string_view(info.host), std::string_view(info.command), std::string_view(info.version), info.pid,
                     info.started_wall_ns, unless(info.ended_wall_ns, 0), more...));
}

void IncidentWriter::State::insert_recording() {
  Statement insert = must(database.prepare(
      "INSERT INTO recording(source, runtime, instance, file, host, command, version, pid, started_wall_ns, ended_wall_ns)"
      " VALUES(?,?,?,?,?,?,?,?,?,?)"));
  run_with_info(insert);
  recording_row = database.last_row();
  // Committed by itself: a later event that can't be written must not undo the recording that its successors belong to.
  commit();
  begin_transaction();
}

void IncidentWriter::State::update_recording() {
  Statement update = must(database.prepare(
      "UPDATE recording SET source=?, runtime=?, instance=?, file=?, host=?, command=?, version=?, pid=?, started_wall_ns=?, ended_wall_ns=?"
      " WHERE id=?"));
  run_with_info(update, recording_row);
}

RowId IncidentWriter::State::metric_row(MetricId id) {
  if (id.index >= recording.metrics.size()) throw StoreFailure{{ErrorCode::kInternal, "a sample has a metric that is not declared", {}}};
  if (id.index >= metric_rows.size()) metric_rows.resize(id.index + 1);
  if (metric_rows[id.index] != 0) return metric_rows[id.index];
  // With those declared before it, so that the file keeps their order whichever has a value first.
  for (std::size_t i = 0; i <= id.index; ++i) {
    if (metric_rows[i] != 0) continue;
    const MetricInfo& metric = recording.metrics[i];
    Statement insert = must(database.prepare(
        "INSERT INTO metric(recording_id, name, unit, counter) VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET unit = excluded.unit RETURNING id"));
    insert.bind(1, recording_row);
    insert.bind(2, std::string_view(metric.name));
    insert.bind(3, std::string_view(metric.unit));
    insert.bind(4, std::int64_t{metric.counter});
    must(insert.step());
    metric_rows[i] = insert.integer(0);
  }
  return metric_rows[id.index];
}

void IncidentWriter::State::write_sample(const Sample& sample) {
  must(insert_sample.run(recording_row, sample.wall_ns, sample.mono_ns));
  const RowId row = database.last_row();
  for (const MetricValue& value : sample.values) {
    must(insert_value.run(row, metric_row(value.metric), value.value, unless(value.age_ns, 0)));
  }
  if (options.live && options.keep_samples > 0 && ++samples_written % kPruneEvery == 0) prune();
}

void IncidentWriter::State::prune() {
  // Sample ids ascend in time, so the oldest ones of this recording are those below a bound.
  Statement bound = must(database.prepare("SELECT id FROM sample WHERE recording_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?"));
  bound.bind(1, recording_row);
  bound.bind(2, static_cast<std::int64_t>(options.keep_samples));
  if (!must(bound.step())) return;
  const RowId last = bound.integer(0);
  bound.reset();
  Statement values = must(database.prepare(
      "DELETE FROM sample_value WHERE sample_id IN (SELECT id FROM sample WHERE recording_id = ? AND id <= ?)"));
  must(values.run(recording_row, last));
  Statement samples = must(database.prepare("DELETE FROM sample WHERE recording_id = ? AND id <= ?"));
  must(samples.run(recording_row, last));
}

void IncidentWriter::State::write_dump(const Dump& dump) {
  const std::string statements = json_array(recording.table, dump.statements);
  must(insert_dump.run(recording_row, dump.id, dump.wall_ns, dump.mono_ns, unless(dump.duration_ns, 0), recording.table.text(dump.reason),
                       unless(dump.breach_id, 0), static_cast<std::int64_t>(dump.thread_count()), static_cast<std::int64_t>(dump.threads_missed),
                       std::string_view(statements)));
  const RowId row = database.last_row();
  write_threads(row, dump);
  write_locks(row, dump);
  write_tables();
}

void IncidentWriter::State::write_threads(RowId dump_row, const Dump& dump) {
  const StackTable& table = recording.table;
  for (std::size_t i = 0; i < dump.threads.size(); ++i) {
    const ThreadRecord& thread = dump.threads[i];
    int column = 0;
    const auto bind = [&](const auto& value) { insert_thread.bind(++column, value); };
    bind(dump_row);
    bind(static_cast<std::int64_t>(i));
    if (const auto number = canonical_number(thread.id)) bind(*number);
    else bind(std::string_view(thread.id));
    bind(store->text(table, thread.name));
    bind(store->stack(table, thread.stack));
    bind(store->word(to_string(thread.state)));
    bind(store->text(table, thread.state_text));
    bind(thread.quality == StackQuality::kComplete ? std::nullopt : std::optional(store->word(to_string(thread.quality))));
    bind(store->text(table, thread.absence_reason));
    bind(store->text(table, thread.label));
    bind(store->text(table, thread.created_by));
    bind(store->arguments(table, thread.arguments));
    bind(unless(thread.count, 1));
    bind(unless(thread.system_call, -1));
    bind(unless(thread.waited_ns, -1));
    bind(unless(thread.cpu_ns, -1));
    bind(i < dump.line_of_thread.size() ? std::optional(bits(dump.line_of_thread[i])) : std::nullopt);
    must(insert_thread.step());
  }
}

void IncidentWriter::State::write_locks(RowId dump_row, const Dump& dump) {
  const StackTable& table = recording.table;
  for (std::size_t i = 0; i < dump.locks.size(); ++i) {
    const Lock& lock = dump.locks[i];
    must(insert_lock.run(dump_row, static_cast<std::int64_t>(i), bits(lock.address), to_string(lock.kind), to_string(lock.policy),
                         store->text(table, lock.name), unless(lock.readers, -1), unless(lock.queued, -1), unless_empty(lock.owner),
                         unless(bits(lock.registry_id), 0)));
  }
  for (const Wait& wait : dump.waits) {
    must(insert_wait.run(dump_row, std::int64_t{wait.thread.index}, std::int64_t{wait.lock.index}, store->word(to_string(wait.mode)),
                         unless(wait.front, 0), std::int64_t{wait.frame}, unless(wait.since_ns, -1)));
  }
  for (const Hold& hold : dump.holds) {
    must(insert_hold.run(dump_row, unless(hold.thread ? std::int64_t{hold.thread.index} : -1, -1), std::int64_t{hold.lock.index}, to_string(hold.mode), to_string(hold.basis),
                         unless(hold.frame, Hold::kNoFrame), std::int64_t{hold.strength}, store->text(table, hold.evidence)));
  }
}

void IncidentWriter::State::write_event(const LockEvent& event) {
  must(insert_event.run(recording_row, bits(event.order), unless(event.mono_ns, 0), bits(event.thread), unless(bits(event.lock), 0),
                        store->word(to_string(event.operation)), store->word(to_string(event.mode)), unless(bits(event.other), 0),
                        store->text(recording.table, event.place)));
}

/// What a recording says beside its events: modules and locks not written yet, counters, diagnostics.
void IncidentWriter::State::write_tables() {
  Statement module = must(database.prepare("INSERT OR REPLACE INTO module VALUES(?,?,?,?,?,?,?)"));
  for (; modules_written < recording.modules.size(); ++modules_written) {
    const Module& m = recording.modules[modules_written];
    must(module.run(recording_row, static_cast<std::int64_t>(modules_written), std::string_view(m.path), std::string_view(m.build_id),
                    bits(m.base), bits(m.begin), bits(m.end)));
  }
  Statement lock = must(database.prepare("INSERT OR REPLACE INTO instrumented_lock VALUES(?,?,?,?,?,?)"));
  for (; locks_written < recording.instrumented_locks.size(); ++locks_written) {
    const Lock& l = recording.instrumented_locks[locks_written];
    must(lock.run(recording_row, bits(l.registry_id), bits(l.address), to_string(l.kind), to_string(l.policy), recording.table.text(l.name)));
  }
  Statement counter = must(database.prepare("INSERT OR REPLACE INTO counter VALUES(?,?,?)"));
  for (const auto& [name, value] : recording.counters) must(counter.run(recording_row, std::string_view(name), bits(value)));
  Statement diagnostic = must(database.prepare("INSERT OR REPLACE INTO diagnostic VALUES(?,?,?,?,?,?)"));
  for (const Diagnostic& d : recording.diagnostics) {
    must(diagnostic.run(recording_row, to_string(d.severity), std::string_view(d.file), unless(bits(d.line), 0), std::string_view(d.reason),
                        bits(d.count)));
  }
}

/// Replaces the live file by a compact copy of itself that needs no WAL.
Result<void> IncidentWriter::State::compact() {
  const std::string copy = path + ".partial";
  ::unlink(copy.c_str());
  if (Result<void> done = database.execute("PRAGMA wal_checkpoint(TRUNCATE)"); !done) return done;
  const Result<std::int64_t> before = database.integer("PRAGMA data_version");
  Result<Statement> vacuum = database.prepare("VACUUM INTO ?");
  if (!vacuum) return vacuum.error();
  Result<void> done = vacuum->run(std::string_view(copy));
  if (done) done = sync_file(copy);
  if (!done) {
    ::unlink(copy.c_str());
    return done;
  }
  // Another process that records into the same file keeps it alive: then its last words would be lost by a rename.
  const bool alone = database.execute("BEGIN EXCLUSIVE").ok() && before.ok() && *before == database.integer("PRAGMA data_version").value();
  if (alone && ::rename(copy.c_str(), path.c_str()) != 0) done = Error{ErrorCode::kIo, "cannot be renamed into place", copy};
  if (alone && done) {
    // The WAL is empty and belongs to the file that is gone; SQLite leaves it, since the name is another file's now.
    ::unlink((path + "-wal").c_str());
    ::unlink((path + "-shm").c_str());
  } else {
    ::unlink(copy.c_str());
  }
  (void)database.execute("COMMIT");
  return done;
}

IncidentWriter::IncidentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}

IncidentWriter::~IncidentWriter() {
  try {
    if (state_->in_transaction) state_->commit();
  } catch (...) {
    state_->rollback();
  }
}

Result<std::unique_ptr<IncidentWriter>> IncidentWriter::open(const std::string& path, WriterOptions options) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->options = options;
  if (Result<void> opened = state->open(); !opened) return opened.error();
  return std::unique_ptr<IncidentWriter>(new IncidentWriter(std::move(state)));
}

Recording& IncidentWriter::begin(RecordingInfo info) {
  State& s = *state_;
  s.recording = Recording();
  s.recording.info = std::move(info);
  s.recording_row = 0;
  s.metric_rows.clear();
  s.modules_written = s.locks_written = 0;
  s.samples_written = 0;
  s.store->next_recording();
  s.guarded(s.losses.others, true, [] {});
  return s.recording;
}

void IncidentWriter::sample(Sample sample) {
  state_->guarded(state_->losses.samples, state_->options.live, [&] { state_->write_sample(sample); });
}

void IncidentWriter::dump(Dump dump) {
  state_->guarded(state_->losses.dumps, state_->options.live, [&] { state_->write_dump(dump); });
}

void IncidentWriter::breach(Breach breach) {
  state_->guarded(state_->losses.breaches, state_->options.live, [&] {
    must(state_->upsert_breach.run(state_->recording_row, breach.id, std::string_view(breach.trigger), std::string_view(breach.metric),
                                   breach.value, breach.threshold, breach.opened_wall_ns, unless(breach.closed_wall_ns, 0)));
  });
}

void IncidentWriter::lock_event(const LockEvent& event) {
  // Lock events come in thousands: they share a transaction even live, until flush() or the next sample.
  state_->guarded(state_->losses.lock_events, false, [&] { state_->write_event(event); });
}

void IncidentWriter::diagnostic(Diagnostic diagnostic) { merge_diagnostic(state_->recording.diagnostics, std::move(diagnostic)); }

void IncidentWriter::end() {
  State& s = *state_;
  s.guarded(s.losses.others, true, [&] {
    s.update_recording();
    s.write_tables();
  });
}

Result<void> IncidentWriter::flush() {
  State& s = *state_;
  const std::uint64_t before = s.losses.total();
  s.guarded(s.losses.others, true, [&] { s.write_tables(); });
  if (s.losses.total() != before) return s.losses.first_error.value_or(Error{ErrorCode::kIo, "cannot be written", s.path});
  return {};
}

Result<void> IncidentWriter::finish() {
  State& s = *state_;
  if (s.recording_row != 0) end();
  s.finished = true;
  if (s.written_path == s.path) return s.options.live ? s.compact() : Result<void>();
  if (Result<void> synced = sync_file(s.written_path); !synced) return synced;
  if (::rename(s.written_path.c_str(), s.path.c_str()) != 0) return Error{ErrorCode::kIo, "cannot be renamed into place", s.written_path};
  return {};
}

const WriterLosses& IncidentWriter::losses() const { return state_->losses; }

}  // namespace tailback
