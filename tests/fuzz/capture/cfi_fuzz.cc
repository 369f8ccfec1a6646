// Input: 4 bytes, the program counter relative to the unwind header; then an .eh_frame_hdr with its .eh_frame behind it.
#include <cstdint>
#include <cstring>
#include <memory>

#include "runtime/capture/cfi.h"
#include "runtime/capture/exception_table.h"
#include "tests/fuzz/capture/image_memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tailback;
  constexpr std::uint64_t kHeader = 0x10000000;
  std::int32_t offset = 0;
  if (size < sizeof offset) return 0;
  std::memcpy(&offset, data, sizeof offset);
  ImageMemory memory({data + sizeof offset, size - sizeof offset}, kHeader);
  const auto reader = std::make_unique<CfiReader>(memory);
  FrameRow row;
  const std::uint64_t pc = kHeader + static_cast<std::uint64_t>(static_cast<std::int64_t>(offset));
  if (reader->find(kHeader, pc, row) && (pc < row.function_begin || pc >= row.function_end)) __builtin_trap();
  std::uint64_t result = 0;
  std::array<std::uint64_t, arch::kRegisters> registers{};
  registers.fill(kHeader + 64);
  static_cast<void>(evaluate_expression(memory, kHeader, registers, ~std::uint64_t{0}, true, pc, result));
  static_cast<void>(landing_pad(memory, kHeader, kHeader, pc));
  return 0;
}
