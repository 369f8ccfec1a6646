#include "analyze/cli/near_name.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace tailback::cli {
namespace {

class NearFileName : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / ("near_name_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "service.lot");
    for (const char* name : {"service.log", "jstack-1.txt", "other.log.zst"}) std::ofstream(folder_ / name) << "x";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string near(const std::string& name) const {
    return std::filesystem::path(near_file_name((folder_ / name).string())).filename().string();
  }

  std::filesystem::path folder_;
};

TEST(EditDistance, CountsASwapAsOne) {
  EXPECT_EQ(edit_distance("service.log", "service.log"), 0u);
  EXPECT_EQ(edit_distance("servcie.log", "service.log"), 1u);
  EXPECT_EQ(edit_distance("serice.log", "service.log"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
}

TEST_F(NearFileName, FindsTheFileThatWasMeant) {
  EXPECT_EQ(near("servcie.log"), "service.log");
  EXPECT_EQ(near("jstack1.txt"), "jstack-1.txt");
  EXPECT_EQ(near("other.log"), "other.log.zst") << "the ending was forgotten";
}

TEST_F(NearFileName, SuggestsNothingThatIsFarOff) {
  EXPECT_EQ(near("report.html"), "");
  EXPECT_EQ(near_file_name((folder_ / "no" / "such" / "folder").string()), "");
}

TEST_F(NearFileName, SuggestsNoDirectory) { EXPECT_NE(near("service.lot2"), "service.lot"); }

}  // namespace
}  // namespace tailback::cli
