#include "support.h"

namespace tailback::replay {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kTwo =
    "goroutine 39 [running]:\n"
    "main.dump(0x509)\n"
    "\t/go/src/segmentd/main.go:306 +0x2f\n"
    "created by main.main in goroutine 1\n"
    "\t/go/src/segmentd/main.go:430 +0xe18\n"
    "\n"
    "goroutine 1 [semacquire, 3 minutes]:\n"
    "sync.runtime_SemacquireMutex(0xc0000b400c, 0x0, 0x1)\n"
    "\t/usr/local/go/src/runtime/sema.go:71 +0x47\n"
    "sync.(*RWMutex).RLock(...)\n"
    "\t/usr/local/go/src/sync/rwmutex.go:50\n"
    "main.(*HashSet).Size(0xc0000b4008, 0x0?)\n"
    "\t/go/src/segmentd/main.go:55 +0x3e\n";

std::string started_at(int line) {
  return "goroutine 7 [select]:\n"
         "net/http.Get({0xc00001e108?, 0x0?})\n"
         "\t/usr/lib/go/src/net/http/client.go:448 +0x2e fp=0xc000131fc0 sp=0xc000131f98 pc=0x5f00ae\n"
         "main.main.func2()\n"
         "\t/src/main.go:54 +0x2a fp=0xc000131fe0 sp=0xc000131fc0 pc=0x665b2a\n"
         "runtime.goexit()\n"
         "\t/usr/lib/go/src/runtime/asm_amd64.s:1594 +0x1 fp=0xc000131fe8 sp=0xc000131fe0 pc=0x467c21\n"
         "created by main.main\n"
         "\t/src/main.go:" + std::to_string(line) + " +0xb4\n";
}

TEST(GoLog, LeavesOutWhatTheCompilerWrapsAGoStatementsCallIn) {
  const Recording wrapped = read_one(started_at(54)), closure = read_one(started_at(50));
  EXPECT_THAT(functions(wrapped, wrapped.dumps[0].threads[0]), ElementsAre("net/http.Get", "runtime.goexit"));
  EXPECT_THAT(functions(closure, closure.dumps[0].threads[0]), ElementsAre("net/http.Get", "main.main.func2", "runtime.goexit"));
}

TEST(GoLog, ReadsWhatATracebackSaysOfAThread) {
  const Recording r = read_one(kTwo);
  EXPECT_EQ(r.info.source, "go-log");
  EXPECT_EQ(r.info.runtime, Runtime::kGo);
  ASSERT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{2}));
  const Dump& dump = r.dumps[0];
  EXPECT_EQ(dump.threads[0].id, "39");
  EXPECT_EQ(dump.threads[0].state, ThreadState::kRunning);
  EXPECT_EQ(r.table.text(dump.threads[0].created_by), "main.main");
  const ThreadRecord& reader = dump.threads[1];
  EXPECT_EQ(r.table.text(reader.state_text), "semacquire");
  EXPECT_EQ(reader.waited_ns, 180'000'000'000);
  EXPECT_THAT(functions(r, reader), ElementsAre("sync.runtime_SemacquireMutex", "sync.(*RWMutex).RLock", "main.(*HashSet).Size"));
  const Frame& inlined = r.table.frame(r.table.stack(reader.stack)[1]);
  EXPECT_TRUE(inlined.inlined);
  EXPECT_EQ(inlined.line, 50u);
  const auto words = r.table.arguments(reader.arguments);
  ASSERT_EQ(words.size(), 2u);
  EXPECT_EQ(words[1].value, 0xc0000b4008u);
  EXPECT_EQ(words[1].frame, 2);
  EXPECT_THAT(dump.line_of_thread, ElementsAre(1u, 7u));
  EXPECT_THAT(r.diagnostics, IsEmpty());
}

TEST(GoLog, SharesTheStackOfGoroutinesThatDifferInWordsAlone) {
  std::string text;
  for (int i = 1; i <= 1000; ++i) {
    text += "goroutine " + std::to_string(i) + " [semacquire]:\nmain.(*HashSet).AddOne(0xc0000b4008, 0xc0000" + std::to_string(10000 + i) + ")\n\t/go/main.go:41 +0x3e\n\n";
  }
  const Recording r = read_one(text);
  EXPECT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{1000}));
  EXPECT_EQ(r.table.stack_count(), 1u);
  EXPECT_EQ(r.table.arguments_count(), 1000u);
}

TEST(GoLog, KeepsTheStatementsThatComeBeforeADump) {
  const Recording deadlock = read_one("fatal error: all goroutines are asleep - deadlock!\n\n" + std::string(kTwo));
  ASSERT_EQ(deadlock.dumps.size(), 1u);
  ASSERT_EQ(deadlock.dumps[0].statements.size(), 1u);
  EXPECT_EQ(deadlock.table.text(deadlock.dumps[0].statements[0]), "fatal error: all goroutines are asleep - deadlock!");
  const Recording quit = read_one("SIGQUIT: quit\nPC=0x4730d6 m=0 sigcode=0\n\n" + std::string(kTwo));
  EXPECT_EQ(quit.table.text(quit.dumps.at(0).reason), "SIGQUIT");
}

