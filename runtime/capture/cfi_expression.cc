// DWARF expressions, as far as call frame information uses them: glibc's signal trampoline and PLT entries do.
// Source: DWARF 5 section 2.5 and table 7.9.
#include <array>

#include "runtime/capture/cfi.h"
#include "runtime/capture/dwarf_cursor.h"

namespace tailback {
namespace {

class Machine {
 public:
  Machine(Memory& memory, const std::array<std::uint64_t, arch::kRegisters>& registers, std::uint64_t known)
      : memory_(memory), registers_(registers), known_(known) {}

  void push(std::uint64_t value) {
    if (depth_ == stack_.size()) failed_ = true;
    else stack_[depth_++] = value;
  }
  std::uint64_t pop() {
    if (depth_ == 0) { failed_ = true; return 0; }
    return stack_[--depth_];
  }
  bool failed() const { return failed_; }
  bool step(DwarfCursor& cursor);

 private:
  bool constant(DwarfCursor& cursor, std::uint8_t opcode);
  bool arithmetic(DwarfCursor& cursor, std::uint8_t opcode);
  void register_plus(std::uint64_t reg, std::int64_t offset) {
    if (reg >= arch::kRegisters || (known_ >> reg & 1) == 0) failed_ = true;
    else push(registers_[reg] + static_cast<std::uint64_t>(offset));
  }

  Memory& memory_;
  const std::array<std::uint64_t, arch::kRegisters>& registers_;
  std::uint64_t known_;
  std::array<std::uint64_t, 16> stack_{};
  std::size_t depth_ = 0;
  bool failed_ = false;
};

bool Machine::constant(DwarfCursor& cursor, std::uint8_t opcode) {
  auto extend = [](auto value) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)); };
  switch (opcode) {
    case 0x03: push(cursor.fixed<std::uint64_t>()); return true;
    case 0x08: push(cursor.fixed<std::uint8_t>()); return true;
    case 0x09: push(extend(cursor.fixed<std::int8_t>())); return true;
    case 0x0a: push(cursor.fixed<std::uint16_t>()); return true;
    case 0x0b: push(extend(cursor.fixed<std::int16_t>())); return true;
    case 0x0c: push(cursor.fixed<std::uint32_t>()); return true;
    case 0x0d: push(extend(cursor.fixed<std::int32_t>())); return true;
    case 0x0e: case 0x0f: push(cursor.fixed<std::uint64_t>()); return true;
    case 0x10: push(cursor.uleb()); return true;
    case 0x11: push(extend(cursor.sleb())); return true;
    default: return false;
  }
}

bool Machine::arithmetic(DwarfCursor& cursor, std::uint8_t opcode) {
  if (opcode == 0x23) {  // plus_uconst
    const std::uint64_t constant_operand = cursor.uleb();
    push(pop() + constant_operand);
    return true;
  }
  if (opcode == 0x06) {  // deref
    std::uint64_t value = 0;
    if (!memory_.read_value(pop(), value)) failed_ = true;
    push(value);
    return true;
  }
  if (opcode == 0x12) { const std::uint64_t top = pop(); push(top); push(top); return true; }
  const std::uint64_t b = pop(), a = pop();
  const auto sa = static_cast<std::int64_t>(a), sb = static_cast<std::int64_t>(b);
  switch (opcode) {
    case 0x1a: push(a & b); return true;
    case 0x1c: push(a - b); return true;
    case 0x1e: push(a * b); return true;
    case 0x21: push(a | b); return true;
    case 0x22: push(a + b); return true;
    case 0x24: push(b < 64 ? a << b : 0); return true;
    case 0x25: push(b < 64 ? a >> b : 0); return true;
    case 0x27: push(a ^ b); return true;
    case 0x29: push(a == b); return true;
    case 0x2a: push(sa >= sb); return true;
    case 0x2b: push(sa > sb); return true;
    case 0x2c: push(sa <= sb); return true;
    case 0x2d: push(sa < sb); return true;
    case 0x2e: push(a != b); return true;
    default: return false;  // division, branches: no call frame information uses them
  }
}

bool Machine::step(DwarfCursor& cursor) {
  const auto opcode = cursor.fixed<std::uint8_t>();
  if (opcode >= 0x30 && opcode <= 0x4f) push(opcode - 0x30u);  // lit0 … lit31
  else if (opcode >= 0x70 && opcode <= 0x8f) register_plus(opcode - 0x70u, cursor.sleb());  // breg0 … breg31
  else if (opcode == 0x92) { const std::uint64_t reg = cursor.uleb(); register_plus(reg, cursor.sleb()); }  // bregx
  else if (opcode == 0x96) return true;  // nop
  else if (!constant(cursor, opcode) && !arithmetic(cursor, opcode)) return false;
  return !failed_ && !cursor.failed();
}

}  // namespace

bool evaluate_expression(Memory& memory, std::uint64_t address, const std::array<std::uint64_t, arch::kRegisters>& registers,
                         std::uint64_t known, bool push_initial, std::uint64_t initial, std::uint64_t& result) noexcept {
  std::array<unsigned char, 256> bytes;
  const std::size_t got = memory.read(address, bytes.data(), bytes.size());
  DwarfCursor whole(bytes.data(), bytes.data() + got, address);
  const std::uint64_t length = whole.uleb();
  if (whole.failed() || length > whole.remaining()) return false;
  DwarfCursor cursor(whole.position(), whole.position() + length, whole.address());
  Machine machine(memory, registers, known);
  if (push_initial) machine.push(initial);
  while (!cursor.at_end()) {
    if (!machine.step(cursor)) return false;
  }
  result = machine.pop();
  return !machine.failed() && !cursor.failed();
}

}  // namespace tailback
