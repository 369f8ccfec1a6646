#include "analyze/cli/output.h"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace tailback::cli {
namespace {

class WriteOutput : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / ("write_output_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] static std::string content(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()));
  }

  std::filesystem::path folder_;
};

TEST_F(WriteOutput, ReplacesAFileInOneStep) {
  const std::filesystem::path path = folder_ / "report.json";
  std::ofstream(path) << "what was there before, longer than the new text";
  ASSERT_TRUE(write_output(path.string(), "new"));
  EXPECT_EQ(content(path), "new");
  EXPECT_EQ(files(), 1u) << "nothing half-written is left";
}

TEST_F(WriteOutput, WritesThroughALink) {
  std::ofstream(folder_ / "real") << "old";
  std::filesystem::create_symlink("real", folder_ / "link");
  ASSERT_TRUE(write_output((folder_ / "link").string(), "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
  EXPECT_EQ(content(folder_ / "real"), "new");
}

TEST_F(WriteOutput, SaysWhyItCouldNot) {
  const Result<void> full = write_output("/dev/full", "text");
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().to_string(), "/dev/full: can't be written: No space left on device");
  const Result<void> nowhere = write_output((folder_ / "no" / "report").string(), "text");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().code, ErrorCode::kNotFound);
  const Result<void> directory = write_output(folder_.string(), "text");
  ASSERT_FALSE(directory.ok());
  EXPECT_NE(directory.error().message.find("directory"), std::string::npos);
}

TEST_F(WriteOutput, WritesIntoAPipe) {
  const std::filesystem::path path = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ASSERT_TRUE(write_output(path.string(), "text"));
  char buffer[8] = {};
  EXPECT_EQ(::read(reader, buffer, sizeof buffer), 4);
  ::close(reader);
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace tailback::cli
