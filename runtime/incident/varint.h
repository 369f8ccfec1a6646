// Little-endian base-128 numbers, seven bits a byte, the high bit set on all bytes but the last.
// Source: the encoding of LEB128 (DWARF 5, section 7.6), unsigned form.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tailback {

inline void put_varint(std::vector<unsigned char>& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<unsigned char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<unsigned char>(value));
}

/// Takes one number off the front of `in`; none when `in` ends within it or it does not fit 64 bits.
inline std::optional<std::uint64_t> take_varint(std::span<const unsigned char>& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    if (i == 9 && in[i] > 1) return std::nullopt;
    value |= std::uint64_t{in[i] & 0x7fu} << (7 * i);
    if (in[i] < 0x80) {
      in = in.subspan(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace tailback
