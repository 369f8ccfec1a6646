// One input, several processes.
#include <algorithm>

#include "support.h"

namespace tailback::replay {
namespace {

using ::testing::ElementsAre;

TEST(Lanes, PodsLinesThatAlternateAreToldApart) {
  const Read all = read(
      "[pod/web-7/app] goroutine 1 [select]:\n[pod/web-8/app] goroutine 1 [chan receive]:\n[pod/web-7/app] main.a(0x1)\n[pod/web-8/app] main.b(0x1)\n"
      "[pod/web-7/app] \t/go/main.go:1 +0x1\n[pod/web-8/app] \t/go/main.go:2 +0x1\n[pod/idle/app] nothing\n");
  ASSERT_TRUE(all.result.ok());
  ASSERT_EQ(all.recordings.size(), 2u) << "the idle pod has nothing to tell";
  EXPECT_EQ(all.recordings[0].info.instance, "web-7/app");
  EXPECT_EQ(all.recordings[1].info.instance, "web-8/app");
  EXPECT_THAT(functions(all.recordings[0], all.recordings[0].dumps.at(0).threads.at(0)), ElementsAre("main.a"));
  EXPECT_THAT(functions(all.recordings[1], all.recordings[1].dumps.at(0).threads.at(0)), ElementsAre("main.b"));
}

TEST(Lanes, ALogOfMetricsAloneIsARecordingWithoutDumps) {
  const Recording r = read_one("2020/02/11 09:29:10 INFO goroutines=60 heap_sys_mb=63\n2020/02/11 09:29:20 INFO goroutines=61 heap_sys_mb=63\n");
  EXPECT_EQ(r.samples.size(), 2u);
  EXPECT_TRUE(r.dumps.empty());
  EXPECT_THAT(reasons(r), ElementsAre("metrics, but no dump"));
}

TEST(Lanes, TheJournalTellsPidAndHost) {
  const Recording r = read_one("Feb 11 09:31:50 web-7 registryd[2114]: goroutine 1 [select]:\nFeb 11 09:31:50 web-7 registryd[2114]: main.a(0x1)\nFeb 11 09:31:50 web-7 registryd[2114]: \t/go/main.go:1 +0x1\n");
  EXPECT_EQ(r.info.pid, 2114);
  EXPECT_EQ(r.info.host, "web-7");
  EXPECT_EQ(r.info.instance, "1");
}

TEST(Lanes, MetricsOfOtherFormatsLinesAreSamplesToo) {
  ReadOptions options;
  options.metric_patterns = {R"(queue is (?<queue>\d+) long)"};
  const Recording r = read_one("2020/02/11 09:29:10 queue is 7 long\ngoroutine 1 [select]:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n\n2020/02/11 09:29:20 queue is 8 long\n", options);
  ASSERT_EQ(r.samples.size(), 2u);
  EXPECT_EQ(r.samples[1].value(r.find_metric("queue")), 8);
}

TEST(Lanes, MetricsAreFoundWhereverTheyStandInALongLog) {
  // Blocks of a log are read at once, and those of a dump have no metrics: a line is put before, across and behind the border of blocks.
  std::string dump;
  for (int i = 1; dump.size() < (std::size_t{256} << 10) - 64; ++i) dump += "goroutine " + std::to_string(i) + " [select]:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n\n";
  for (std::size_t filling = 0; filling < 128; filling += 7) {
    const Recording r = read_one(dump + std::string(filling, '\n') + "2020/02/11 09:29:10 goroutines=61 rss_bytes=7\n");
    ASSERT_EQ(r.samples.size(), 1u) << filling;
    EXPECT_EQ(r.samples[0].value(r.find_metric("threads")), 61);
  }
}

constexpr std::string_view kGo = "goroutine 1 [select]:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n\ngoroutine 2 [select]:\nmain.b(0x1)\n\t/go/main.go:2 +0x1\n\n";
constexpr std::string_view kGdb =
    "Thread 2 (Thread 0x7f0a (LWP 12)):\n#0  0x00007f0a11 in read () from /lib/libc.so.6\n#1  0x0000000011 in serve (fd=3) at serve.cc:12\n\n"
    "Thread 1 (Thread 0x7f0b (LWP 11)):\n#0  0x00007f0a11 in select () from /lib/libc.so.6\n#1  0x0000000022 in main () at main.cc:3\n\n";
constexpr std::string_view kJava =
    "2026-02-11 09:31:50\nFull thread dump OpenJDK 64-Bit Server VM (17.0.15+6 mixed mode, sharing):\n\n"
    "\"main\" #1 prio=5 os_prio=0 cpu=39.55ms elapsed=2.79s tid=0x00007f112c017ed0 nid=0x95b88 waiting on condition  [0x00007f11319fe000]\n"
    "   java.lang.Thread.State: TIMED_WAITING (sleeping)\n\tat java.lang.Thread.sleep(java.base@17.0.15/Native Method)\n\tat DL.main(DL.java:16)\n\n";

std::vector<std::string> sources_of(const Read& all) {
  std::vector<std::string> sources;
  for (const Recording& r : all.recordings) sources.push_back(r.info.source + " " + std::to_string(r.dumps.size()) + " " + std::to_string(r.samples.size()));
  std::sort(sources.begin(), sources.end());
  return sources;
}

TEST(Lanes, DumpsOfSeveralFormatsInOneLogAreRecordingsOfTheirOwn) {
  const std::string log = "starting\n" + std::string(kJava) + "2026/02/11 09:31:51 goroutines=7\nattaching\n" + std::string(kGdb) + "2026/02/11 09:32:01 bye\n" + std::string(kGo) + "end\n";
  const Read all = read(log);
  ASSERT_TRUE(all.result.ok()) << all.result.error().to_string();
  EXPECT_THAT(sources_of(all), ElementsAre("gdb 1 0", "go-log 1 1", "jstack 1 0")) << "metrics of the log's head go to the format recognised first";
  for (const Recording& r : all.recordings) {
    EXPECT_EQ(r.dumps.at(0).threads.size(), r.info.source == "jstack" ? 1u : 2u) << r.info.source;
    for (const Diagnostic& diagnostic : r.diagnostics) EXPECT_EQ(diagnostic.severity, Severity::kInformation) << diagnostic.reason;
  }
}

TEST(Lanes, AFormatThatComesAgainGoesOnWithItsRecording) {
  const Read all = read(std::string(kGo) + std::string(kGdb) + std::string(kGo) + std::string(kGdb));
  ASSERT_TRUE(all.result.ok());
  EXPECT_THAT(sources_of(all), ElementsAre("gdb 2 0", "go-log 2 0"));
}

TEST(Lanes, AFormatThatIsNamedIsReadAlone) {
  ReadOptions options;
  options.format = "go-log";
  EXPECT_THAT(sources_of(read(std::string(kGdb) + std::string(kGo), options)), ElementsAre("go-log 1 0"));
}

TEST(Lanes, LinesThatOnlyLookLikeAnotherFormatStayWhereTheyAre) {
  std::string log(kGo);
  for (int i = 0; i < 1000; ++i) log += "Thread " + std::to_string(i) + " (worker) says:\nTID 7:\n" + std::string(200, 'x') + "\n";
  const Read all = read(log + std::string(kGo));
  ASSERT_TRUE(all.result.ok());
  EXPECT_THAT(sources_of(all), ElementsAre("go-log 2 0"));
}

/// What comes out, in order: "s" and "d" with the second of the minute.
class OrderSink final : public EventSink {
 public:
  Recording& begin(RecordingInfo info) override { return collector_.begin(std::move(info)); }
  void sample(Sample sample) override { add('s', sample.wall_ns); }
  void dump(Dump dump) override { add('d', dump.wall_ns); }
  void breach(Breach) override {}
  void lock_event(const LockEvent&) override {}
  void diagnostic(Diagnostic) override {}
  void end() override {}
  std::string order;

 private:
  void add(char kind, std::int64_t wall_ns) { order += (order.empty() ? "" : " ") + (kind + std::to_string(wall_ns / 1'000'000'000 % 60)); }
  RecordingCollector collector_;
};

TEST(Lanes, SamplesOfLinesWithinADumpComeAfterIt) {
  const auto dump = [](const char* second, int id) {
    return "2020/02/11 09:30:" + std::string(second) + " dump\ngoroutine " + std::to_string(id) + " [select]:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n\n";
  };
  const auto metric = [](const char* second) { return "2020/02/11 09:30:" + std::string(second) + " goroutines=61\n"; };
  const std::string log = metric("01") + dump("02", 1) + metric("03") + "goroutine 7 [select]:\nmain.b(0x1)\n\t/go/main.go:2 +0x1\n\n" + metric("04") + dump("30", 1) + metric("31");
  OrderSink sink;
  ReadOptions options;
  options.file = "input";
  ASSERT_TRUE(read_text(log, options, sink).ok());
  EXPECT_EQ(sink.order, "s1 d2 s3 s4 d30 s31");
}

}  // namespace
}  // namespace tailback::replay
