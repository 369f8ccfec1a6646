#include "replay/sources/line_splitter.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace tailback::replay {
namespace {

constexpr std::size_t kBlockBytes = 256 << 10;

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xc0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3f))};
  } else if (c < 0x10000) {
    out += {static_cast<char>(0xe0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3f)), static_cast<char>(0x80 | (c & 0x3f))};
  } else {
    out += {static_cast<char>(0xf0 | (c >> 18)), static_cast<char>(0x80 | ((c >> 12) & 0x3f)), static_cast<char>(0x80 | ((c >> 6) & 0x3f)),
            static_cast<char>(0x80 | (c & 0x3f))};
  }
}

}  // namespace

LineSplitter::LineSplitter(ByteSource& source, std::size_t maximum_line_bytes) : source_(source), maximum_(std::max<std::size_t>(maximum_line_bytes, 16)) {}

Result<bool> LineSplitter::next(RawLine& line) {
  for (;;) {
    if (take(line)) return true;
    const auto* lf = static_cast<const char*>(scanned_ == end_ ? nullptr : std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_));
    const bool complete = lf != nullptr;
    const std::size_t stop = complete ? static_cast<std::size_t>(lf - buffer_.data()) : end_;
    scanned_ = stop;
    if (!complete && !ended_ && stop - begin_ <= maximum_) {
      if (Result<bool> filled = fill(); !filled.ok()) return filled.error();
      continue;
    }
    if (!complete && ended_ && (begin_ == end_ || skipping_)) {
      begin_ = end_;
      if (error_) return *std::exchange(error_, std::nullopt);
      return false;
    }
    std::string_view text(buffer_.data() + begin_, stop - begin_);
    begin_ = scanned_ = complete ? stop + 1 : stop;
    const bool was_skipping = std::exchange(skipping_, !complete && !ended_);
    if (was_skipping) continue;  // the rest of a line that was too long
    ++number_;
    if (text.size() > maximum_) {
      text = text.substr(0, maximum_);
      if (lines_cut_++ == 0) first_cut_line_ = number_;
    }
    if (text.ends_with('\r')) text.remove_suffix(1);
    line = {text, number_, escapes_};
    return true;
  }
}

Result<bool> LineSplitter::fill() {
  const std::size_t kept = end_ - begin_;
  if (begin_ > 0 && kept > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, kept);
  scanned_ -= begin_;
  begin_ = 0;
  end_ = kept;
  if (buffer_.size() < kept + kBlockBytes) buffer_.resize(std::max(kept + kBlockBytes, buffer_.size() * 2));
  // A part of the room only: the pages of the rest would be touched for nothing.
  const Result<std::size_t> got = source_.read({buffer_.data() + kept, kBlockBytes});
  took_block_ = true;
  if (!got.ok()) {
    error_ = got.error();
    ended_ = true;
    return true;
  }
  std::size_t size = got.value();
  if (size == 0) {
    ended_ = true;
    return true;
  }
  if (std::exchange(first_block_, false)) {
    using namespace std::string_view_literals;
    const std::string_view head(buffer_.data(), size);
    if (head.starts_with("\xff\xfe"sv)) encoding_ = Encoding::kUtf16Little;
    else if (head.starts_with("\xfe\xff"sv)) encoding_ = Encoding::kUtf16Big;
    else if (head.starts_with("\xef\xbb\xbf"sv)) begin_ = scanned_ = 3;
  }
  if (encoding_ != Encoding::kBytes) size = decode_utf16(kept, size);
  end_ = kept + size;
  escapes_ = std::memchr(buffer_.data(), '\x1b', end_) != nullptr;
  return true;
}

std::size_t LineSplitter::decode_utf16(std::size_t begin, std::size_t size) {
  undecoded_.append(buffer_.data() + begin, size);
  const auto unit = [&](std::size_t at) -> std::uint32_t {
    const auto first = static_cast<unsigned char>(undecoded_[at]), second = static_cast<unsigned char>(undecoded_[at + 1]);
    return encoding_ == Encoding::kUtf16Little ? first | (second << 8) : second | (first << 8);
  };
  std::string text;
  std::size_t at = 0;
  for (; at + 1 < undecoded_.size(); at += 2) {
    std::uint32_t c = unit(at);
    if (c == 0xfeff) continue;
    if (c >= 0xd800 && c < 0xdc00) {
      if (at + 3 >= undecoded_.size()) break;
      const std::uint32_t low = unit(at + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 2;
      } else {
        c = 0xfffd;
      }
    } else if (c >= 0xdc00 && c < 0xe000) {
      c = 0xfffd;
    }
    append_utf8(text, c);
  }
  undecoded_.erase(0, at);
  if (buffer_.size() < begin + text.size()) buffer_.resize(begin + text.size());
  std::memcpy(buffer_.data() + begin, text.data(), text.size());
  return text.size();
}

}  // namespace tailback::replay
