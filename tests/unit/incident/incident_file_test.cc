#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runtime/incident/incident_reader.h"
#include "runtime/incident/incident_writer.h"
#include "runtime/incident/signature_store.h"
#include "runtime/incident/schema.h"
#include "runtime/incident/sqlite.h"

namespace tailback {
namespace {

namespace fs = std::filesystem;

class IncidentFile : public testing::Test {
 protected:
  IncidentFile() : folder_(fs::temp_directory_path() / ("tailback_incident." + std::to_string(::getpid()) + "." + test_name())) {
    fs::create_directories(folder_);
  }
  ~IncidentFile() override { fs::remove_all(folder_); }

  static std::string test_name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
  [[nodiscard]] std::string path(const char* name = "a.tailback") const { return folder_ / name; }

  static std::int64_t query(const std::string& file, const char* sql) {
    Result<Database> database = Database::open(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    return database ? database->integer(sql).value() : -1;
  }

  static std::vector<Recording> read(const std::string& file) {
    RecordingCollector collector;
    const Result<void> done = read_incident(file, collector);
    EXPECT_TRUE(done.ok()) << done.error().to_string();
    return collector.take();
  }

  static Error read_error(const std::string& file) {
    RecordingCollector collector;
    const Result<void> done = read_incident(file, collector);
    return done ? Error{} : done.error();
  }

  fs::path folder_;
};

RecordingInfo info_of(std::string source) {
  return {.source = std::move(source), .runtime = Runtime::kGo, .instance = "7", .file = "service.log", .pid = 42, .started_wall_ns = 1000};
}

/// A dump that has a value other than the default in every field.
Dump make_dump(Recording& recording, std::int64_t id, std::int64_t wall_ns) {
  StackTable& table = recording.table;
  const FrameId frames[] = {table.intern(Frame{table.intern("sync.(*RWMutex).Lock"), table.intern("rwmutex.go"), {}, 98, true, 0xffffffff81000000, 16}),
                            table.intern(Frame{table.intern("main.(*HashSet).AddOne"), table.intern("hashset.go"), table.intern("app"), 52})};
  Argument words[] = {{0xc0000b4008, {}, 1, 0, true}, {~std::uint64_t{0}, table.intern("this"), 2, 3, false}};
  Dump dump;
  dump.id = id;
  dump.wall_ns = wall_ns;
  dump.mono_ns = 5;
  dump.duration_ns = 6;
  dump.reason = table.intern("threads > 1000");
  dump.breach_id = 1;
  dump.threads_missed = 3;
  dump.statements = {table.intern("fatal error: \"all\" goroutines are asleep")};
  ThreadRecord thread{.id = "34", .name = table.intern("worker"), .stack = table.intern(std::span<const FrameId>(frames))};
  thread.state = ThreadState::kBlocked;
  thread.quality = StackQuality::kPartial;
  thread.absence_reason = table.intern("cut");
  thread.state_text = table.intern("semacquire");
  thread.label = table.intern("GET /user");
  thread.created_by = table.intern("main.main");
  thread.arguments = table.intern(std::span<const Argument>(words));
  thread.count = 2;
  thread.system_call = 202;
  thread.waited_ns = 60'000'000'000;
  thread.cpu_ns = 7;
  dump.threads = {thread, ThreadRecord{.id = "007"}, ThreadRecord{.id = "main"}};
  dump.line_of_thread = {10, 20, 30};
  Lock lock{.address = 0xc0000b4008, .kind = LockKind::kRwlock, .policy = LockPolicy::kPreferWriters, .name = table.intern("HashSet.mu")};
  lock.readers = 1;
  lock.queued = 47840;
  lock.owner = "99";
  lock.registry_id = 12;
  dump.locks = {lock};
  dump.waits = {{{0}, {0}, LockMode::kShared, true, 1, 500}};
  dump.holds = {{{1}, {0}, LockMode::kShared, Basis::kInferred, 1, 1, table.intern("r15 equals the lock")}, {{}, {0}}};
  return dump;
}

void expect_same_dump(const Recording& a, const Dump& x, const Recording& b, const Dump& y) {
  EXPECT_EQ(x.id, y.id);
  EXPECT_EQ(x.wall_ns, y.wall_ns);
  EXPECT_EQ(x.duration_ns, y.duration_ns);
  EXPECT_EQ(a.table.text(x.reason), b.table.text(y.reason));
  EXPECT_EQ(x.breach_id, y.breach_id);
  EXPECT_EQ(x.threads_missed, y.threads_missed);
  EXPECT_EQ(x.line_of_thread, y.line_of_thread);
  ASSERT_EQ(x.statements.size(), y.statements.size());
  EXPECT_EQ(a.table.text(x.statements[0]), b.table.text(y.statements[0]));
  ASSERT_EQ(x.threads.size(), y.threads.size());
  for (std::size_t i = 0; i < x.threads.size(); ++i) {
    const ThreadRecord &s = x.threads[i], &t = y.threads[i];
    EXPECT_EQ(s.id, t.id);
    EXPECT_EQ(std::tuple(s.state, s.quality, s.count, s.system_call, s.waited_ns, s.cpu_ns),
              std::tuple(t.state, t.quality, t.count, t.system_call, t.waited_ns, t.cpu_ns));
    for (const auto field : {&ThreadRecord::name, &ThreadRecord::absence_reason, &ThreadRecord::state_text, &ThreadRecord::label, &ThreadRecord::created_by}) {
      EXPECT_EQ(a.table.text(s.*field), b.table.text(t.*field));
    }
    const auto f = a.table.stack(s.stack), g = b.table.stack(t.stack);
    ASSERT_EQ(f.size(), g.size());
    for (std::size_t k = 0; k < f.size(); ++k) {
      const Frame &u = a.table.frame(f[k]), &v = b.table.frame(g[k]);
      EXPECT_EQ(a.table.text(u.function), b.table.text(v.function));
      EXPECT_EQ(a.table.text(u.file), b.table.text(v.file));
      EXPECT_EQ(a.table.text(u.module), b.table.text(v.module));
      EXPECT_EQ(std::tuple(u.line, u.inlined, u.address, u.offset), std::tuple(v.line, v.inlined, v.address, v.offset));
    }
    const auto p = a.table.arguments(s.arguments), q = b.table.arguments(t.arguments);
    ASSERT_EQ(p.size(), q.size());
    for (std::size_t k = 0; k < p.size(); ++k) {
      EXPECT_EQ(std::tuple(p[k].value, p[k].frame, p[k].position, p[k].uncertain), std::tuple(q[k].value, q[k].frame, q[k].position, q[k].uncertain));
      EXPECT_EQ(a.table.text(p[k].name), b.table.text(q[k].name));
    }
  }
  ASSERT_EQ(y.locks.size(), 1u);
  EXPECT_EQ(std::tuple(x.locks[0].address, x.locks[0].kind, x.locks[0].policy, x.locks[0].readers, x.locks[0].queued, x.locks[0].owner, x.locks[0].registry_id),
            std::tuple(y.locks[0].address, y.locks[0].kind, y.locks[0].policy, y.locks[0].readers, y.locks[0].queued, y.locks[0].owner, y.locks[0].registry_id));
  ASSERT_EQ(y.waits.size(), 1u);
  EXPECT_EQ(std::tuple(x.waits[0].thread, x.waits[0].mode, x.waits[0].front, x.waits[0].frame, x.waits[0].since_ns),
            std::tuple(y.waits[0].thread, y.waits[0].mode, y.waits[0].front, y.waits[0].frame, y.waits[0].since_ns));
  ASSERT_EQ(y.holds.size(), 2u);
  EXPECT_EQ(std::tuple(x.holds[0].thread, x.holds[0].basis, x.holds[0].frame, x.holds[0].strength),
            std::tuple(y.holds[0].thread, y.holds[0].basis, y.holds[0].frame, y.holds[0].strength));
  EXPECT_EQ(a.table.text(x.holds[0].evidence), b.table.text(y.holds[0].evidence));
  EXPECT_FALSE(y.holds[1].thread.valid());
}

TEST_F(IncidentFile, StoresADumpThatTellsNothingButItsThreads) {
  {
    auto writer = IncidentWriter::open(path()).value();
    writer->begin(info_of("live"));
    Dump dump;
    dump.id = 1;
    dump.threads.emplace_back();
    writer->dump(std::move(dump));
    EXPECT_EQ(writer->losses().total(), 0u) << (writer->losses().first_error ? writer->losses().first_error->to_string() : "");
    writer->end();
    ASSERT_TRUE(writer->finish());
  }
  ASSERT_EQ(read(path()).size(), 1u);
  EXPECT_EQ(read(path())[0].dumps.size(), 1u);
}

/// One recording with a value in every table.
void write_everything(const std::string& file, bool live) {
  auto writer = IncidentWriter::open(file, {.live = live});
  ASSERT_TRUE(writer.ok()) << writer.error().to_string();
  IncidentWriter& w = **writer;
  Recording& recording = w.begin(info_of("go-log"));
  const MetricId rss = recording.metric("rss", "bytes");
  w.sample({2000, 1, {{rss, 1.5e9, 20}}});
  w.breach({1, "threads > 1000", "threads", 1001, 1000, 2500, 0});
  w.dump(make_dump(recording, 4, 3000));
  w.breach({1, "threads > 1000", "threads", 1001, 1000, 2500, 3500});
  w.sample({4000, 2, {}});
  recording.instrumented_locks.push_back({.kind = LockKind::kMutex, .name = recording.table.intern("mu"), .registry_id = 5});
  w.lock_event({1, 9, 1, 5, LockOperation::kRequest, LockMode::kShared, 0, recording.table.intern("f a.cc:1")});
  recording.modules.push_back({"/bin/app", "abcd", 1, 2, ~std::uint64_t{0}});
  recording.counters.emplace_back("dumps_suppressed_cooldown", 3);
  w.diagnostic({Severity::kDataLoss, "service.log", 7, "cut line"});
  w.diagnostic({Severity::kDataLoss, "service.log", 9, "cut line"});
  recording.info.ended_wall_ns = 9000;
  const Result<void> finished = w.finish();
  ASSERT_TRUE(finished.ok()) << finished.error().to_string();
  EXPECT_EQ(w.losses().total(), 0u);
}

void expect_everything(const std::vector<Recording>& recordings) {
  Recording expected;
  const Dump dump = make_dump(expected, 4, 3000);
  ASSERT_EQ(recordings.size(), 1u);
  const Recording& r = recordings[0];
  EXPECT_EQ(r.info.runtime, Runtime::kGo);
  EXPECT_EQ(r.info.instance, "7");
  EXPECT_EQ(r.info.ended_wall_ns, 9000);
  ASSERT_EQ(r.samples.size(), 2u);
  EXPECT_EQ(r.samples[0].value(r.find_metric("rss")), 1.5e9);
  EXPECT_EQ(r.samples[0].values[0].age_ns, 20);
  ASSERT_EQ(r.breaches.size(), 1u);
  EXPECT_EQ(r.breaches[0].closed_wall_ns, 3500);
  ASSERT_EQ(r.dumps.size(), 1u);
  expect_same_dump(expected, dump, r, r.dumps[0]);
  ASSERT_EQ(r.lock_events.size(), 1u);
  EXPECT_EQ(r.lock_events[0].operation, LockOperation::kRequest);
  EXPECT_EQ(r.table.text(r.lock_events[0].place), "f a.cc:1");
  ASSERT_EQ(r.modules.size(), 1u);
  EXPECT_EQ(r.modules[0].end, ~std::uint64_t{0});
  ASSERT_EQ(r.diagnostics.size(), 1u);
  EXPECT_EQ(r.diagnostics[0].count, 2u);
  ASSERT_EQ(r.counters.size(), 1u);
  EXPECT_EQ(r.counters[0].second, 3u);
}

TEST_F(IncidentFile, ReadsBackWhateverWasWritten) {
  for (const bool live : {true, false}) {
    const std::string file = path(live ? "live.tailback" : "log.tailback");
    write_everything(file, live);
    EXPECT_FALSE(fs::exists(file + "-wal"));
    expect_everything(read(file));
  }
}

TEST_F(IncidentFile, OpensTheFilesOfEveryFormat) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(TAILBACK_TESTS_DIR) / "corpus/incident")) {
    if (entry.path().extension() != ".tailback") continue;
    ++files;
    expect_everything(read(entry.path()));
  }
  EXPECT_EQ(files, kFormatVersion);
}

