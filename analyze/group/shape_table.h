// Which stacks count as the same at a grouping level.
//
// A shape is what is left of a stack when the level has set aside what it does not look at: addresses and
// offsets (kLines; kept where no line is known), lines and files too (kFunctions). Stacks of one recording that share a shape have the same number, across all of its dumps.
//
// Cost: each distinct stack is looked at once.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyze/analysis.h"
#include "runtime/incident/stack_table.h"

namespace tailback::analyze {

class ShapeTable {
 public:
  ShapeTable(const StackTable& table, GroupBy level) : table_(table), level_(level) {}

  /// The number of the stack's shape; all stacks that are missing share one.
  std::uint32_t shape(StackId stack);

 private:
  struct PartsHash {
    std::size_t operator()(const std::vector<std::uint32_t>& parts) const noexcept;
  };

  void append_parts(StackId stack, std::vector<std::uint32_t>& parts) const;

  const StackTable& table_;
  GroupBy level_;
  std::unordered_map<StackId, std::uint32_t> by_stack_;
  std::unordered_map<std::vector<std::uint32_t>, std::uint32_t, PartsHash> by_parts_;
};

/// The shape as a text, so that stacks of different recordings compare: one frame a line, innermost first.
[[nodiscard]] std::string shape_text(const StackTable& table, StackId stack, GroupBy level);

}  // namespace tailback::analyze
