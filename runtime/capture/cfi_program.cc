#include "runtime/capture/cfi_program.h"

namespace tailback {
namespace {
// DWARF 5 table 7.29. The three primary ones carry an operand in their low six bits.
enum : std::uint8_t {
  kAdvanceLoc = 0x40, kOffset = 0x80, kRestore = 0xc0, kPrimary = 0xc0,
  kNop = 0x00, kSetLoc = 0x01, kAdvanceLoc1 = 0x02, kAdvanceLoc2 = 0x03, kAdvanceLoc4 = 0x04, kOffsetExtended = 0x05,
  kRestoreExtended = 0x06, kUndefined = 0x07, kSameValue = 0x08, kRegister = 0x09, kRememberState = 0x0a, kRestoreState = 0x0b,
  kDefCfa = 0x0c, kDefCfaRegister = 0x0d, kDefCfaOffset = 0x0e, kDefCfaExpression = 0x0f, kExpression = 0x10,
  kOffsetExtendedSf = 0x11, kDefCfaSf = 0x12, kDefCfaOffsetSf = 0x13, kValOffset = 0x14, kValOffsetSf = 0x15,
  kValExpression = 0x16, kGnuWindowSave = 0x2d, kGnuArgsSize = 0x2e, kGnuNegativeOffsetExtended = 0x2f,
};
}  // namespace

bool CfiProgram::run_initial(DwarfCursor cursor) {
  while (!cursor.at_end()) {
    if (!step(cursor, cursor.fixed<std::uint8_t>())) return false;
  }
  initial_ = row_;
  return !cursor.failed();
}

bool CfiProgram::run(DwarfCursor cursor, std::uint64_t pc) {
  location_ = row_.function_begin;
  while (!cursor.at_end()) {
    // A row holds from its location up to the next one's: stop before the step that would pass the counter.
    DwarfCursor ahead = cursor;
    const FrameRow before = row_;
    const std::uint64_t location_before = location_;
    if (!step(ahead, ahead.fixed<std::uint8_t>())) return false;
    if (location_ > pc) {
      row_ = before;
      return true;
    }
    if (location_ < location_before) return false;
    cursor = ahead;
  }
  return !cursor.failed();
}

bool CfiProgram::rule(std::uint64_t reg, RuleKind kind, std::int64_t value) {
  if (reg >= arch::kRegisters) return true;  // vector registers and the like: nothing that we follow
  row_.kind[reg] = kind;
  row_.value[reg] = value;
  return true;
}

bool CfiProgram::expression(std::uint64_t reg, RuleKind kind, DwarfCursor& cursor) {
  const std::uint64_t address = cursor.address();
  cursor.skip(cursor.uleb());
  return !cursor.failed() && rule(reg, kind, static_cast<std::int64_t>(address));
}

bool CfiProgram::restore(std::uint64_t reg) {
  return reg >= arch::kRegisters || rule(reg, initial_.kind[reg], initial_.value[reg]);
}

void CfiProgram::cfa(std::uint64_t reg, std::int64_t offset) {
  failed_ = failed_ || reg >= arch::kRegisters;
  row_.cfa_expression = false;
  row_.cfa_register = static_cast<std::uint8_t>(reg);
  row_.cfa_value = offset;
}

bool CfiProgram::cfa_offset(std::int64_t offset) {
  if (row_.cfa_expression) return false;
  row_.cfa_value = offset;
  return true;
}

bool CfiProgram::remember() {
  if (depth_ == kDeepest) return false;
  saved_[depth_++] = row_;
  return true;
}

bool CfiProgram::recall() {
  if (depth_ == 0) return false;
  row_ = saved_[--depth_];
  return true;
}

bool CfiProgram::step(DwarfCursor& cursor, std::uint8_t opcode) {
  const std::uint8_t operand = opcode & ~kPrimary;
  bool done = true;
  switch (opcode & kPrimary) {
    case kAdvanceLoc: location_ += operand * code_factor_; break;
    case kOffset: done = rule(operand, RuleKind::kOffset, static_cast<std::int64_t>(cursor.uleb() * static_cast<std::uint64_t>(data_factor_))); break;
    case kRestore: done = restore(operand); break;
    default: done = step_extended(cursor, opcode);
  }
  return done && !failed_ && !cursor.failed();
}

bool CfiProgram::step_extended(DwarfCursor& cursor, std::uint8_t opcode) {
  // Factored offsets wrap like the unsigned arithmetic they come from: hostile tables must not overflow a signed one.
  auto factored = [&](std::uint64_t value) { return static_cast<std::int64_t>(value * static_cast<std::uint64_t>(data_factor_)); };
  auto uleb = [&] { return cursor.uleb(); };
  auto sleb = [&] { return static_cast<std::uint64_t>(cursor.sleb()); };
  std::uint64_t reg = 0;
  switch (opcode) {
    case kNop: return true;
    case kSetLoc: location_ = cursor.encoded(pointer_encoding_, 0); return true;
    case kAdvanceLoc1: location_ += cursor.fixed<std::uint8_t>() * code_factor_; return true;
    case kAdvanceLoc2: location_ += cursor.fixed<std::uint16_t>() * code_factor_; return true;
    case kAdvanceLoc4: location_ += cursor.fixed<std::uint32_t>() * code_factor_; return true;
    case kOffsetExtended: reg = uleb(); return rule(reg, RuleKind::kOffset, factored(uleb()));
    case kOffsetExtendedSf: reg = uleb(); return rule(reg, RuleKind::kOffset, factored(sleb()));
    case kGnuNegativeOffsetExtended: reg = uleb(); return rule(reg, RuleKind::kOffset, factored(0 - uleb()));
    case kValOffset: reg = uleb(); return rule(reg, RuleKind::kValueOffset, factored(uleb()));
    case kValOffsetSf: reg = uleb(); return rule(reg, RuleKind::kValueOffset, factored(sleb()));
    case kRestoreExtended: return restore(uleb());
    case kUndefined: return rule(uleb(), RuleKind::kUndefined, 0);
    case kSameValue: return rule(uleb(), RuleKind::kSame, 0);
    case kRegister: reg = uleb(); return rule(reg, RuleKind::kRegister, static_cast<std::int64_t>(uleb()));
    case kExpression: reg = uleb(); return expression(reg, RuleKind::kExpression, cursor);
    case kValExpression: reg = uleb(); return expression(reg, RuleKind::kValueExpression, cursor);
    case kRememberState: return remember();
    case kRestoreState: return recall();
    case kDefCfa: reg = uleb(); cfa(reg, static_cast<std::int64_t>(uleb())); return true;
    case kDefCfaSf: reg = uleb(); cfa(reg, factored(sleb())); return true;
    case kDefCfaRegister: cfa(uleb(), row_.cfa_value); return true;
    case kDefCfaOffset: return cfa_offset(static_cast<std::int64_t>(uleb()));
    case kDefCfaOffsetSf: return cfa_offset(factored(sleb()));
    case kDefCfaExpression:
      row_.cfa_expression = true;
      row_.cfa_value = static_cast<std::int64_t>(cursor.address());
      cursor.skip(cursor.uleb());
      return true;
    case kGnuArgsSize: uleb(); return true;
    default: return false;  // kGnuWindowSave (pointer authentication on aarch64) too: not read from outside
  }
}

}  // namespace tailback
