// A made-up /proc and /sys below a temporary folder.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "runtime/metrics/proc_file.h"

namespace tailback {

class FakeRoot {
 public:
  FakeRoot() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tailback-root-XXXXXX").string();
    prefix_ = ::mkdtemp(pattern.data());
  }
  ~FakeRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(prefix_, ignored);
  }
  void write(const std::string& path, const std::string& content) const {
    const std::filesystem::path full = prefix_ + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << content;
  }
  [[nodiscard]] SystemRoot root() const { return {prefix_}; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }

 private:
  std::string prefix_;
};

}  // namespace tailback
