#include "runtime/trigger/trigger.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "runtime/metrics/metric_names.h"

namespace tailback {
namespace {

enum class UnitClass : std::uint8_t { kBytes, kSeconds };

struct Unit {
  std::string_view word;
  UnitClass unit_class;
  double factor;  ///< to the base unit
};

constexpr double kKibi = 1024.0;
constexpr std::array kUnits = std::to_array<Unit>({
    {"B", UnitClass::kBytes, 1},
    {"kB", UnitClass::kBytes, 1e3},
    {"KB", UnitClass::kBytes, 1e3},
    {"MB", UnitClass::kBytes, 1e6},
    {"GB", UnitClass::kBytes, 1e9},
    {"TB", UnitClass::kBytes, 1e12},
    {"KiB", UnitClass::kBytes, kKibi},
    {"MiB", UnitClass::kBytes, kKibi* kKibi},
    {"GiB", UnitClass::kBytes, kKibi* kKibi* kKibi},
    {"TiB", UnitClass::kBytes, kKibi* kKibi* kKibi* kKibi},
    {"ns", UnitClass::kSeconds, 1e-9},
    {"us", UnitClass::kSeconds, 1e-6},
    {"ms", UnitClass::kSeconds, 1e-3},
    {"s", UnitClass::kSeconds, 1},
    {"m", UnitClass::kSeconds, 60},
    {"h", UnitClass::kSeconds, 3600},
    {"d", UnitClass::kSeconds, 86400},
});

// Longer than any service lives; keeps nanoseconds far from overflow.
constexpr double kLongestSeconds = 10.0 * 365 * 86400;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == ':'; }

const Unit* find_unit(std::string_view word) {
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), [word](const Unit& unit) { return unit.word == word; });
  return found == kUnits.end() ? nullptr : &*found;
}

std::string_view class_unit(UnitClass unit_class) { return unit_class == UnitClass::kBytes ? "bytes" : "seconds"; }

/// A text from outside, fit for one line of a message.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string out(text.substr(0, kMost));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  if (text.size() > kMost) out += "…";
  return out;
}

// Recursive descent over one trigger. The first thing that does not fit ends it: `column_` and `message_` say where and why, and
// every function that can fail returns false from then on.
class Reader {
 public:
  Reader(std::string_view whole, std::size_t begin, std::size_t end) : text_(whole.substr(0, end)), at_(begin) {}

  bool read(Trigger& trigger) {
    skip_space();
    const std::size_t begin = at_;
    if (!metric(trigger)) return false;
    const bool short_for_deadlock = trigger.metric == "deadlock" && (at_end() || peek_word() == "for");
    if (!short_for_deadlock && !(comparison(trigger) && threshold(trigger))) return false;
    if (!hold(trigger)) return false;
    skip_space();
    if (at_ < text_.size()) return fail(at_, "expected the end or 'for', found '" + shown(text_.substr(at_)) + "'");
    trigger.text = std::string(text_.substr(begin));
    while (!trigger.text.empty() && is_space(trigger.text.back())) trigger.text.pop_back();
    return true;
  }

  /// The whole text as a time.
  bool read_duration(std::chrono::nanoseconds& duration) {
    return time(duration, "a time such as 30s") && (at_end() || expected("the end"));
  }

