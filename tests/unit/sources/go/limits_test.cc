// Inputs that would not fit into memory: each format that holds its input whole has a limit, and says so.
#include <zlib.h>

#include <atomic>

#include "replay/sources/whole_text.h"
#include "support.h"

namespace tailback::replay {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::string gzip(const std::string& text) {
  std::string bytes(text.size() / 50 + 4096, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

struct Input {
  const char* name;
  std::string head, line, tail;
  bool dumps;
};

void PrintTo(const Input& input, std::ostream* out) { *out << input.name; }

class HeldWhole : public ::testing::TestWithParam<Input> {};

TEST_P(HeldWhole, BeyondTheLimitIsLeftOutAndSaysSo) {
  const Input& input = GetParam();
  std::string text = input.head;
  while (text.size() < (3 << 20)) text += input.line;
  text += input.tail;
  ReadOptions options;
  options.maximum_whole_bytes = 2 << 20;
  const Recording r = read_one(gzip(text), options);
  EXPECT_THAT(reasons(r), Contains("JSON is held in memory, and this is more than 2 MiB; the rest was left out"));
  EXPECT_TRUE(input.dumps ? !r.dumps.empty() : !r.samples.empty()) << "what came before is read";
  EXPECT_THAT(reasons(read_one(text)), ::testing::Not(Contains(HasSubstr("held in memory")))) << "and all of it within the limit";
}

std::vector<Input> inputs() {
  return {Input{"prometheus", R"({"status":"success","data":{"resultType":"matrix","result":[)" "\n" R"({"metric":{"__name__":"go_goroutines"},"values":[[1581413311,"61"]]})" "\n",
          R"(,{"metric":{"__name__":"x"},"values":[[1581413311,"61"],[1581413321,"62"]]})" "\n", "]}}\n", false},
      Input{"py_spy", "[\n" R"({"pid":42,"thread_id":1,"active":true,"owns_gil":false,"frames":[{"name":"spin","filename":"a.py","line":3}]})" "\n",
          R"(,{"pid":42,"thread_id":2,"active":true,"owns_gil":false,"frames":[{"name":"spin","filename":"a.py","line":3}]})" "\n", "]\n", true},
      Input{"java", R"({"threadDump":{"processId":"1","time":"2026-01-01T00:00:00Z","runtimeVersion":"25","threadContainers":[{"container":"<root>","parent":null,"owner":null,"threads":[)" "\n"
          R"j({"tid":"1","name":"main","stack":["a.B.c(B.java:1)"]})j" "\n",
          R"j(,{"tid":"7","name":"w","stack":["a.B.c(B.java:1)","a.B.d(B.java:2)"]})j" "\n", R"(],"threadCount":"1"}]}})" "\n", true}};
}

/// Asks for the end as soon as something has been read.
class StoppingSink final : public EventSink {
 public:
  explicit StoppingSink(std::atomic<bool>& stop) : stop_(stop) {}
  Recording& begin(RecordingInfo info) override {
    stop_ = true;
    return collector.begin(std::move(info));
  }
  void sample(Sample sample) override { collector.sample(std::move(sample)); }
  void dump(Dump dump) override { collector.dump(std::move(dump)); }
  void breach(Breach breach) override { collector.breach(std::move(breach)); }
  void lock_event(const LockEvent& event) override { collector.lock_event(event); }
  void diagnostic(Diagnostic diagnostic) override { collector.diagnostic(std::move(diagnostic)); }
  void end() override { collector.end(); }

  RecordingCollector collector;

 private:
  std::atomic<bool>& stop_;
};

TEST_P(HeldWhole, IsNotParsedToTheEndOnceReadingIsToStop) {
  const Input& input = GetParam();
  if (!input.dumps) return;  // metrics are passed on when all are known
  constexpr int kLines = 20000;
  std::string text = input.head;
  for (int i = 0; i < kLines; ++i) text += input.line;
  text += input.tail;
  std::atomic<bool> stop{false};
  ReadOptions options;
  options.stop = &stop;
  StoppingSink sink(stop);
  const Result<void> read = read_text(text, options, sink);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message, HasSubstr("interrupted"));
  std::size_t found = 0;
  for (const Recording& recording : sink.collector.take()) {
    for (const Dump& dump : recording.dumps) found += dump.threads.size();
  }
  EXPECT_LT(found, kLines / 2) << "what had been parsed is kept, and no more is";
}

INSTANTIATE_TEST_SUITE_P(Formats, HeldWhole, ::testing::ValuesIn(inputs()), [](const auto& test) { return test.param.name; });

TEST(Limits, ATextHeldWholeEndsEarlyOnceReadingIsToStop) {
  std::atomic<bool> stop{false};
  ReadOptions options;
  options.stop = &stop;
  WholeText text(options);
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) text.append({.text = line});
  EXPECT_EQ(std::distance(text.begin(), text.end()), 1001 * 1000);
  stop = true;
  EXPECT_LE(std::distance(text.begin(), text.end()), 64 << 10);
}

TEST(Limits, ValuesOfMetricsAreCounted) {
  ReadOptions options;
  options.maximum_points = 10;
  std::string text = "# TYPE go_goroutines gauge\n";
  for (int i = 0; i < 20; ++i) text += "go_goroutines{instance=\"1\"} 61 15814133" + std::to_string(10 + i) + "000\n";
  const Recording r = read_one(text, options);
  EXPECT_EQ(r.samples.size(), 10u);
  EXPECT_THAT(reasons(r), Contains("more than 10 values; the rest was left out"));
}

TEST(Limits, ABombOfJsonStops) {
  std::string text = R"({"status":"success","data":{"resultType":"matrix","result":[)" "\n";
  text.append(40 << 20, ' ');
  ReadOptions options;
  options.maximum_bytes = 8 << 20;
  const Read all = read(gzip(text), options);
  ASSERT_FALSE(all.result.ok());
  EXPECT_THAT(all.result.error().to_string(), HasSubstr("taken for a decompression bomb"));
}

}  // namespace
}  // namespace tailback::replay
