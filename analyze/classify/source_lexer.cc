#include "analyze/classify/source_lexer.h"

#include <algorithm>
#include <array>

namespace tailback::analyze {
namespace {

bool word_begin(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80; }
bool digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  Lexer(std::string_view text, SourceLanguage language) : text_(text), language_(language) {}

  SourceTokens run() {
    while (at_ < text_.size()) step();
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool looking_at(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  void advance(std::size_t to) {
    line_ += static_cast<std::uint32_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_), text_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
    at_ = to;
  }

  /// Moves behind the next `end`, or to the end of the text.
  void skip_past(std::string_view end, std::size_t from) {
    const std::size_t found = text_.find(end, from);
    advance(found == std::string_view::npos ? text_.size() : found + end.size());
  }

  void emit(std::size_t length, SourceToken::Kind kind) {
    result_.tokens.push_back({text_.substr(at_, length), line_, kind});
    result_.match.push_back(SourceTokens::kNone);
  }

  void step();
  void quoted(char quote);
  void string_token(std::size_t begin, std::uint32_t line);
  void raw_string(std::size_t prefix);
  void directive();
  void sign();

  std::string_view text_;
  SourceLanguage language_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  bool line_begins_ = true;        ///< nothing but spaces stood on this line so far
  std::vector<std::uint32_t> open_;
  SourceTokens result_;
};

void Lexer::step() {
  const char c = text_[at_];
  if (c == '\n') {
    line_begins_ = true;
    return advance(at_ + 1);
  }
  if (c == ' ' || c == '\t' || c == '\r' || c == '\f') return advance(at_ + 1);
  const bool python = language_ == SourceLanguage::kPython;
  if (python ? c == '#' : looking_at("//")) {
    const std::size_t end = text_.find('\n', at_);
    return advance(end == std::string_view::npos ? text_.size() : end);
  }
  if (!python && looking_at("/*")) return skip_past("*/", at_ + 2);
  if (c == '#' && language_ == SourceLanguage::kCpp && line_begins_) return directive();
  line_begins_ = false;
  if (language_ == SourceLanguage::kCpp) {
    for (const std::string_view prefix : {"R\"", "u8R\"", "uR\"", "UR\"", "LR\""}) {
      if (looking_at(prefix)) return raw_string(prefix.size());
    }
  }
  if (c == '`' && language_ == SourceLanguage::kGo) {
    const std::size_t begin = at_;
    const std::uint32_t line = line_;
    skip_past("`", at_ + 1);
    return string_token(begin, line);
  }
  if (language_ == SourceLanguage::kJava && looking_at("\"\"\"")) {
    const std::size_t begin = at_;
    const std::uint32_t line = line_;
    skip_past("\"\"\"", at_ + 3);
    return string_token(begin, line);
  }
  if (python && (looking_at("\"\"\"") || looking_at("'''"))) {
    const std::size_t begin = at_;
    const std::uint32_t line = line_;
    skip_past(text_.substr(at_, 3), at_ + 3);
    return string_token(begin, line);
  }
  if (c == '"' || c == '\'') return quoted(c);
  if (word_begin(c)) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && (word_begin(text_[end]) || digit(text_[end]))) ++end;
    emit(end - at_, SourceToken::Kind::kWord);
    return advance(end);
  }
  if (digit(c)) {  // 1'000'000, 0x1F, 1.5e3
    std::size_t end = at_ + 1;
    while (end < text_.size() && (word_begin(text_[end]) || digit(text_[end]) || text_[end] == '.' ||
                                  (text_[end] == '\'' && language_ == SourceLanguage::kCpp && end + 1 < text_.size() && (digit(text_[end + 1]) || word_begin(text_[end + 1]))))) ++end;
    emit(end - at_, SourceToken::Kind::kNumber);
    return advance(end);
  }
  sign();
}

void Lexer::string_token(std::size_t begin, std::uint32_t line) {
  result_.tokens.push_back({text_.substr(begin, at_ - begin), line, SourceToken::Kind::kString});
  result_.match.push_back(SourceTokens::kNone);
}

/// A string or character; one that is not closed ends with its line, so that a stray quote costs a line and not the file.
void Lexer::quoted(char quote) {
  std::size_t end = at_ + 1;
  while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' && end + 1 < text_.size() ? 2 : 1;
  end = std::min(end, text_.size());
  if (end < text_.size() && text_[end] == quote) ++end;
  const std::size_t begin = at_;
  const std::uint32_t line = line_;
  advance(end);
  string_token(begin, line);
}

/// R"delimiter( … )delimiter"
void Lexer::raw_string(std::size_t prefix) {
  const std::size_t open = text_.find('(', at_ + prefix);
  const std::size_t begin = at_;
  const std::uint32_t line = line_;
  if (open == std::string_view::npos || open - at_ - prefix > 16) {
    advance(at_ + prefix);
  } else {
    const std::string end = ")" + std::string(text_.substr(at_ + prefix, open - at_ - prefix)) + "\"";
    skip_past(end, open + 1);
  }
  string_token(begin, line);
}

/// A preprocessor line, with those that its backslash continues.
void Lexer::directive() {
  std::size_t end = at_;
  while (true) {
    end = text_.find('\n', end);
    if (end == std::string_view::npos) return advance(text_.size());
    std::size_t last = end;
    if (last > 0 && text_[last - 1] == '\r') --last;
    if (last == 0 || text_[last - 1] != '\\') break;
    ++end;
  }
  advance(end);
}

void Lexer::sign() {
  static constexpr std::array<std::string_view, 5> kPairs = {"::", "->", ":=", "&&", "||"};
  for (const std::string_view pair : kPairs) {
    if (!looking_at(pair)) continue;
    emit(2, SourceToken::Kind::kSign);
    return advance(at_ + 2);
  }
  const char c = text_[at_];
  const auto index = static_cast<std::uint32_t>(result_.tokens.size());
  emit(1, SourceToken::Kind::kSign);
  if (c == '(' || c == '[' || c == '{') open_.push_back(index);
  if (c == ')' || c == ']' || c == '}') {
    const char opener = c == ')' ? '(' : c == ']' ? '[' : '{';
    // A bracket that is missing somewhere must not shift all others: close up to the nearest of the same kind.
    for (std::size_t i = open_.size(); i-- > 0;) {
      if (result_.tokens[open_[i]].text[0] != opener) {
        if (c == '}') continue;  // a brace closes what was left open within it
        break;
      }
      result_.match[open_[i]] = index;
      result_.match[index] = open_[i];
      open_.resize(i);
      break;
    }
  }
  advance(at_ + 1);
}

}  // namespace

SourceTokens tokenise(std::string_view text, SourceLanguage language) { return Lexer(text, language).run(); }

std::string_view line_text(std::string_view text, std::uint32_t line) {
  for (std::uint32_t i = 1; i < line && !text.empty(); ++i) {
    const std::size_t end = text.find('\n');
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text.substr(0, 400);
}

}  // namespace tailback::analyze
