#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "replay/sources/line_splitter.h"
#include "runtime/incident/incident_writer.h"
#include "support.h"

namespace tailback::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Input : public ::testing::Test {
 protected:
  Input() {
    std::string name = (std::filesystem::temp_directory_path() / "tailback-input-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Input() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  static std::string error_of(const std::string& path, ReadOptions options = {}) {
    RecordingCollector collector;
    const Result<void> read = read_inputs({path}, options, collector);
    return read.ok() ? "" : read.error().to_string();
  }

  std::filesystem::path folder_;
};

constexpr std::string_view kDump = "goroutine 1 [select]:\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n\n";

TEST_F(Input, EveryMistakeHasOneLine) {
  EXPECT_EQ(error_of(folder_ / "no.log"), (folder_ / "no.log").string() + ": there is no such file");
  EXPECT_THAT(error_of(folder_), HasSubstr("is a directory"));
  EXPECT_EQ(error_of(write("empty.log", "")), (folder_ / "empty.log").string() + ": is empty");
  EXPECT_THAT(error_of(write("program", std::string_view("\x7f" "ELF\0\0\0\0", 8))), HasSubstr("is an ELF program"));
  EXPECT_THAT(error_of(write("zeros", std::string(100, '\0'))), HasSubstr("is binary"));
  const std::string unknown = error_of(write("plain.log", "2020/02/11 09:30:00 INFO all is well\n"));
  EXPECT_THAT(unknown, HasSubstr("it looks like a log (1 line, with times)"));
  EXPECT_EQ(unknown.find('\n'), std::string::npos);
  ReadOptions options;
  options.format = "cobol";
  EXPECT_THAT(error_of(write("x.log", kDump), options), HasSubstr("there is no format 'cobol'; known are go-log"));
}

TEST_F(Input, WhatNoFormatTakesNamesEveryFormatThatWasTried) {
  RecordingCollector collector;
  const Result<void> read = read_inputs({write("plain.log", "all is well\n")}, {}, collector);
  ASSERT_FALSE(read.ok());
  for (const Format& format : formats()) EXPECT_THAT(read.error().details, HasSubstr(std::string(format.name)));
}

TEST_F(Input, AFormatThatCameNearEarlyIsStillToldAtTheEndOfALongLog) {
  std::string log = "Full thread dump OpenJDK 64-Bit Server VM:\n";
  while (log.size() < (1 << 20)) log += "2020/02/11 09:30:00 INFO all is well\n";
  RecordingCollector collector;
  const Result<void> read = read_inputs({write("long.log", log)}, {}, collector);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().details, HasSubstr("jstack came near: \"Full thread dump\" but no thread's header\n"));
}

TEST_F(Input, AnErrorOfPrometheusIsToldAsItSaidIt) {
  RecordingCollector collector;
  const Result<void> read = read_inputs({write("answer.json", R"({"status":"error","errorType":"bad_data","error":"no such function"})" "\n")}, {}, collector);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().details, HasSubstr("prometheus-json came near: an error, and no result: no such function\n"));
}

TEST_F(Input, AFormatThatIsAskedForIsMissedByName) {
  ReadOptions options;
  options.format = "jstack";
  EXPECT_THAT(error_of(write("go.log", kDump), options), HasSubstr("holds nothing of jstack: no \"Full thread dump\""));
  EXPECT_THAT(error_of(write("go.log", kDump), options), HasSubstr("; it looks like go-log"));
  options.format = "py-spy-json";
  EXPECT_THAT(error_of(write("cut.json", "[{\"frames\": \"owns_gil\", "), options), HasSubstr("holds nothing of py-spy-json: "));
}

TEST_F(Input, AReadThatWaitsForAPipeIsStopped) {
  ASSERT_EQ(::mkfifo((folder_ / "endless").c_str(), 0600), 0);
  const int writer = ::open((folder_ / "endless").c_str(), O_RDWR);  // so that neither side waits for the other, and nothing ever comes
  ASSERT_GE(writer, 0);
  std::atomic<bool> stop{false};
  ReadOptions options;
  options.stop = &stop;
  std::string error;
  std::thread reader([&] { error = error_of(folder_ / "endless", options); });
  stop = true;
  reader.join();
  ::close(writer);
  EXPECT_THAT(error, HasSubstr("endless: interrupted"));
}

