// Compares a text with the file that holds what it should be. A missing file fails; files change only under TAILBACK_UPDATE_GOLDEN=1.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tailback::testing {

inline void expect_golden(const std::string& name, const std::string& actual) {
  const std::filesystem::path path = std::filesystem::path(TAILBACK_TESTS_DIR) / name;
  if (const char* update = std::getenv("TAILBACK_UPDATE_GOLDEN"); update && std::string(update) == "1") {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing; TAILBACK_UPDATE_GOLDEN=1 writes it";
  std::ostringstream expected;
  expected << file.rdbuf();
  if (expected.str() == actual) return;
  std::istringstream was(expected.str()), is(actual);
  std::string was_line, is_line;
  int number = 0;
  do {
    ++number;
    if (!std::getline(was, was_line)) was_line = "(end)";
    if (!std::getline(is, is_line)) is_line = "(end)";
  } while (was_line == is_line && was && is);
  ADD_FAILURE() << path.string() << ":" << number << ": expected\n  " << was_line << "\nbut got\n  " << is_line;
}

}  // namespace tailback::testing
