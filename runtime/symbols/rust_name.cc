#include "runtime/symbols/rust_name.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace tailback {
namespace {

/// A reader of the path grammar. Every step forward consumes a character, and what a back reference leads to stands before it, so it ends;
/// depth and length are bounded for symbols that lie.
class Path {
 public:
  explicit Path(std::string_view text) : text_(text) {}

  std::string read() {
    std::string name = path();
    return failed_ ? std::string() : name;
  }

 private:
  static constexpr int kDeepest = 64;
  static constexpr std::size_t kLongest = 4096;

  char next() {
    if (at_ >= text_.size()) failed_ = true;
    return failed_ ? '\0' : text_[at_++];
  }
  bool take(char c) {
    if (failed_ || at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  /// "_" is 0, "0_" is 1.
  std::uint64_t base62() {
    if (take('_')) return 0;
    std::uint64_t value = 0;
    while (!failed_) {
      const char c = next();
      if (c == '_') return value + 1;
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 36 : -1;
      failed_ = failed_ || digit < 0;
      value = value * 62 + static_cast<std::uint64_t>(std::max(digit, 0));  // a hash may overflow; only back references are used as numbers
    }
    return 0;
  }

  void disambiguator() {
    if (take('s')) disambiguator_ = base62() + 1;
    else disambiguator_ = 0;
  }

  std::string identifier() {
    disambiguator();
    take('u');  // Punycode; what it stands for is not worth a decoder
    std::size_t length = 0;
    if (!take('0')) {
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 && length <= text_.size()) length = length * 10 + static_cast<std::size_t>(text_[at_++] - '0');
      if (length == 0) failed_ = true;
    }
    take('_');
    if (failed_ || length > text_.size() - at_) {
      failed_ = true;
      return {};
    }
    std::string name(text_.substr(at_, length));
    at_ += length;
    return name;
  }

  template <class Read>
  std::string behind_reference(Read read) {
    const std::size_t here = at_ - 1;
    const std::uint64_t target = base62();
    if (failed_ || target >= here) {
      failed_ = true;
      return {};
    }
    const std::size_t after = std::exchange(at_, static_cast<std::size_t>(target));
    std::string name = read();
    at_ = after;
    return name;
  }

  std::string path() {
    if (++depth_ > kDeepest) failed_ = true;
    std::string name = failed_ ? std::string() : path_of(next());
    --depth_;
    if (name.size() > kLongest) failed_ = true;
    return name;
  }

  std::string path_of(char tag) {
    switch (tag) {
      case 'C': return identifier();
      case 'N': {
        const char space = next();
        const std::string outer = path(), inner = identifier();
        if (space == 'C' || space == 'S') return outer + "::{" + (space == 'C' ? "closure" : "shim") + "#" + std::to_string(disambiguator_) + "}";
        return inner.empty() ? outer : outer + "::" + inner;
      }
      case 'M': disambiguator(), path(); return type();
      case 'X': disambiguator(), path(); [[fallthrough]];
      case 'Y': {
        const std::string self = type(), trait = path();
        return "<" + self + " as " + trait + ">";
      }
      case 'I': {
        std::string name = path();
        while (!failed_ && !take('E')) argument();
        return name;
      }
      case 'B': return behind_reference([this] { return path(); });
      default: failed_ = true; return {};
    }
  }

  void argument() {
    if (take('L')) base62();
    else if (take('K')) constant();
    else type();
  }

  void constant() {
    if (take('B')) {
      behind_reference([this] { constant(); return std::string(); });
    } else if (!take('p')) {
      type();
      while (!failed_ && next() != '_') {}
    }
  }

  std::string type() {
    if (++depth_ > kDeepest) failed_ = true;
    std::string name = failed_ ? std::string() : type_of(next());
    --depth_;
    return name;
  }

  std::string type_of(char tag) {
    if (tag >= 'a' && tag <= 'z') return basic(tag);
    switch (tag) {
      case 'A': { std::string of = type(); constant(); return "[" + of + "]"; }
      case 'S': return "[" + type() + "]";
      case 'T': while (!failed_ && !take('E')) type(); return "(..)";
      case 'R':
      case 'Q': if (take('L')) base62(); return "&" + type();
      case 'P':
      case 'O': return "*" + type();
      case 'F': function_signature(); return "fn";
      case 'D': dynamic(); return "dyn";
      case 'B': return behind_reference([this] { return type(); });
      default: return path_of(tag);
    }
  }

  void function_signature() {
    if (take('G')) base62();
    take('U');
    if (take('K') && !take('C')) identifier();
    while (!failed_ && !take('E')) type();
    type();
  }

  void dynamic() {
    if (take('G')) base62();
    while (!failed_ && !take('E')) {
      path();
      while (take('p')) identifier(), type();
    }
    if (take('L')) base62();
  }

  static std::string basic(char tag) {
    static constexpr std::pair<char, std::string_view> kTypes[] = {
        {'b', "bool"}, {'c', "char"}, {'e', "str"}, {'a', "i8"}, {'s', "i16"}, {'l', "i32"}, {'x', "i64"}, {'n', "i128"}, {'i', "isize"}, {'h', "u8"}, {'t', "u16"},
        {'m', "u32"}, {'y', "u64"}, {'o', "u128"}, {'j', "usize"}, {'f', "f32"}, {'d', "f64"}, {'z', "!"}, {'p', "_"}, {'u', "()"}, {'v', "..."}};
    for (const auto& [letter, name] : kTypes) {
      if (letter == tag) return std::string(name);
    }
    return "?";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t disambiguator_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

/// Ends with a hash of what was compiled, "abba::Accounts::debit::h4321162531a4e3a3": another in every build.
std::string_view without_hash(std::string_view name) {
  constexpr std::size_t kDigits = 16, kLength = kDigits + 3;
  if (name.size() <= kLength || name.substr(name.size() - kLength, 3) != "::h") return name;
  const bool hash = name.find_first_not_of("0123456789abcdef", name.size() - kDigits) == std::string_view::npos;
  return hash ? name.substr(0, name.size() - kLength) : name;
}

}  // namespace

std::string readable_rust_symbol(std::string_view symbol) {
  if (!symbol.starts_with("_R") || symbol.size() < 3) return {};
  return Path(symbol.substr(2)).read();
}

std::string readable_rust_name(std::string_view name) {
  name = without_hash(name);
  if (name.find('$') == std::string_view::npos) return std::string(name);
  static constexpr std::pair<std::string_view, char> kEscapes[] = {{"$LT$", '<'}, {"$GT$", '>'}, {"$LP$", '('}, {"$RP$", ')'}, {"$C$", ','},
                                                                   {"$RF$", '&'}, {"$BP$", '*'}, {"$SP$", '@'}};
  std::string plain;
  for (std::size_t i = 0; i < name.size();) {
    const std::string_view rest = name.substr(i);
    bool known = false;
    for (const auto& [escape, c] : kEscapes) {
      if (!rest.starts_with(escape)) continue;
      plain += c;
      i += escape.size();
      known = true;
      break;
    }
    if (known) continue;
    const bool escape = rest.starts_with("$u") && rest.size() > 4 && rest[4] == '$';  // "$u7b$"
    const long letter = escape ? std::strtol(std::string(rest.substr(2, 2)).c_str(), nullptr, 16) : 0;
    if (letter >= ' ' && letter <= '~') {
      plain += static_cast<char>(letter);
      i += 5;
    } else if (rest.starts_with("..")) {
      plain += "::";
      i += 2;
    } else {
      plain += name[i++];
    }
  }
  return plain;
}

}  // namespace tailback
