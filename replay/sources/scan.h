// Small steps through one line of text: the readers' alphabet. No allocation, no regular expression: these run once for
// each line of dumps of gigabytes.
#pragma once

#include <string.h>  // memmem, memrchr

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tailback::replay {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

[[nodiscard]] constexpr std::string_view trim_front(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
  text = trim_front(text);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Cuts `prefix` off the front of `text`, if it is there.
[[nodiscard]] constexpr bool skip(std::string_view& text, std::string_view prefix) noexcept {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Cuts a decimal number off the front; none (and `text` unchanged) without a digit or beyond 64 bits.
[[nodiscard]] inline std::optional<std::uint64_t> take_number(std::string_view& text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

inline constexpr unsigned kNoHexDigit = 16;
/// The value of each character as a hexadecimal digit.
inline constexpr std::array<std::uint8_t, 256> kHexDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoHexDigit);
  for (unsigned i = 0; i < 10; ++i) digits['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) digits['a' + i] = digits['A' + i] = static_cast<std::uint8_t>(10 + i);
  return digits;
}();

/// Cuts a hexadecimal number off the front, with "0x" before it. Inline always: a small optional returned goes through memory, its byte written and
/// its word read at once, which costs more than the number.
[[nodiscard, gnu::always_inline]] inline std::optional<std::uint64_t> take_hex(std::string_view& text) noexcept {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return std::nullopt;
  // By hand and by a table: from_chars costs more than twice as much for words of this length, and dumps are full of them.
  constexpr std::size_t kFits = 2 + 16;
  std::uint64_t value = 0;
  std::size_t at = 2;
  unsigned digit = 0;
  for (const std::size_t end = std::min(text.size(), kFits); at < end && (digit = kHexDigits[static_cast<unsigned char>(text[at])]) != kNoHexDigit; ++at) value = value << 4 | digit;
  // Longer ones have zeros in front.
  for (; at >= kFits && at < text.size() && (digit = kHexDigits[static_cast<unsigned char>(text[at])]) != kNoHexDigit; ++at) {
    if (value >> 60 != 0) return std::nullopt;
    value = value << 4 | digit;
  }
  if (at == 2) return std::nullopt;
  text.remove_prefix(at);
  return value;
}

/// The part before `separator`, which is cut off `text` together with it; all of `text` where there is none.
[[nodiscard]] constexpr std::string_view take_until(std::string_view& text, std::string_view separator) noexcept {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + separator.size());
  return part;
}

/// The first of these characters at or behind `from`, or npos. (find_first_of calls memchr for each character of the text.)
template <char... kCharacters>
[[nodiscard]] constexpr std::size_t find_any(std::string_view text, std::size_t from = 0) noexcept {
  for (; from < text.size(); ++from) {
    if (((text[from] == kCharacters) || ...)) return from;
  }
  return std::string_view::npos;
}

/// Whether `words` stand in a text of many KB. (string_view::find stops at every occurrence of their first character.)
[[nodiscard]] inline bool contains(std::string_view text, std::string_view words) noexcept {
  return text.size() >= words.size() && !words.empty() && ::memmem(text.data(), text.size(), words.data(), words.size()) != nullptr;
}

/// The last `character`, or npos. (string_view::rfind goes character by character.)
[[nodiscard]] inline std::size_t find_last(std::string_view text, char character) noexcept {
  const auto* at = text.empty() ? nullptr : static_cast<const char*>(::memrchr(text.data(), character, text.size()));
  return at == nullptr ? std::string_view::npos : static_cast<std::size_t>(at - text.data());
}

/// Splits "hashset.go:52" into file and line; line 0 where the end is not ":number".
struct Place {
  std::string_view file;
  std::uint32_t line = 0;
};

[[nodiscard]] inline Place split_place(std::string_view text) noexcept {
  const std::size_t colon = find_last(text, ':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return {text, 0};
  std::uint32_t line = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + colon + 1, end, line);
  if (error != std::errc{} || at != end) return {text, 0};
  return {text.substr(0, colon), line};
}

/// The next line of `head`, without its end; for recognisers, which see text and not lines.
[[nodiscard]] constexpr std::string_view take_line(std::string_view& head) noexcept {
  std::string_view line = take_until(head, "\n");
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace tailback::replay
