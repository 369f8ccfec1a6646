// Command lines of the samples.
#pragma once

#include <cstdlib>

namespace samples {

/// Reads a whole number up to a million; false, and nothing done, for anything else.
inline bool read_number(const char* text, std::size_t& value) {
  char* end = nullptr;
  const unsigned long long parsed = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0' || *text == '-' || parsed > 1'000'000) return false;
  value = parsed;
  return true;
}

}  // namespace samples
