// Reads the primitive values of DWARF from a bounded piece of memory.
//
// Reading past the end, or an encoding that is not known, sets failed() and yields 0 from then on; nothing is ever read outside the bounds.
// Source: DWARF 5 section 7.6 (LEB128); Linux Standard Base Core 5.0 section 10.5 (DW_EH_PE encodings).
#pragma once

#include <cstdint>
#include <cstring>

namespace tailback {

class DwarfCursor {
 public:
  /// `address` is where the first byte lives in the process: pc-relative values count from there.
  DwarfCursor(const unsigned char* begin, const unsigned char* end, std::uint64_t address)
      : begin_(begin), at_(begin), end_(end), address_(address) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return at_ == end_ || failed_; }
  [[nodiscard]] std::uint64_t address() const { return address_ + static_cast<std::uint64_t>(at_ - begin_); }
  [[nodiscard]] std::size_t remaining() const { return failed_ ? 0 : static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] const unsigned char* position() const { return at_; }

  template <class T>
  T fixed() {
    T value{};
    if (remaining() < sizeof value) return fail<T>();
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::uint64_t uleb();
  std::int64_t sleb();
  /// A pointer in one of the DW_EH_PE encodings; `data_base` is what `datarel` counts from. Indirect ones fail: no unwind table of
  /// a function has them.
  std::uint64_t encoded(std::uint8_t encoding, std::uint64_t data_base);
  void skip(std::uint64_t bytes);
  /// A zero-terminated text; its terminator must lie inside.
  const char* text();

 private:
  template <class T>
  T fail() {
    failed_ = true;
    return T{};
  }
  const unsigned char *begin_, *at_, *end_;
  std::uint64_t address_;
  bool failed_ = false;
};

}  // namespace tailback