  [[nodiscard]] std::size_t column() const { return column_; }
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool at_end() {
    skip_space();
    return at_ >= text_.size();
  }
  std::string_view peek_word() {
    skip_space();
    std::size_t end = at_;
    if (end < text_.size() && is_letter(text_[end])) {
      while (end < text_.size() && is_word(text_[end])) ++end;
    }
    return text_.substr(at_, end - at_);
  }
  bool take(std::string_view token) {
    skip_space();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  bool take_word(std::string_view word) {
    if (peek_word() != word) return false;
    at_ += word.size();
    return true;
  }
  bool fail(std::size_t at, std::string message) {
    column_ = at + 1;
    message_ = std::move(message);
    return false;
  }
  bool expected(std::string_view what) {
    skip_space();
    const std::string found = at_ >= text_.size() ? "the end" : "'" + shown(text_.substr(at_)) + "'";
    return fail(at_, "expected " + std::string(what) + ", found " + found);
  }

  // metric := NAME | "rate(" NAME ")" | "predicted(" NAME ")"
  bool metric(Trigger& trigger) {
    std::string_view word = peek_word();
    if (word.empty()) return expected("the name of a metric, such as threads or rss");
    if (word == "for" || word == "of" || word == "limit") return expected("the name of a metric");
    at_ += word.size();
    if ((word == "rate" || word == "predicted") && take("(")) {
      trigger.derivation = word == "rate" ? Derivation::kRate : Derivation::kPredicted;
      word = peek_word();
      if (word.empty()) return expected("the name of a metric");
      at_ += word.size();
      if (!take(")")) return expected("')'");
    }
    trigger.metric = std::string(word);
    known_ = find_known_metric(word);
    return true;
  }

  bool comparison(Trigger& trigger) {
    if (take(">=")) {
      trigger.comparison = Comparison::kAtLeast;
    } else if (take("<=")) {
      trigger.comparison = Comparison::kAtMost;
    } else if (take(">")) {
      trigger.comparison = Comparison::kAbove;
    } else if (take("<")) {
      trigger.comparison = Comparison::kBelow;
    } else {
      return expected("a comparison (> >= < <=)");
    }
    return true;
  }

  // threshold := NUMBER [UNIT] ["/" TIME] | [NUMBER "%" "of"] LIMIT ["-" NUMBER [UNIT]]
  bool threshold(Trigger& trigger) {
    if (!peek_word().empty()) {
      trigger.fraction = 1;
      return limit(trigger) && reserve(trigger);
    }
    const std::size_t begin = (skip_space(), at_);
    double number = 0;
    if (!read_number(number, "a number or 'limit'")) return false;
    if (take("%")) {
      if (number < 0 || number > 1e6) return fail(begin, "a share must be between 0 % and 1000000 %");
      if (take_word("of")) {
        trigger.fraction = number / 100;
        return limit(trigger) && reserve(trigger);
      }
      if (known_ != nullptr && known_->unit != "ratio") return expected("'of limit' after a share of " + trigger.metric);
      trigger.offset = number / 100;
      return true;
    }
    trigger.offset = number;
    return unit(trigger.offset) && per_time(trigger);
  }

  // LIMIT := "limit" | NAME
  bool limit(Trigger& trigger) {
    const std::string_view word = peek_word();
    if (word.empty() || word == "of" || word == "for") return expected("'limit' or the name of a metric");
    if (trigger.derivation == Derivation::kRate) return fail(at_, "a rate has no limit; compare it with a number");
    if (word != "limit") {
      trigger.limit_metric = std::string(word);
    } else if (known_ == nullptr || known_->limit.empty()) {
      return fail(at_, shown(trigger.metric) + " has no limit of its own; name the metric that limits it");
    } else {
      trigger.limit_metric = std::string(known_->limit);
    }
    at_ += word.size();
    return true;
  }

  bool reserve(Trigger& trigger) {
    if (!take("-")) return true;
    double number = 0;
    if (!read_number(number, "a number after '-'") || !unit(number)) return false;
    trigger.offset = -number;
    return true;
  }

  bool read_number(double& number, std::string_view what) {
    skip_space();
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    const std::size_t sign = begin != end && *begin == '-' ? 1 : 0;
    // from_chars would take "inf" and "nan" too.
    if (begin + sign == end || !(is_digit(begin[sign]) || begin[sign] == '.')) return expected(what);
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error == std::errc::result_out_of_range || (error == std::errc{} && !std::isfinite(number))) {
      return fail(at_, "the number is too large");
    }
    if (error != std::errc{}) return expected(what);
    at_ += static_cast<std::size_t>(stop - begin);
    return true;
  }