TEST(GoLog, GoesOnWithTheSameDumpForEachThreadOfACrash) {
  const std::string text = "SIGQUIT: quit\n\n" + std::string(kTwo) +
                           "\nrax    0x0\nrip    0x4730d6\n\n-----\n\nSIGQUIT: quit\nPC=0x46c523 m=1 sigcode=0\n\n"
                           "goroutine 0 gp=0xc000002700 m=1 mp=0xc000046008 [idle]:\nruntime.futex(0x519ba0)\n\t/usr/local/go/src/runtime/sys_linux_amd64.s:558 +0x23\n";
  EXPECT_EQ(threads_of_dumps(read_one(text)), (std::vector<std::size_t>{3}));
}

TEST(GoLog, ReadsElisionsAncestorsAndStacksOfOtherThreads) {
  const Recording r = read_one(
      "goroutine 1 [select]:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n...65 frames elided...\nmain.z(0x1)\n\t/go/main.go:26 +0x1\ncreated by main.main\n\t/go/main.go:30 +0x1\n"
      "[originating from goroutine 1]:\nmain.ancestor(...)\n\t/go/main.go:99 +0x1\ncreated by main.main\n\t/go/main.go:30 +0x1\n\n"
      "goroutine 2 [running]:\n\tgoroutine running on other thread; stack unavailable\ncreated by main.main\n\t/go/main.go:31 +0x1\n\n");
  ASSERT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{2}));
  EXPECT_THAT(functions(r, r.dumps[0].threads[0]), ElementsAre("main.a", "main.z"));
  EXPECT_EQ(r.dumps[0].threads[0].quality, StackQuality::kPartial);
  EXPECT_EQ(r.table.text(r.dumps[0].threads[0].absence_reason), "...65 frames elided...");
  EXPECT_EQ(r.dumps[0].threads[1].quality, StackQuality::kMissing);
  EXPECT_EQ(r.table.text(r.dumps[0].threads[1].created_by), "main.main");
  EXPECT_THAT(r.diagnostics, IsEmpty());
}

TEST(GoLog, SaysThatAHundredFramesMayNotBeAll) {
  std::string text = "goroutine 1 [select]:\n";
  for (int i = 0; i < 100; ++i) text += "main.f(0x1)\n\t/go/main.go:" + std::to_string(i + 1) + " +0x1\n";
  const Recording r = read_one(text + "created by main.main\n\t/go/main.go:31 +0x1\n\n");
  EXPECT_EQ(r.dumps.at(0).threads.at(0).quality, StackQuality::kPartial);
}

TEST(GoLog, KeepsLabelsAndWhatIsLockedToAThread) {
  const Recording r = read_one("goroutine 1 [select, locked to thread] {job: \"ingest\"}:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n\n");
  EXPECT_EQ(r.table.text(r.dumps.at(0).threads.at(0).label), "job: \"ingest\", locked to thread");
}

TEST(GoLog, TakesTimesAndMetricsFromTheLinesAround) {
  const std::string log = "2020/02/11 09:29:10 INFO goroutines=60 heap_sys_mb=63 heap_inuse_mb=4\n2020/02/11 09:31:50 === BEGIN goroutine stack dump ===\n" + std::string(kTwo) +
                          "2020/02/11 09:31:50 === END ===\n2020/02/11 09:32:00 INFO goroutines=1289 heap_sys_mb=63 heap_inuse_mb=2\n";
  const Recording r = read_one(log);
  ASSERT_EQ(r.dumps.size(), 1u);
  EXPECT_EQ(r.dumps[0].wall_ns, 1581413510'000000000);
  ASSERT_EQ(r.samples.size(), 2u);
  EXPECT_EQ(r.samples[1].wall_ns, 1581413520'000000000);
  EXPECT_EQ(r.samples[1].value(r.find_metric("threads")), 1289);
  EXPECT_EQ(r.samples[0].value(r.find_metric("heap_in_use")), 4 * 1048576.0);
  EXPECT_EQ(r.metrics.at(r.find_metric("heap_sys").index).unit, "bytes");
}

TEST(GoLog, ReadsAPrefixOnEveryLine) {
  std::string_view rest = kTwo;
  std::string loggers, unknown;
  int millisecond = 100;
  while (!rest.empty()) {
    const std::string line(rest.substr(0, rest.find('\n') + 1));
    rest.remove_prefix(line.size());
    loggers += "2020/02/11 09:31:50 ERROR main.go:12: " + line;
    unknown += "<app-" + std::to_string(millisecond++) + "> " + line;
  }
  for (const std::string& text : {loggers, unknown}) {
    const Recording r = read_one(text);
    ASSERT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{2})) << text;
    EXPECT_EQ(functions(r, r.dumps[0].threads[1]).size(), 3u) << text;
  }
}

TEST(GoLog, ReadsATracebackInsideAStructuredLoggersRecord) {
  std::string escaped;
  for (const char c : kTwo) escaped += c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
  const Recording r = read_one("{\"ts\":1581413510.5,\"msg\":\"stuck\",\"stack\":\"" + escaped + "\"}\n");
  ASSERT_EQ(threads_of_dumps(r), (std::vector<std::size_t>{2}));
  EXPECT_EQ(r.dumps[0].wall_ns, 1581413510'000000000);
}

}  // namespace
}  // namespace tailback::replay
