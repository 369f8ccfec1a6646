#include "runtime/incident/incident_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "runtime/incident/incident_tables_writer.h"
#include "runtime/incident/schema.h"
#include "runtime/incident/sqlite.h"

namespace tailback {
namespace {

constexpr std::uint64_t kPruneEvery = 1024;      // samples between two prunings
constexpr std::uint64_t kBatchedEvents = 20000;  // events of a replayed log in one transaction

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
  Recording recording;
  std::optional<IncidentTablesWriter> tables;
  WriterLosses losses;
  std::uint64_t samples_written = 0, pending_events = 0;
  bool in_transaction = false;
  bool finished = false;

  Result<void> open();
  void begin_transaction();
  void commit();
  void rollback() noexcept;
  template <class Work>
  void guarded(std::uint64_t& lost, bool durable, Work&& work) noexcept;
  void write_sample(const Sample& sample);
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
    tables.emplace(database, recording);
  } catch (const StoreFailure& failure) {
    return failure.error;
  }
  return {};
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
  if (tables) tables->forget();
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
      if (!tables->has_recording()) {
        tables->insert_recording();
        // Committed by itself: a later event that can't be written must not undo the recording that its successors belong to.
        commit();
        begin_transaction();
      }
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

void IncidentWriter::State::write_sample(const Sample& sample) {
  tables->write_sample(sample);
  if (options.live && options.keep_samples > 0 && ++samples_written % kPruneEvery == 0) tables->prune(options.keep_samples);
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
  s.tables->next_recording();
  s.samples_written = 0;
  s.guarded(s.losses.others, true, [] {});
  return s.recording;
}

void IncidentWriter::sample(Sample sample) {
  state_->guarded(state_->losses.samples, state_->options.live, [&] { state_->write_sample(sample); });
}

void IncidentWriter::dump(Dump dump) {
  state_->guarded(state_->losses.dumps, state_->options.live, [&] { state_->tables->write_dump(dump); });
}

void IncidentWriter::breach(Breach breach) {
  state_->guarded(state_->losses.breaches, state_->options.live, [&] { state_->tables->write_breach(breach); });
}

void IncidentWriter::lock_event(const LockEvent& event) {
  // Lock events come in thousands: they share a transaction even live, until flush() or the next sample.
  state_->guarded(state_->losses.lock_events, false, [&] { state_->tables->write_lock_event(event); });
}

void IncidentWriter::diagnostic(Diagnostic diagnostic) { merge_diagnostic(state_->recording.diagnostics, std::move(diagnostic)); }

void IncidentWriter::end() {
  State& s = *state_;
  s.guarded(s.losses.others, true, [&] {
    s.tables->update_recording();
    s.tables->write_tables();
  });
}

Result<void> IncidentWriter::flush() {
  State& s = *state_;
  const std::uint64_t before = s.losses.total();
  s.guarded(s.losses.others, true, [&] { s.tables->write_tables(); });
  if (s.losses.total() != before) return s.losses.first_error.value_or(Error{ErrorCode::kIo, "cannot be written", s.path});
  return {};
}

Result<void> IncidentWriter::finish() {
  State& s = *state_;
  if (s.tables->has_recording()) end();
  s.finished = true;
  if (s.written_path == s.path) return s.options.live ? s.compact() : Result<void>();
  if (Result<void> synced = sync_file(s.written_path); !synced) return synced;
  if (::rename(s.written_path.c_str(), s.path.c_str()) != 0) return Error{ErrorCode::kIo, "cannot be renamed into place", s.written_path};
  return {};
}

const WriterLosses& IncidentWriter::losses() const { return state_->losses; }

}  // namespace tailback
