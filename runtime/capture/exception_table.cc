#include "runtime/capture/exception_table.h"

#include <array>

#include "runtime/capture/dwarf_cursor.h"

namespace tailback {

// Header: landing pad base (encoding, value), type table (encoding, ULEB offset), call-site encoding, ULEB length of the call-site table;
// then sites of (begin, length, landing pad, ULEB action), the first three relative to the function, in order.
std::uint64_t landing_pad(Memory& memory, std::uint64_t exception_table, std::uint64_t function_begin, std::uint64_t call_address) noexcept {
  constexpr std::uint8_t kOmit = 0xff;
  std::array<unsigned char, 8192> bytes;
  if (exception_table == 0) return 0;
  const std::size_t got = memory.read(exception_table, bytes.data(), bytes.size());
  DwarfCursor cursor(bytes.data(), bytes.data() + got, exception_table);
  std::uint64_t base = function_begin;
  if (const auto encoding = cursor.fixed<std::uint8_t>(); encoding != kOmit) base = cursor.encoded(encoding, 0);
  if (const auto encoding = cursor.fixed<std::uint8_t>(); encoding != kOmit) cursor.uleb();
  const auto encoding = cursor.fixed<std::uint8_t>();
  const std::uint64_t length = cursor.uleb();
  if (cursor.failed() || length > cursor.remaining()) return 0;
  const std::uint64_t end = cursor.address() + length, offset = call_address - function_begin;
  while (!cursor.failed() && cursor.address() < end) {
    const std::uint64_t begin = cursor.encoded(encoding & 0x0f, 0), size = cursor.encoded(encoding & 0x0f, 0);
    const std::uint64_t pad = cursor.encoded(encoding & 0x0f, 0);
    cursor.uleb();
    if (cursor.failed() || begin > offset) return 0;
    if (offset < begin + size) return pad == 0 ? 0 : base + pad;
  }
  return 0;
}

}  // namespace tailback
