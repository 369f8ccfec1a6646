// One input, several processes.
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
