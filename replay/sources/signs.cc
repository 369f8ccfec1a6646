#include "replay/sources/signs.h"

#include <algorithm>
#include <cassert>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

/// Of two characters, where in the table of shifts they stand. Others may stand there too: that costs a look in vain.
std::size_t place_of(char first, char second) {
  return (static_cast<std::size_t>(static_cast<unsigned char>(first)) << 5 ^ static_cast<unsigned char>(second)) & 4095;
}

constexpr std::uint8_t kFarthest = Sign::kShortest - 1;

}  // namespace

SignSearch::SignSearch() { shifts_.fill(kFarthest); }

void SignSearch::add(std::span<const Sign> signs, unsigned owner) {
  const SignOwners bit = SignOwners{1} << owner;
  if (signs.empty()) in_every_text_ |= bit;
  for (const Sign& sign : signs) {
    if (sign.where == Sign::Where::kAnywhere) {
      assert(sign.text.size() >= Sign::kShortest);
      anywhere_.push_back({sign.text, bit});
      // What counts is the beginning, as long as the shortest sign may be.
      for (std::size_t i = 0; i + 1 < Sign::kShortest; ++i) {
        std::uint8_t& shift = shifts_[place_of(sign.text[i], sign.text[i + 1])];
        shift = std::min(shift, static_cast<std::uint8_t>(Sign::kShortest - 2 - i));
      }
      continue;
    }
    at_line_begin_.push_back({sign.text, bit});
    if (sign.where == Sign::Where::kLineBegin) first_characters_[static_cast<unsigned char>(sign.text.front())] |= bit;
    else for (char digit = '0'; digit <= '9'; ++digit) first_characters_[static_cast<unsigned char>(digit)] |= bit;
  }
}

SignOwners SignSearch::find(std::string_view text) const { return in_every_text_ | find_anywhere(text) | find_at_line_begins(text); }

SignOwners SignSearch::find_anywhere(std::string_view text) const {
  SignOwners found = 0;
  for (std::size_t end = Sign::kShortest - 1; end < text.size();) {
    if (const std::uint8_t shift = shifts_[place_of(text[end - 1], text[end])]; shift > 0) {
      end += shift;
      continue;
    }
    const std::string_view here = text.substr(end + 1 - Sign::kShortest);
    for (const Entry& sign : anywhere_) {
      if ((found & sign.owner) == 0 && here.starts_with(sign.text)) found |= sign.owner;
    }
    ++end;
  }
  return found;
}

SignOwners SignSearch::find_at_line_begins(std::string_view text) const {
  SignOwners found = 0;
  while (!text.empty()) {
    const std::string_view line = trim_front(take_until(text, "\n"));
    if (line.empty()) continue;
    const SignOwners possible = first_characters_[static_cast<unsigned char>(line.front())] & ~found;
    if (possible == 0) continue;
    for (const Entry& sign : at_line_begin_) {
      if ((possible & sign.owner) != 0 && (sign.text.empty() ? is_digit(line.front()) : line.starts_with(sign.text))) found |= sign.owner;
    }
  }
  return found;
}

}  // namespace tailback::replay