TEST_F(IncidentFile, WritesAFileOfThisFormat) {
  const char* const wanted = std::getenv("TAILBACK_WRITE_FORMAT_FILE");
  if (!wanted) GTEST_SKIP() << "writes a file only where TAILBACK_WRITE_FORMAT_FILE names one";
  write_everything(wanted, true);
}

TEST_F(IncidentFile, HoldsTwoRecordingsThatShareTheirStacks) {
  for (int i = 0; i < 2; ++i) {
    auto writer = IncidentWriter::open(path());
    ASSERT_TRUE(writer.ok());
    Recording& recording = (*writer)->begin(info_of("live"));
    (*writer)->dump(make_dump(recording, 1, 1));
    ASSERT_TRUE((*writer)->finish().ok());
  }
  EXPECT_EQ(query(path(), "SELECT COUNT(*) FROM recording"), 2);
  EXPECT_EQ(query(path(), "SELECT COUNT(*) FROM stack"), 1);
  EXPECT_EQ(query(path(), "SELECT COUNT(*) FROM frame"), 2);
  EXPECT_EQ(query(path(), "SELECT COUNT(*) FROM arguments"), 1);
  EXPECT_EQ(read(path()).size(), 2u);
}

TEST_F(IncidentFile, StackGroupTellsTheStoryInOneLine) {
  auto writer = IncidentWriter::open(path());
  Recording& recording = (*writer)->begin(info_of("live"));
  (*writer)->dump(make_dump(recording, 1, 1));
  ASSERT_TRUE((*writer)->finish().ok());
  EXPECT_EQ(query(path(), "SELECT count = 2 AND waits_for = 'HashSet.mu' AND wait_mode = 'shared' AND state = 'blocked'"
                          " AND stack = 'sync.(*RWMutex).Lock ← main.(*HashSet).AddOne' FROM stack_group WHERE waits_for IS NOT NULL"), 1);
  EXPECT_EQ(query(path(), "SELECT waiting_shared = 1 AND held_by = '7 shared (inferred), 99 exclusive (observed)' FROM lock_queue"), 0)
      << "an id with leading zeros must stay a text";
  EXPECT_EQ(query(path(), "SELECT held_by = '007 shared (inferred), 99 exclusive (observed)' FROM lock_queue"), 1);
  for (const char* view : {"thread_list", "metric_sample", "breach_dump", "stack_text"}) {
    EXPECT_GE(query(path(), (std::string("SELECT COUNT(*) FROM ") + view).c_str()), 0) << view;
  }
}

