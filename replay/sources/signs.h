// Tells in one pass over a text which formats it may be of, by texts without which a format's `recognise` finds nothing.
//
// Recognisers look at a log window by window, gigabytes before the first dump comes. Nearly every window holds no sign of any format, and then no
// recogniser looks at it.
//
// Signs that may stand anywhere are searched all at once, as Wu and Manber do it ("A fast algorithm for multi-pattern searching", 1994): the two
// characters at which a text is looked at tell how far no sign can end. Those that begin a line are looked for there only.
//
// Thread safety: find() may be called by many.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tailback::replay {

struct Sign {
  enum class Where : std::uint8_t { kAnywhere, kLineBegin, kNumberAtLineBegin };  ///< blanks before the beginning of a line are passed over
  std::string_view text;             ///< kAnywhere: of kShortest characters and more; kNumberAtLineBegin: none, any digit is one
  Where where = Where::kAnywhere;

  static constexpr std::size_t kShortest = 7;
};

/// One bit for each owner of signs.
using SignOwners = std::uint32_t;

class SignSearch {
 public:
  SignSearch();
  /// `owner` below 32. Without a sign, an owner is found in every text.
  void add(std::span<const Sign> signs, unsigned owner);
  [[nodiscard]] SignOwners find(std::string_view text) const;

 private:
  struct Entry {
    std::string_view text;
    SignOwners owner;
  };

  [[nodiscard]] SignOwners find_anywhere(std::string_view text) const;
  [[nodiscard]] SignOwners find_at_line_begins(std::string_view text) const;

  SignOwners in_every_text_ = 0;
  std::vector<Entry> anywhere_, at_line_begin_;
  std::array<std::uint8_t, 4096> shifts_;                ///< by two characters: how far on a sign may end at the nearest
  std::array<SignOwners, 256> first_characters_{};       ///< of lines: whose signs may begin there
};

}  // namespace tailback::replay
