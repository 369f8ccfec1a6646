// Cuts an input into lines, in place, block by block.
//
// A line ends with LF or CR LF; the last one may have no end. A line longer than the limit is cut there, and the rest of
// it skipped and counted. UTF-16 with a byte order mark (what PowerShell's `>` writes) is turned into UTF-8.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/sources/input.h"

namespace tailback::replay {

struct RawLine {
  std::string_view text;     ///< without its end; valid until the next call
  std::uint64_t number = 0;  ///< 1-based
  bool may_have_escape = false;  ///< an ESC is somewhere in the block that it stands in
};

class LineSplitter {
 public:
  LineSplitter(ByteSource& source, std::size_t maximum_line_bytes);

  /// The next line into `line`, where the block at hand has all of it, as it has of nearly every line. False: ask next().
  bool take(RawLine& line) {
    if (skipping_ || scanned_ == end_) return false;
    const char* begin = buffer_.data() + begin_;
    const auto* lf = static_cast<const char*>(std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_));
    if (lf == nullptr || static_cast<std::size_t>(lf - begin) > maximum_) return false;
    begin_ = scanned_ = static_cast<std::size_t>(lf - buffer_.data()) + 1;
    if (lf != begin && lf[-1] == '\r') --lf;
    line = {std::string_view(begin, static_cast<std::size_t>(lf - begin)), ++number_, escapes_};
    return true;
  }
  /// The next line into `line`; false at the end of the input. After an error, what was read before it has been handed out.
  Result<bool> next(RawLine& line);

  [[nodiscard]] std::uint64_t lines_cut() const { return lines_cut_; }
  [[nodiscard]] std::uint64_t first_cut_line() const { return first_cut_line_; }
  /// True once per block read: the moment to look at a stop flag, and at what is the same for many lines.
  [[nodiscard]] bool took_block() { return std::exchange(took_block_, false); }
  /// The block at hand: the last line handed out stands in it, and so do those that take() will.
  [[nodiscard]] std::string_view block() const { return {buffer_.data(), end_}; }

 private:
  Result<bool> fill();
  std::size_t decode_utf16(std::size_t begin, std::size_t size);

  ByteSource& source_;
  const std::size_t maximum_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, scanned_ = 0, end_ = 0;  ///< of the line, of what holds no LF, of the bytes read
  std::uint64_t number_ = 0, lines_cut_ = 0, first_cut_line_ = 0;
  bool ended_ = false, skipping_ = false, escapes_ = false, took_block_ = false, first_block_ = true;
  std::optional<Error> error_;
  enum class Encoding { kBytes, kUtf16Little, kUtf16Big } encoding_ = Encoding::kBytes;
  std::string undecoded_;  ///< half a code unit or surrogate pair at a block's end
};

}  // namespace tailback::replay
