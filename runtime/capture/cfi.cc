#include "runtime/capture/cfi.h"

#include <algorithm>

#include "runtime/capture/cfi_program.h"
#include "runtime/capture/dwarf_cursor.h"

namespace tailback {
namespace {
constexpr std::uint8_t kTableEncoding = 0x3b;  // datarel | sdata4: the only one with a search table in practice
constexpr std::size_t kPairBytes = 8, kChunkPairs = 512;
constexpr std::size_t kLengthBytes = 4;

std::uint64_t relative(std::uint64_t base, std::int32_t offset) {
  return base + static_cast<std::uint64_t>(static_cast<std::int64_t>(offset));
}
}  // namespace

// .eh_frame_hdr: version 1, three encodings, the frame pointer, the count, then pairs (function, entry), sorted.
std::uint64_t CfiReader::find_entry(std::uint64_t header, std::uint64_t pc) noexcept {
  std::array<unsigned char, 32> head;
  const std::size_t got = memory_.read(header, head.data(), head.size());
  DwarfCursor cursor(head.data(), head.data() + got, header);
  const auto version = cursor.fixed<std::uint8_t>();
  const auto frame_encoding = cursor.fixed<std::uint8_t>();
  const auto count_encoding = cursor.fixed<std::uint8_t>();
  const auto table_encoding = cursor.fixed<std::uint8_t>();
  cursor.encoded(frame_encoding, header);
  std::uint64_t count = cursor.encoded(count_encoding, header);
  if (cursor.failed() || version != 1 || table_encoding != kTableEncoding || count == 0 || count > (1u << 28)) return 0;

  const std::uint64_t table = cursor.address();
  std::uint64_t low = 0;  // the last pair whose function begins at or before pc is in [low, low + count)
  std::array<std::int32_t, 2 * kChunkPairs> chunk;
  while (count > kChunkPairs) {
    const std::uint64_t half = count / 2;
    std::int32_t begin = 0;
    if (!memory_.read_value(table + (low + half) * kPairBytes, begin)) return 0;
    if (relative(header, begin) <= pc) {
      low += half;
      count -= half;
    } else {
      count = half;
    }
  }
  if (memory_.read(table + low * kPairBytes, chunk.data(), count * kPairBytes) != count * kPairBytes) return 0;
  std::uint64_t entry = 0;
  for (std::uint64_t i = 0; i < count && relative(header, chunk[2 * i]) <= pc; ++i) entry = relative(header, chunk[2 * i + 1]);
  return entry;
}

bool CfiReader::load_entry(std::uint64_t address, unsigned char* buffer, std::size_t limit, std::size_t& size) noexcept {
  std::uint32_t length = 0;
  if (!memory_.read_value(address, length)) return false;
  // 0 ends the section; 0xffffffff begins the 64-bit format, which no linker writes into .eh_frame.
  if (length < 4 || length > limit) return false;
  size = length;
  return memory_.read(address + kLengthBytes, buffer, length) == length;
}

bool CfiReader::parse_cie(std::uint64_t address, Cie& cie) noexcept {
  std::size_t size = 0;
  if (!load_entry(address, cie_.data(), cie_.size(), size)) return false;
  DwarfCursor cursor(cie_.data(), cie_.data() + size, address + kLengthBytes);
  if (cursor.fixed<std::uint32_t>() != 0) return false;  // an FDE
  const auto version = cursor.fixed<std::uint8_t>();
  if (version != 1 && version != 3) return false;
  const char* augmentation = cursor.text();
  cie.code_factor = cursor.uleb();
  cie.data_factor = cursor.sleb();
  cie.return_register = version == 1 ? cursor.fixed<std::uint8_t>() : static_cast<unsigned>(cursor.uleb());
  if (cursor.failed()) return false;
  if (*augmentation == 'z') {
    cie.augmented = true;
    const std::uint64_t length = cursor.uleb();
    if (length > cursor.remaining()) return false;
    const unsigned char* program = cursor.position() + length;
    for (const char* letter = augmentation + 1; *letter != 0; ++letter) {
      if (*letter == 'R') cie.pointer_encoding = cursor.fixed<std::uint8_t>();
      else if (*letter == 'S') cie.signal_frame = true;
      else if (*letter == 'L') cie.exception_encoding = cursor.fixed<std::uint8_t>();
      else if (*letter == 'P') { const auto encoding = cursor.fixed<std::uint8_t>(); cursor.encoded(encoding & 0x7f, 0); }
      else break;  // the length tells where the program begins
    }
    if (cursor.failed()) return false;
    cie.program = program;
  } else if (*augmentation == 0) {
    cie.program = cursor.position();
  } else {
    return false;
  }
  cie.program_end = cie_.data() + size;
  return cie.return_register == arch::kReturnAddress;
}

bool CfiReader::find(std::uint64_t header, std::uint64_t pc, FrameRow& row) noexcept {
  const std::uint64_t entry = find_entry(header, pc);
  std::size_t size = 0;
  if (entry == 0 || !load_entry(entry, fde_.data(), fde_.size(), size)) return false;
  DwarfCursor cursor(fde_.data(), fde_.data() + size, entry + kLengthBytes);
  const std::uint64_t here = cursor.address();
  const auto cie_offset = cursor.fixed<std::uint32_t>();
  if (cie_offset == 0) return false;  // a CIE
  Cie cie;
  if (!parse_cie(here - cie_offset, cie)) return false;

  row = {};
  row.function_begin = cursor.encoded(cie.pointer_encoding, 0);
  row.function_end = row.function_begin + cursor.encoded(cie.pointer_encoding & 0x0f, 0);
  row.signal_frame = cie.signal_frame;
  if (cie.augmented) {
    const std::uint64_t length = cursor.uleb();
    DwarfCursor data = cursor;
    cursor.skip(length);
    if (length > 0 && cie.exception_encoding != 0xff) {
      const bool null = data.remaining() >= 4 && std::all_of(data.position(), data.position() + std::min<std::uint64_t>(length, 4), [](unsigned char c) { return c == 0; });
      const std::uint64_t table = data.encoded(cie.exception_encoding, 0);
      if (!data.failed() && !null) row.exception_table = table;
    }
  }
  if (cursor.failed() || pc < row.function_begin || pc >= row.function_end) return false;

  CfiProgram program(cie.code_factor, cie.data_factor, cie.pointer_encoding, row);
  const std::uint64_t cie_program_address = here - cie_offset + kLengthBytes + static_cast<std::uint64_t>(cie.program - cie_.data());
  if (!program.run_initial({cie.program, cie.program_end, cie_program_address})) return false;
  if (!program.run(cursor, pc)) return false;
  row.pushes_frame_pointer = row.kind[arch::kFramePointer] == RuleKind::kOffset;
  return true;
}

}  // namespace tailback