TEST_F(Input, AFormatThatIsNamedIsUsedUnasked) {
  ReadOptions options;
  options.format = "gdb";
  RecordingCollector collector;
  const std::string log = "TID 12:\nThread 1 (Thread 0x1 (LWP 12)):\n#0  0x1 in main () at a.c:1\n";
  ASSERT_TRUE(read_inputs({write("x.log", log)}, options, collector).ok());
  EXPECT_EQ(collector.take().at(0).info.source, "gdb");
}

TEST_F(Input, AnIncidentFileIsAnInputLikeAnyOtherAlsoThroughAPipe) {
  const std::string path = folder_ / "incident.tailback";
  WriterOptions writer_options;
  writer_options.live = false;
  auto writer = IncidentWriter::open(path, writer_options);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(read_inputs({write("x.log", kDump)}, {}, *writer.value()).ok());
  ASSERT_TRUE(writer.value()->finish().ok());
  RecordingCollector from_file, from_bytes;
  ASSERT_TRUE(read_inputs({path}, {}, from_file).ok());
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  ASSERT_TRUE(read_text(bytes, {}, from_bytes).ok());
  EXPECT_EQ(from_file.take().at(0).dumps.at(0).threads.at(0).id, "1");
  EXPECT_EQ(from_bytes.take().at(0).dumps.at(0).threads.size(), 1u);
}

TEST_F(Input, AStopFlagEndsItWithAnError) {
  std::atomic<bool> stop = true;
  ReadOptions options;
  options.stop = &stop;
  EXPECT_THAT(error_of(write("x.log", kDump), options), HasSubstr("x.log: interrupted"));
}

TEST(Lines, AreCutWhereTheyAreTooLongAndSaidSo) {
  ReadOptions options;
  options.maximum_line_bytes = 1000;
  const Recording r = read_one("goroutine 1 [select]:\n" + std::string(900000, 'x') + "\nmain.a(0x1)\n\t/go/main.go:1 +0x1\n", options);
  EXPECT_EQ(functions(r, r.dumps.at(0).threads.at(0)).size(), 1u);
  EXPECT_THAT(reasons(r), ::testing::Contains(HasSubstr("line longer than")));
}

/// Hands out `bytes` in pieces of `piece`, so that lines lie across reads.
class Pieces final : public ByteSource {
 public:
  Pieces(std::string bytes, std::size_t piece) : bytes_(std::move(bytes)), piece_(piece) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t size = std::min({into.size(), bytes_.size() - at_, piece_});
    bytes_.copy(into.data(), size, at_);
    at_ += size;
    return size;
  }

 private:
  std::string bytes_;
  std::size_t piece_, at_ = 0;
};

std::vector<std::string> lines_of(const std::string& text, std::size_t piece, std::size_t maximum = 1 << 20) {
  Pieces source(text, piece);
  LineSplitter splitter(source, maximum);
  std::vector<std::string> lines;
  RawLine line;
  while (true) {
    const Result<bool> more = splitter.next(line);
    if (!more.ok() || !more.value()) return lines;
    EXPECT_EQ(line.number, lines.size() + 1);
    lines.emplace_back(line.text);
  }
}

TEST(Lines, AreTheSameHoweverTheBytesCome) {
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u}) {
    EXPECT_THAT(lines_of("one\r\ntwo\n\nthree", piece), ElementsAre("one", "two", "", "three")) << piece;
    EXPECT_THAT(lines_of("\xef\xbb\xbfone\n", piece < 3 ? 3 : piece), ElementsAre("one"));
    EXPECT_THAT(lines_of(std::string("\xff\xfeo\0n\0\n\0=\xd8\x20\xde", 12), piece < 2 ? 2 : piece), ElementsAre("on", "\xf0\x9f\x98\xa0")) << piece;
    EXPECT_EQ(lines_of(std::string(100, 'x') + "\ny\n", piece, 20).size(), 2u) << piece;
    EXPECT_EQ(lines_of(std::string(100, 'x') + "\ny\n", piece, 20)[0], std::string(20, 'x')) << piece;
  }
  EXPECT_TRUE(lines_of("", 1).empty());
  EXPECT_THAT(lines_of("\n", 1), ElementsAre(""));
}

}  // namespace
}  // namespace tailback::replay
