// The argument words that grouping sets aside, told per group: which are the same in all of its threads (often the
// lock, or the object that it sits in), and how many different values the others have.
#pragma once

#include <cstdint>
#include <vector>

#include "analyze/analysis.h"

namespace tailback::analyze {

struct ArgumentColumn {
  static constexpr std::uint32_t kMany = 17;  ///< `distinct` stops counting here

  std::uint16_t frame = 0;     ///< index into the group's stack
  std::uint8_t position = 0;
  StringId name;
  std::uint32_t distinct = 0;  ///< different values, 1 … kMany; kMany: that many or more
  std::uint64_t value = 0;     ///< of the first thread
  bool uncertain = false;      ///< in any thread
};

/// In order of frame and position. Cost: linear in the group's argument words.
[[nodiscard]] std::vector<ArgumentColumn> argument_columns(const StackTable& table, const Dump& dump, const Group& group);

}  // namespace tailback::analyze
