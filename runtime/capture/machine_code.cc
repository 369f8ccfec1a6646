#include "runtime/capture/machine_code.h"

#include <array>
#include <cstring>

namespace tailback {
#if defined(__x86_64__)
namespace {

constexpr std::uint32_t kEndbr64 = 0xfa1e0ff3u;

std::uint64_t relative(std::uint64_t next_instruction, const unsigned char* displacement) {
  std::int32_t offset = 0;
  std::memcpy(&offset, displacement, sizeof offset);
  return next_instruction + static_cast<std::uint64_t>(static_cast<std::int64_t>(offset));
}

}  // namespace

// `jmp *slot(%rip)` (ff 25), perhaps after endbr64 and a bnd prefix (f2).
std::uint64_t stub_target(Memory& memory, std::uint64_t address) noexcept {
  std::array<unsigned char, 16> code{};
  const std::size_t size = memory.read(address, code.data(), code.size());
  std::uint32_t first = 0;
  std::memcpy(&first, code.data(), sizeof first);
  std::size_t at = first == kEndbr64 ? 4 : 0;
  if (code[at] == 0xf2) ++at;
  if (at + 6 > size || code[at] != 0xff || code[at + 1] != 0x25) return 0;
  std::uint64_t target = 0;
  return memory.read_value(relative(address + at + 6, &code[at + 2]), target) ? target : 0;
}

std::uint64_t call_target(Memory& memory, const unsigned char* bytes, std::uint64_t address) noexcept {
  if (bytes[0] == 0xe8) {  // call rel32
    const std::uint64_t target = relative(address + 5, bytes + 1);
    const std::uint64_t behind = stub_target(memory, target);
    return behind != 0 ? behind : target;
  }
  if (bytes[0] == 0xff && bytes[1] == 0x15) {  // call *slot(%rip), -fno-plt
    std::uint64_t target = 0;
    return memory.read_value(relative(address + 6, bytes + 2), target) ? target : 0;
  }
  return 0;
}

Call call_before(Memory& memory, std::uint64_t return_address, std::uint64_t function) noexcept {
  std::array<unsigned char, 8> before{};
  if (memory.read(return_address - before.size(), before.data(), before.size()) != before.size()) return Call::kNone;
  if (before[3] == 0xe8) {
    const std::uint64_t target = relative(return_address, &before[4]);
    return target == function || stub_target(memory, target) == function ? Call::kThisFunction : Call::kOther;
  }
  if (before[2] == 0xff && before[3] == 0x15) {
    std::uint64_t target = 0;
    if (memory.read_value(relative(return_address, &before[4]), target)) return target == function ? Call::kThisFunction : Call::kOther;
  }
  // ff /2 with its 2 to 7 bytes: call *%reg, *disp8(%reg), *disp32(%reg).
  for (std::size_t length = 2; length <= 7; ++length) {
    const unsigned char* at = before.data() + before.size() - length;
    if (at[0] == 0xff && (at[1] >> 3 & 7) == 2) return Call::kIndirect;
  }
  return Call::kNone;
}

std::uint64_t behind_system_call(Memory& memory, std::uint64_t pc, bool& in_call) noexcept {
  std::array<unsigned char, 4> around{};  // syscall: 0f 05
  const bool readable = memory.read(pc - 2, around.data(), around.size()) == around.size();
  const bool before = readable && around[0] == 0x0f && around[1] == 0x05, at = readable && around[2] == 0x0f && around[3] == 0x05;
  in_call = before || at;
  return at ? pc + 2 : pc;
}

std::uint64_t follow_jumps(Memory& memory, std::uint64_t address) noexcept {
  constexpr int kMostSteps = 12;
  for (int step = 0; step < kMostSteps; ++step) {
    std::array<unsigned char, 8> code{};
    if (memory.read(address, code.data(), code.size()) != code.size()) return address;
    std::uint32_t first = 0;
    std::memcpy(&first, code.data(), sizeof first);
    const bool moves = (code[0] & 0xf8) == 0x48 && (code[1] == 0x89 || code[1] == 0x8b) && code[2] >= 0xc0;
    if (first == kEndbr64) address += 4;
    else if (moves) address += 3;
    else if (code[0] == 0xe9) address = relative(address + 5, &code[1]);
    else if (code[0] == 0xeb) address += 2 + static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int8_t>(code[1])));
    else return address;
  }
  return address;
}

