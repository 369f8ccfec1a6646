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
#else
std::uint64_t behind_system_call(Memory&, std::uint64_t pc, bool& in_call) noexcept {
  in_call = false;
  return pc;
}
std::uint64_t stub_target(Memory&, std::uint64_t) noexcept { return 0; }
std::uint64_t call_target(Memory&, const unsigned char*, std::uint64_t) noexcept { return 0; }
Call call_before(Memory&, std::uint64_t, std::uint64_t) noexcept { return Call::kNone; }
#endif

}  // namespace tailback
