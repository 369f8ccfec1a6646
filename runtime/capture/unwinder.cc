#include "runtime/capture/unwinder.h"

#include "runtime/capture/frame_pointer.h"

namespace tailback {

void Unwinder::start(std::uint64_t stack_pointer, std::uint64_t pc, bool interrupted) noexcept {
  registers_ = {};
  registers_.set(arch::kStackPointer, stack_pointer);
  registers_.set(arch::kReturnAddress, pc);
  interrupted_ = interrupted;
  recovered_ = false;
  stack_.reset(stack_pointer);
}

WalkEnd Unwinder::frame_address(const FrameRow& row, std::uint64_t& cfa) noexcept {
  if (row.cfa_expression) {
    return evaluate_expression(memory_, static_cast<std::uint64_t>(row.cfa_value), registers_.value, registers_.known, false, 0, cfa)
               ? WalkEnd::kMore : WalkEnd::kLostRegister;
  }
  if (!registers_.has(row.cfa_register)) {
    if (row.cfa_register != arch::kFramePointer) return WalkEnd::kLostRegister;
    std::uint64_t frame_pointer = 0;
    if (!recover_frame_pointer(memory_, stack_, rows_, row, call_address(), stack_pointer(), frame_pointer)) return WalkEnd::kLostRegister;
    registers_.set(arch::kFramePointer, frame_pointer);
    recovered_ = true;
  }
  cfa = registers_.value[row.cfa_register] + static_cast<std::uint64_t>(row.cfa_value);
  return WalkEnd::kMore;
}

WalkEnd Unwinder::apply(const FrameRow& row, std::uint64_t cfa, Registers& caller) noexcept {
  for (unsigned reg = 0; reg < arch::kRegisters; ++reg) {
    const auto value = static_cast<std::uint64_t>(row.value[reg]);
    std::uint64_t word = 0;
    switch (row.kind[reg]) {
      case RuleKind::kSame: break;
      case RuleKind::kUndefined: caller.forget(reg); break;
      case RuleKind::kOffset:
        if (!stack_.word(cfa + value, word)) return WalkEnd::kUnreadable;
        caller.set(reg, word);
        break;
      case RuleKind::kValueOffset: caller.set(reg, cfa + value); break;
      case RuleKind::kRegister:
        if (value < arch::kRegisters && registers_.has(static_cast<unsigned>(value))) caller.set(reg, registers_.value[value]);
        else caller.forget(reg);
        break;
      case RuleKind::kExpression:
        if (evaluate_expression(memory_, value, registers_.value, registers_.known, true, cfa, word) && stack_.word(word, word)) caller.set(reg, word);
        else caller.forget(reg);
        break;
      case RuleKind::kValueExpression:
        if (evaluate_expression(memory_, value, registers_.value, registers_.known, true, cfa, word)) caller.set(reg, word);
        else caller.forget(reg);
        break;
    }
  }
  return WalkEnd::kMore;
}

WalkEnd Unwinder::step() noexcept {
  const FrameRow* found = rows_.find(call_address());
  if (found == nullptr) return WalkEnd::kNoRules;
  const FrameRow row = *found;  // recovery looks up other rows and may evict this one
  if (row.kind[arch::kReturnAddress] == RuleKind::kUndefined) return WalkEnd::kOutermost;

  std::uint64_t cfa = 0;
  if (const WalkEnd end = frame_address(row, cfa); end != WalkEnd::kMore) return end;
  Registers caller = registers_;
  caller.set(arch::kStackPointer, cfa);
  if (const WalkEnd end = apply(row, cfa, caller); end != WalkEnd::kMore) return end;
  if (!caller.has(arch::kReturnAddress) || !caller.has(arch::kStackPointer)) return WalkEnd::kLostRegister;
  const std::uint64_t pc = caller.value[arch::kReturnAddress];
  if (pc == 0) return WalkEnd::kOutermost;
  // A signal handler may run on a stack of its own, so only there may the caller's stack lie lower.
  if (!row.signal_frame && caller.value[arch::kStackPointer] <= stack_pointer()) return WalkEnd::kNoProgress;

  registers_ = caller;
  interrupted_ = row.signal_frame;
  return WalkEnd::kMore;
}

}  // namespace tailback