namespace {

/// DWARF numbers of the processor's register numbers: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, then r8 … r15.
constexpr std::array<unsigned, 8> kDwarfNumber = {0, 2, 1, 3, 7, 6, 4, 5};
unsigned dwarf_number(unsigned reg) { return reg < 8 ? kDwarfNumber[reg] : reg; }

/// One `mov` or `lea` into a register: 48+ 8b/8d/89 modrm [sib] [disp].
struct Setter {
  unsigned target = 0;         ///< processor's number
  unsigned source = 0;         ///< the register moved, or the base of the address; kCounter: the next instruction
  static constexpr unsigned kCounter = 16;
  std::int64_t displacement = 0;
  enum class Kind : std::uint8_t { kMove, kLoad, kAddress } kind = Kind::kMove;
  std::size_t length = 0;      ///< 0: not one
};

Setter decode_setter(const unsigned char* code, std::size_t available) {
  Setter setter;
  if (available < 3 || (code[0] & 0xf8) != 0x48) return setter;
  const unsigned high_reg = (code[0] & 4u) << 1, high_rm = (code[0] & 1u) << 3;
  const unsigned mode = code[2] >> 6, reg = (code[2] >> 3 & 7u) | high_reg, rm = (code[2] & 7u);
  if (mode == 3 && (code[1] == 0x89 || code[1] == 0x8b)) {
    const bool store = code[1] == 0x89;
    setter = {store ? rm | high_rm : reg, store ? reg : rm | high_rm, 0, Setter::Kind::kMove, 3};
    return setter;
  }
  if (mode == 3 || (code[1] != 0x8b && code[1] != 0x8d)) return setter;
  std::size_t length = 3;
  if (rm == 4) {  // a SIB byte: only "rsp or r12 without index" (24)
    if (available < 4 || code[3] != 0x24) return setter;
    ++length;
  }
  const bool relative_to_counter = mode == 0 && rm == 5;
  setter.target = reg;
  setter.source = relative_to_counter ? Setter::kCounter : rm | high_rm;
  if (mode == 1 && available > length) {
    setter.displacement = static_cast<std::int8_t>(code[length]);
    length += 1;
  } else if ((mode == 2 || relative_to_counter) && available >= length + 4) {
    std::int32_t displacement = 0;
    std::memcpy(&displacement, code + length, sizeof displacement);
    setter.displacement = displacement;
    length += 4;
  } else if (mode != 0 || relative_to_counter) {
    return setter;
  }
  setter.kind = code[1] == 0x8b ? Setter::Kind::kLoad : Setter::Kind::kAddress;
  setter.length = length;
  return setter;
}

/// The last instruction before `end` that sets `target`, looking back a few instructions.
bool last_setter(const unsigned char* code, std::size_t end, unsigned target, Setter& found, std::size_t& at) {
  constexpr std::size_t kLookBack = 32;
  for (std::size_t back = 3; back <= kLookBack && back <= end; ++back) {
    const Setter setter = decode_setter(code + end - back, back);
    if (setter.length == 0 || setter.length > back || setter.target != target) continue;
    found = setter;
    at = end - back;
    return true;
  }
  return false;
}

}  // namespace

bool first_argument(Memory& memory, const unsigned char* code, std::uint64_t code_address, std::size_t at, const Registers& registers,
                    std::uint64_t& value) noexcept {
  constexpr unsigned kRdi = 7, kRax = 0;
  auto evaluate = [&](const Setter& setter, std::size_t place, std::uint64_t& result) {
    if (setter.source == Setter::kCounter) result = code_address + place + setter.length;
    else if (registers.has(dwarf_number(setter.source))) result = registers.value[dwarf_number(setter.source)];
    else return false;
    result += static_cast<std::uint64_t>(setter.displacement);
    return setter.kind != Setter::Kind::kLoad || memory.read_value(result, result);
  };
  Setter setter;
  if (!last_setter(code, at, kRdi, setter, at)) return false;
  if (setter.source != kRax) return evaluate(setter, at, value);
  // Unoptimised code: lea or mov into rax first.
  Setter first;
  if (!last_setter(code, at, kRax, first, at) || first.source == kRax || !evaluate(first, at, value)) return false;
  value += static_cast<std::uint64_t>(setter.displacement);
  return setter.kind != Setter::Kind::kLoad || memory.read_value(value, value);
}
#else
std::uint64_t follow_jumps(Memory&, std::uint64_t address) noexcept { return address; }
bool first_argument(Memory&, const unsigned char*, std::uint64_t, std::size_t, const Registers&, std::uint64_t&) noexcept { return false; }
std::uint64_t behind_system_call(Memory&, std::uint64_t pc, bool& in_call) noexcept {
  in_call = false;
  return pc;
}
std::uint64_t stub_target(Memory&, std::uint64_t) noexcept { return 0; }
std::uint64_t call_target(Memory&, const unsigned char*, std::uint64_t) noexcept { return 0; }
Call call_before(Memory&, std::uint64_t, std::uint64_t) noexcept { return Call::kNone; }
#endif

}  // namespace tailback
