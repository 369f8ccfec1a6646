// Runs the program `tailback` as a shell would, and keeps what it said.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace tailback::testing {

struct Outcome {
  int status = -1;     ///< exit status; 128 + n when signal n ended it, as shells count
  std::string out, err;

  /// One line, no more and no less.
  [[nodiscard]] bool one_line_of_error() const { return !err.empty() && err.find('\n') == err.size() - 1; }
};

/// `arguments` is what a shell is given after the program's name. `before` goes in front of it: variables, `cat x |`.
[[nodiscard]] Outcome run(const std::string& arguments, const std::string& before = "");

/// A test with a folder of its own, which is the working directory of what it runs.
class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Writes a file in the folder.
  void write(const std::string& name, std::string_view content) const;
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] std::size_t files() const;

  std::filesystem::path folder_;
};

}  // namespace tailback::testing
