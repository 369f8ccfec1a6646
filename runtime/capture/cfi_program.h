// Runs the instructions of one call frame program. Part of CfiReader.
#pragma once

#include <cstdint>

#include "runtime/capture/cfi.h"
#include "runtime/capture/dwarf_cursor.h"

namespace tailback {

class CfiProgram {
 public:
  CfiProgram(std::uint64_t code_factor, std::int64_t data_factor, std::uint8_t pointer_encoding, FrameRow& row)
      : code_factor_(code_factor), data_factor_(data_factor), pointer_encoding_(pointer_encoding), row_(row) {}

  /// The common part, from the CIE: its result is what DW_CFA_restore goes back to.
  bool run_initial(DwarfCursor cursor);
  /// The function's own part, up to the row that holds at `pc`.
  bool run(DwarfCursor cursor, std::uint64_t pc);

 private:
  bool step(DwarfCursor& cursor, std::uint8_t opcode);
  bool step_extended(DwarfCursor& cursor, std::uint8_t opcode);
  bool rule(std::uint64_t reg, RuleKind kind, std::int64_t value);
  bool expression(std::uint64_t reg, RuleKind kind, DwarfCursor& cursor);
  bool restore(std::uint64_t reg);
  void cfa(std::uint64_t reg, std::int64_t offset);
  bool cfa_offset(std::int64_t offset);
  bool remember();
  bool recall();

  static constexpr std::size_t kDeepest = 8;
  std::uint64_t code_factor_;
  std::int64_t data_factor_;
  std::uint8_t pointer_encoding_;
  FrameRow& row_;
  FrameRow initial_{};
  std::array<FrameRow, kDeepest> saved_{};
  std::size_t depth_ = 0;
  std::uint64_t location_ = 0;
  bool failed_ = false;
};

}  // namespace tailback
