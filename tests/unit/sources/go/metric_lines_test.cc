#include "replay/sources/metric_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailback::replay {
namespace {

std::string readings(const std::vector<std::string>& patterns, std::string_view line) {
  auto lines = MetricLines::create(patterns);
  if (!lines.ok()) return lines.error().to_string();
  std::string all;
  for (const MetricReading& reading : lines.value()->read(line)) {
    all += (all.empty() ? "" : " ") + std::string(reading.name) + "=" + std::to_string(static_cast<long long>(reading.value)) + std::string(reading.unit);
  }
  return all;
}

TEST(MetricLines, ThePatternsOfTheCommandLine) {
  const std::vector<std::string> pattern = {R"(goroutines=(?<threads>\d+) heap_inuse_mb=(?<heap_in_use:MiB>\d+))"};
  EXPECT_EQ(readings(pattern, "x goroutines=61 heap_inuse_mb=12 y"), "threads=61count heap_in_use=12582912bytes");
  EXPECT_EQ(readings({R"(^took (?P<latency:ms>[\d.]+))"}, "took 2500.5 ms"), "latency=2seconds");
  EXPECT_EQ(readings({R"((?:queue|backlog) (?<queue>\d+))"}, "backlog 7"), "queue=7count");
  EXPECT_EQ(readings({R"((a|b)(?<queue>\d+))"}, "b7"), "queue=7count") << "groups without a name are counted too";
  EXPECT_EQ(readings({R"(colou?r (?<queue>\d+))"}, "color 7"), "queue=7count") << "the text that is searched for first must not need what may be absent";
  EXPECT_EQ(readings({R"(x\.y{0,2}z (?<queue>\d+))"}, "x.z 7"), "queue=7count");
  EXPECT_EQ(readings({R"([(]q[)] (?<queue>\d+))"}, "(q) 7"), "queue=7count");
  EXPECT_EQ(readings(pattern, "x"), "");
}

TEST(MetricLines, PatternsThatCannotBe) {
  EXPECT_EQ(readings({"(?<threads>"}, ""), "(?<threads>: is no pattern: missing ): (");
  EXPECT_THAT(readings({"threads"}, ""), ::testing::HasSubstr("names no metric"));
  EXPECT_THAT(readings({R"((?<heap:stone>\d+))"}, ""), ::testing::HasSubstr("'stone' is no unit"));
  EXPECT_THAT(readings({R"((?<he ap>\d+))"}, ""), ::testing::HasSubstr("is no metric's name"));
}

TEST(MetricLines, TheKeysThatServicesUse) {
  EXPECT_EQ(readings({}, "INFO goroutines=61 heap_sys_mb=71 heap_inuse_mb=12"), "threads=61count heap_sys=74448896bytes heap_in_use=12582912bytes");
  EXPECT_EQ(readings({}, R"({"level":"info","goroutines":61,"rss_bytes":"1024"})"), "threads=61count rss=1024bytes");
  EXPECT_EQ(readings({}, "NumGoroutine: 61, HeapInuse: 12MiB"), "threads=61count heap_in_use=12582912bytes");
  EXPECT_EQ(readings({}, "Goroutines: 61, HeapInuse: 12 MB, rss: 3 kb now"), "threads=61count heap_in_use=12000000bytes rss=3072bytes");
  EXPECT_EQ(readings({}, "goroutines=61 s rss=5 of 7"), "threads=61count rss=5bytes") << "what follows is no unit of theirs";
  EXPECT_EQ(readings({}, "goroutines=many rss=-1 rss=3parsecs"), "");
  EXPECT_EQ(readings({}, "not_goroutines=61"), "");
}

TEST(MetricLines, EveryKnownKeyIsFoundBeforeAnySeparator) {
  for (const std::string key : {"goroutines", "num_goroutine", "num_goroutines", "numgoroutine", "NumGoroutine", "goroutine_count", "go_goroutines", "num_threads", "thread_count", "Goroutines", "numGoroutine", "numGoroutines"}) {
    EXPECT_EQ(readings({}, key + "=61"), "threads=61count") << key;
    EXPECT_EQ(readings({}, "a=b::c {\"" + key + "\":61}"), "threads=61count") << key;
    EXPECT_EQ(readings({}, key + ": 61"), "threads=61count") << key;
  }
  for (const std::string key : {"heap_sys_bytes", "heap_sys", "HeapSys"}) EXPECT_EQ(readings({}, key + "=61"), "heap_sys=61bytes") << key;
  for (const std::string key : {"heap_inuse_bytes", "heap_inuse", "HeapInuse", "heap_in_use"}) EXPECT_EQ(readings({}, key + "=61"), "heap_in_use=61bytes") << key;
  for (const std::string key : {"heap_alloc_bytes", "heap_alloc", "HeapAlloc"}) EXPECT_EQ(readings({}, key + "=61"), "heap_allocated=61bytes") << key;
  EXPECT_EQ(readings({}, "rss_kb=2 open_fds=3 blocked_threads=4"), "rss=2048bytes open_files=3count blocked_threads=4count");
  EXPECT_EQ(readings({}, "=1 :2 s=3 es=4 \"=5"), "") << "no room for a key";
}

TEST(MetricLines, ATextOfManyLinesThatTellsNothingIsKnownAtOnce) {
  const auto lines = MetricLines::create({});
  ASSERT_TRUE(lines.ok());
  EXPECT_FALSE(lines.value()->may_read("goroutine 1 [select]:\nmain.a(0x1, {0x2, 0x3})\n\t/go/main.go:1 +0x1\n"));
  for (const char* line : {"goroutines=61", "goroutines: 61", R"({"goroutines":61})"}) {
    EXPECT_TRUE(lines.value()->may_read("main.a(0x1)\n\t/go/main.go:1 +0x1\n" + std::string(line) + "\n")) << line;
  }
  EXPECT_TRUE(MetricLines::create({R"((?<queue>\d+) wait)"}).value()->may_read("7 wait")) << "a pattern may be in any text";
}

TEST(MetricLines, AColonInProseIsNoField) {
  EXPECT_EQ(readings({}, "WARN too many goroutines: 1289"), "");
  EXPECT_EQ(readings({}, "killed 12 idle goroutines: 7 are left"), "");
  EXPECT_EQ(readings({}, "goroutines: 61"), "threads=61count");
  EXPECT_EQ(readings({}, "INFO goroutines: 61, rss_bytes: 1024"), "threads=61count rss=1024bytes");
  EXPECT_EQ(readings({}, "stats: {goroutines: 61}"), "threads=61count");
  EXPECT_EQ(readings({}, "too many, goroutines=1289"), "threads=1289count") << "an equals sign is no prose";
  EXPECT_EQ(readings({R"(too many goroutines: (?<threads>\d+))"}, "WARN too many goroutines: 1289"), "threads=1289count") << "who asks for it gets it";
}

}  // namespace
}  // namespace tailback::replay