TEST_F(IncidentFile, LosesNothingCommittedToSigkill) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto writer = IncidentWriter::open(path());
    Recording& recording = (*writer)->begin(info_of("live"));
    const MetricId threads = recording.metric("threads");
    for (int i = 1; i <= 50; ++i) (*writer)->sample({i, i, {{threads, double(i)}}});
    (*writer)->dump(make_dump(recording, 1, 100));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const std::vector<Recording> recordings = read(path());
  ASSERT_EQ(recordings.size(), 1u);
  EXPECT_EQ(recordings[0].samples.size(), 50u);
  EXPECT_EQ(recordings[0].dumps.size(), 1u);
  EXPECT_EQ(recordings[0].info.ended_wall_ns, 0);
  EXPECT_EQ(query(path(), "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

TEST_F(IncidentFile, CountsWhatAFullDiskLosesAndGoesOnAfterwards) {
  // RLIMIT_FSIZE makes writes past a size fail, as a full disk does; it is the child's alone.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto writer = IncidentWriter::open(path());
    Recording& recording = (*writer)->begin(info_of("live"));
    const rlimit small{200'000, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);
    for (int i = 0; i < 2000; ++i) {
      recording.counters = {{std::string(500, 'x') + std::to_string(i), 1}};
      (*writer)->dump(make_dump(recording, i, i));
    }
    const std::uint64_t lost = (*writer)->losses().dumps;
    const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &large);
    (*writer)->dump(make_dump(recording, 9999, 9999));
    const bool ok = lost > 0 && (*writer)->losses().dumps == lost && (*writer)->losses().first_error.has_value() && (*writer)->finish().ok();
    ::_exit(ok ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  const std::vector<Recording> recordings = read(path());
  ASSERT_EQ(recordings.size(), 1u);
  ASSERT_FALSE(recordings[0].dumps.empty());
  EXPECT_EQ(recordings[0].dumps.back().id, 9999);
  EXPECT_EQ(query(path(), "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

TEST_F(IncidentFile, KeepsOnlySoManySamples) {
  auto writer = IncidentWriter::open(path(), {.keep_samples = 1000});
  Recording& recording = (*writer)->begin(info_of("live"));
  const MetricId threads = recording.metric("threads");
  for (int i = 1; i <= 5000; ++i) (*writer)->sample({i, i, {{threads, double(i)}}});
  ASSERT_TRUE((*writer)->finish().ok());
  const std::vector<Recording> recordings = read(path());
  EXPECT_GE(recordings[0].samples.size(), 1000u);
  EXPECT_LE(recordings[0].samples.size(), 2100u);
  EXPECT_EQ(recordings[0].samples.back().wall_ns, 5000);
}

TEST_F(IncidentFile, RefusesToTouchAFileOfAnotherKind) {
  std::ofstream(path("text")) << std::string(5000, 'x');
  EXPECT_EQ(IncidentWriter::open(path("text")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(fs::file_size(path("text")), 5000u);
  ASSERT_EQ(query(path("db"), "CREATE TABLE t(x)"), 0);
  EXPECT_EQ(IncidentWriter::open(path("db")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(IncidentWriter::open(path("no/such/folder/a.tailback")).ok());
}

TEST_F(IncidentFile, SaysInOneLineWhyAFileIsNotRead) {
  EXPECT_EQ(read_error(path("missing")).code, ErrorCode::kNotFound);
  std::ofstream(path("text")) << "hello";
  EXPECT_EQ(read_error(path("text")).code, ErrorCode::kMalformed);
  (void)query(path("db"), "CREATE TABLE t(x)");
  EXPECT_NE(read_error(path("db")).message.find("no incident file"), std::string::npos);

  {
    auto writer = IncidentWriter::open(path());
    (*writer)->dump(make_dump((*writer)->begin(info_of("live")), 1, 1));
    ASSERT_TRUE((*writer)->finish().ok());
  }
  fs::copy_file(path(), path("newer"));
  (void)query(path("newer"), "PRAGMA user_version = 99");
  EXPECT_EQ(read_error(path("newer")).code, ErrorCode::kUnsupported);
  fs::copy_file(path(), path("view"));
  (void)query(path("view"), "ALTER TABLE metric RENAME TO other");
  EXPECT_EQ(read_error(path("view")).code, ErrorCode::kMalformed);
}

TEST_F(IncidentFile, ReadsWhatIsLeftOfATruncatedOrAlteredFile) {
  {
    auto writer = IncidentWriter::open(path());
    Recording& recording = (*writer)->begin(info_of("live"));
    for (int i = 1; i <= 20; ++i) (*writer)->dump(make_dump(recording, i, i));
    ASSERT_TRUE((*writer)->finish().ok());
  }
  const auto size = fs::file_size(path());
  for (std::uintmax_t cut = 0; cut < size; cut += 1024) {
    fs::copy_file(path(), path("cut"), fs::copy_options::overwrite_existing);
    fs::resize_file(path("cut"), cut);
    const Error error = read_error(path("cut"));  // no crash; either read, or a reason of one line
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
  }
  for (std::uintmax_t at = 100; at < size; at += 517) {
    fs::copy_file(path(), path("flip"), fs::copy_options::overwrite_existing);
    std::fstream file(path("flip"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.write("\xff\x80\x00\x7f", 4);
    file.close();
    (void)read_error(path("flip"));
  }
}

TEST_F(IncidentFile, ChecksEveryIdOfAHostileFile) {
  {
    auto writer = IncidentWriter::open(path());
    (*writer)->dump(make_dump((*writer)->begin(info_of("live")), 1, 1));
    ASSERT_TRUE((*writer)->finish().ok());
  }
  for (const char* sql : {"UPDATE wait SET thread = 4000000000", "UPDATE hold SET lock = -1", "UPDATE thread SET stack_id = 77, name_text = 78",
                          "UPDATE stack SET frames = '[99,zz,-5'", "UPDATE arguments SET words = x'02ffff'", "UPDATE dump SET statements = 'no json'"}) {
    (void)query(path(), sql);
  }
  const std::vector<Recording> recordings = read(path());
  ASSERT_EQ(recordings.size(), 1u);
  EXPECT_FALSE(recordings[0].diagnostics.empty());
  EXPECT_TRUE(recordings[0].dumps[0].waits.empty());
}

TEST_F(IncidentFile, ReadsALiveFileAndOneInAReadOnlyFolder) {
  auto writer = IncidentWriter::open(path());
  (*writer)->dump(make_dump((*writer)->begin(info_of("live")), 1, 1));
  EXPECT_EQ(read(path())[0].dumps.size(), 1u);
  ASSERT_TRUE((*writer)->finish().ok());
  ::chmod(folder_.c_str(), 0555);
  EXPECT_EQ(read(path())[0].dumps.size(), 1u);
  ::chmod(folder_.c_str(), 0755);
}

TEST_F(IncidentFile, StoresSignaturesOfAnAnalysis) {
  {
    auto writer = IncidentWriter::open(path());
    (*writer)->begin(info_of("live"));
    ASSERT_TRUE((*writer)->finish().ok());
  }
  ASSERT_TRUE(store_signatures(path(), 0, {{"sig", "leak", "stall", "likely", "t", 3, 0}}).ok());
  EXPECT_EQ(query(path(), "SELECT blocked FROM finding_signature WHERE signature = 'sig' AND recording_id = 1"), 3);
}

TEST_F(IncidentFile, ReadsTheSignaturesThatAnAnalysisStoredLast) {
  {
    auto writer = IncidentWriter::open(path());
    RecordingInfo info = info_of("live");
    info.pid = 42;
    (*writer)->begin(info);
    (*writer)->begin(info_of("go-log"));
    Dump dump;
    dump.id = 1;
    dump.wall_ns = 77;
    (*writer)->dump(std::move(dump));
    ASSERT_TRUE((*writer)->finish().ok());
  }
  ASSERT_TRUE(store_signatures(path(), 1, {{"old", "leak", "stall", "likely", "t", 3, 0}}).ok());
  ASSERT_TRUE(store_signatures(path(), 1, {{"a", "leak", "slow", "likely", "t", 3, 9}, {"b", "contention", "slow", "certain", "u", 4, 0}}).ok());
  const Result<std::vector<RecordedIncident>> read = read_signatures(path());
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].pid, 42);
  EXPECT_TRUE((*read)[0].signatures.empty());
  EXPECT_EQ((*read)[1].wall_ns, 77);
  ASSERT_EQ((*read)[1].signatures.size(), 2u);
  EXPECT_EQ((*read)[1].signatures[0].signature, "a");
  EXPECT_EQ((*read)[1].signatures[0].first_seen_wall_ns, 9);
  EXPECT_EQ((*read)[1].signatures[1].kind, "contention");
}

TEST_F(IncidentFile, StoresNoSignaturesInWhatIsNoIncidentFile) {
  { std::ofstream(path()) << "a log"; }
  EXPECT_FALSE(store_signatures(path(), 0, {}).ok());
  EXPECT_FALSE(read_signatures(path()).ok());
}

}  // namespace
}  // namespace tailback
