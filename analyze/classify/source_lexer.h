// Splits Go, C++, Java and Python source into tokens, with comments, strings and preprocessor lines out of the way.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "analyze/classify/source_evidence.h"

namespace tailback::analyze {

struct SourceToken {
  enum class Kind : std::uint8_t { kWord, kNumber, kString, kSign };

  std::string_view text;        ///< of the source; a string's with its quotes
  std::uint32_t line = 0;       ///< 1-based
  Kind kind = Kind::kSign;

  [[nodiscard]] bool is(std::string_view other) const { return text == other; }
  [[nodiscard]] bool word() const { return kind == Kind::kWord; }
};

struct SourceTokens {
  static constexpr std::uint32_t kNone = 0xffffffff;

  std::vector<SourceToken> tokens;
  std::vector<std::uint32_t> match;  ///< index of the bracket that belongs to a ( [ { or ) ] }; kNone: none

  [[nodiscard]] std::size_t size() const { return tokens.size(); }
  [[nodiscard]] const SourceToken& operator[](std::size_t i) const { return tokens[i]; }
  [[nodiscard]] bool is(std::size_t i, std::string_view text) const { return i < tokens.size() && tokens[i].text == text; }
  [[nodiscard]] bool word(std::size_t i) const { return i < tokens.size() && tokens[i].word(); }
  /// The index behind the bracket that closes the one at `i`; i + 1 where none does.
  [[nodiscard]] std::size_t behind(std::size_t i) const { return match[i] == kNone || match[i] < i ? i + 1 : match[i] + 1; }
};

/// `text` must outlive the tokens. Signs come as single characters, but for :: -> := && ||.
[[nodiscard]] SourceTokens tokenise(std::string_view text, SourceLanguage language);

/// The line (1-based) as a report quotes it: without the space around it, cut at 400 bytes.
[[nodiscard]] std::string_view line_text(std::string_view text, std::uint32_t line);

}  // namespace tailback::analyze