  bool unit(double& number) {
    const std::string_view word = peek_word();
    if (word.empty() || word == "for") return true;
    const Unit* const found = find_unit(word);
    if (found == nullptr) return fail(at_, "'" + shown(word) + "' is no unit (B kB MB GB TB KiB MiB GiB TiB, ns us ms s m h d)");
    if (known_ != nullptr && known_->unit != class_unit(found->unit_class)) {
      return fail(at_, std::string(known_->name) + " is in " + std::string(known_->unit) + ", '" + shown(word) + "' is a unit of " +
                           std::string(class_unit(found->unit_class)));
    }
    at_ += word.size();
    number *= found->factor;
    return true;
  }

  bool per_time(Trigger& trigger) {
    if (!take("/")) return true;
    if (trigger.derivation != Derivation::kRate) return fail(at_ - 1, "only a rate is compared with a number per time");
    const Unit* const found = find_unit(peek_word());
    if (found == nullptr || found->unit_class != UnitClass::kSeconds) return expected("a unit of time after '/'");
    at_ += found->word.size();
    trigger.offset /= found->factor;
    return true;
  }

  bool hold(Trigger& trigger) { return !take_word("for") || time(trigger.duration, "a time after 'for', such as 30s"); }

  bool time(std::chrono::nanoseconds& duration, std::string_view what) {
    const std::size_t begin = (skip_space(), at_);
    double number = 0;
    if (!read_number(number, what)) return false;
    const Unit* const found = find_unit(peek_word());
    if (found == nullptr || found->unit_class != UnitClass::kSeconds) return expected("a unit of time (ns us ms s m h d)");
    at_ += found->word.size();
    const double seconds = number * found->factor;
    if (seconds < 0 || seconds > kLongestSeconds) return fail(begin, "the time must be between 0 and ten years");
    duration = std::chrono::nanoseconds(std::llround(seconds * 1e9));
    return true;
  }

  std::string_view text_;
  std::size_t at_;
  const KnownMetric* known_ = nullptr;
  std::size_t column_ = 0;
  std::string message_;
};

// `deadlock` alone leaves the defaults of Trigger: above 0.
Result<Trigger> parse_range(std::string_view whole, std::size_t begin, std::size_t end, TriggerProblem* problem) {
  Trigger trigger;
  Reader reader(whole, begin, end);
  if (reader.read(trigger)) return trigger;
  if (problem != nullptr) problem->column = reader.column();
  return Error{ErrorCode::kInvalidArgument, "column " + std::to_string(reader.column()) + ": " + reader.message(),
               "trigger '" + shown(whole) + "'"};
}

}  // namespace

Result<Trigger> parse_trigger(std::string_view text, TriggerProblem* problem) {
  return parse_range(text, 0, text.size(), problem);
}

Result<std::vector<Trigger>> parse_triggers(std::string_view text, TriggerProblem* problem) {
  std::vector<Trigger> triggers;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(";\n", begin), text.size());
    const std::string_view one = text.substr(begin, end - begin);
    if (!std::all_of(one.begin(), one.end(), is_space)) {
      Result<Trigger> trigger = parse_range(text, begin, end, problem);
      if (!trigger) return trigger.error();
      triggers.push_back(*std::move(trigger));
    }
    begin = end + 1;
  }
  return triggers;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  std::chrono::nanoseconds duration{0};
  Reader reader(text, 0, text.size());
  if (reader.read_duration(duration)) return duration;
  return Error{ErrorCode::kInvalidArgument, "column " + std::to_string(reader.column()) + ": " + reader.message(), "time '" + shown(text) + "'"};
}

std::string point_at(std::string_view text, std::size_t column, std::string_view message) {
  // Of several lines only the one that the column is in; tabs stay, so that the caret stands below its character.
  const std::size_t at = std::min(column == 0 ? 0 : column - 1, text.size());
  const std::size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t end = std::min(text.find('\n', at), text.size());
  std::string out(message);
  out += "\n  ";
  for (const char c : text.substr(begin, end - begin)) out += c != '\t' && static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  out += "\n  ";
  for (const char c : text.substr(begin, at - begin)) {
    // Bytes that continue a UTF-8 character take no room of their own.
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) out += c == '\t' ? '\t' : ' ';
  }
  return out + '^';
}

std::string_view default_triggers() { return "threads > 1000; heap_in_use > 1GiB; rss > 80% of limit; deadlock"; }

}  // namespace tailback
