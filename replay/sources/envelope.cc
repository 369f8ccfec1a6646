#include "replay/sources/envelope.h"

#include <array>
#include <cctype>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

bool is_level(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kLevels = {"TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "ERR", "FATAL", "CRITICAL", "SEVERE", "ALERT"};
  for (const std::string_view level : kLevels) {
    if (word == level) return true;
  }
  return false;
}

/// "main.go:12:" or "main.cc:12]": how long it is with the space behind it; 0: it is not there.
std::size_t place_size(std::string_view text) {
  const std::size_t end = text.find(' ');
  if (end == std::string_view::npos || end < 5 || (text[end - 1] != ':' && text[end - 1] != ']')) return 0;
  const Place place = split_place(text.substr(0, end - 1));
  const std::size_t dot = place.file.rfind('.');
  if (place.line == 0 || dot == std::string_view::npos || dot == 0 || place.file.size() - dot > 5 || place.file.find_first_of("([") != std::string_view::npos) return 0;
  return end + 1;
}

/// Where the bracket that `text` begins with is closed, with it; 0: nowhere near.
std::size_t group_size(std::string_view text, char close) {
  constexpr std::size_t kLongest = 160;
  const std::size_t end = text.substr(0, kLongest).find(close);
  return end == std::string_view::npos ? 0 : end + 1;
}

bool is_logger(std::string_view word) {
  for (const char c : word) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && std::string_view("._$-/[]@").find(c) == std::string_view::npos) return false;
  }
  return !word.empty();
}

/// Reads what a logger of Java's puts between the time and the message, word by word; it must have a level and a thread in brackets:
///   "INFO 4711 --- [main] c.a.Dumper   : ", "[main] INFO  com.acme.Dumper - ", "WARN  [main] com.acme.Dumper (Dumper.java:12) - ", "INFO  [org.jboss.as] (MSC 1-1) "
class JavaLogger {
 public:
  explicit JavaLogger(std::string_view text) : whole_(text), text_(text) {}

  /// How long it is; 0: it is none.
  std::size_t size() {
    if (whole_.find('[') == std::string_view::npos) return 0;
    while (step()) {}
    return end_;
  }

 private:
  bool ends(std::size_t with) {
    text_.remove_prefix(with);
    if (text_.starts_with(' ')) text_.remove_prefix(1);
    end_ = level_ && thread_ ? whole_.size() - text_.size() : 0;
    return false;
  }
  bool step() {
    text_ = trim_front(text_);
    if (text_.empty()) return false;
    if (text_.front() == '[' || text_.front() == '(') {
      const bool round = text_.front() == '(';
      const std::size_t size = group_size(text_, round ? ')' : ']');
      if (size == 0 || (size < text_.size() && text_[size] != ' ')) return false;  // "goroutine 39 [running]:"
      if (round && !logger_) return ends(size);
      thread_ = thread_ || !round;
      text_.remove_prefix(size);
      return true;
    }
    const std::string_view word = text_.substr(0, text_.find(' '));
    if (word == "-" || word == ":") return ends(1);
    const bool last = word.ends_with(':');
    if (is_level(word)) level_ = true;
    else if (word == "---" || word.find_first_not_of("0123456789") == std::string_view::npos) {}
    else if (logger_ || !is_logger(last ? word.substr(0, word.size() - 1) : word)) return false;
    else logger_ = true;
    if (last) return ends(word.size());
    text_.remove_prefix(word.size());
    return true;
  }

  std::string_view whole_, text_;
  bool level_ = false, thread_ = false, logger_ = false;
  std::size_t end_ = 0;
};

}  // namespace

Ident ident_at_begin(std::string_view text) {
  const std::size_t end = find_any<' ', ':', '['>(text);
  if (end == std::string_view::npos || end == 0 || text[end] == ' ') return {};
  Ident ident{text.substr(0, end), 0, end};
  if (text[end] == '[') {
    std::string_view rest = text.substr(end + 1);
    const auto pid = take_number(rest);
    if (!pid || !rest.starts_with("]:") || *pid > std::uint64_t{1} << 40) return {};
    ident.pid = static_cast<std::int64_t>(*pid);
    ident.size = static_cast<std::size_t>(rest.data() - text.data()) + 1;
    ident.name = text.substr(0, ident.size);
  }
  ++ident.size;  // the colon
  if (ident.size < text.size() && text[ident.size] != ' ') return {};
  if (ident.size < text.size()) ++ident.size;
  return ident;
}

std::size_t compose_size(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '-' || text[at] == '_' || text[at] == '.')) ++at;
  const std::size_t name = at;
  while (at < text.size() && text[at] == ' ') ++at;
  if (name == 0 || at == name || at >= text.size() || text[at] != '|') return 0;
  ++at;
  return at < text.size() && text[at] == ' ' ? at + 1 : at;
}

std::size_t line_number_size(std::string_view text) {
  std::string_view rest = trim_front(text);
  if (!take_number(rest)) return 0;
  if (rest.empty()) return text.size();
  if (rest.front() != '\t' && rest.front() != ' ' && rest.front() != ':') return 0;
  return text.size() - rest.size() + 1;
}

bool has_line_numbers(std::string_view head) {
  constexpr std::size_t kFewest = 5;
  std::size_t lines = 0, numbered = 0, follow = 0, alike = 0;
  std::uint64_t last = 0;
  std::string_view first_word;
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    if (line.empty() || head.empty()) continue;  // the last one may be cut
    ++lines;
    std::string_view rest = trim_front(line);
    const auto number = take_number(rest);
    if (!number || line_number_size(line) == 0) continue;
    if (last != 0 && *number == last + 1) ++follow;
    last = *number;
    rest = trim_front(rest);
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (numbered++ == 0) first_word = word;
    if (word == first_word) ++alike;
  }
  // The rows of a table, as of `info threads`, are of one kind; the lines of a dump never are.
  if (alike == numbered) return false;
  // Counts of collapsed stacks, however sorted, do not follow each other one by one.
  return numbered >= kFewest && numbered * 20 >= lines * 19 && follow * 5 >= numbered * 4;
}

std::string_view without_level_and_place(std::string_view text) {
  const std::string_view whole = text;
  if (const std::size_t logger = JavaLogger(text).size(); logger != 0) return text.substr(logger);
  std::string_view word = text.substr(0, text.find(' '));
  const std::size_t size = word.size();
  if (word.starts_with('[') && word.ends_with(']')) word = word.substr(1, word.size() - 2);
  else if (word.ends_with(':')) word.remove_suffix(1);
  if (size > 0 && size < text.size() && is_level(word)) {
    text.remove_prefix(size + 1);
    // "WARN  text": levels are padded to the longest.
    if (size == 4 && text.starts_with(' ')) text.remove_prefix(1);
  }
  text.remove_prefix(place_size(text));
  return text.empty() ? whole : text;
}

std::size_t timed_java_logger_size(std::string_view text) {
  constexpr std::string_view kForm = "00:00:00.000 ";
  if (text.size() <= kForm.size()) return 0;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool fits = kForm[i] == '0' ? is_digit(text[i]) : text[i] == kForm[i] || (kForm[i] == '.' && text[i] == ',');
    if (!fits) return 0;
  }
  const std::size_t logger = JavaLogger(text.substr(kForm.size())).size();
  return logger == 0 ? 0 : kForm.size() + logger;
}

}  // namespace tailback::replay
