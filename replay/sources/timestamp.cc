#include "replay/sources/timestamp.h"

#include <date/date.h>

#include <array>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

/// `count` digits as a number; -1 where there are fewer.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool is_at(std::string_view text, std::size_t at, char c) { return at < text.size() && text[at] == c; }

/// "09:31:50[.123456|,123]" at `at`, which moves behind it; nanoseconds since midnight, or -1.
std::int64_t time_of_day(std::string_view text, std::size_t& at) {
  const int hour = digits(text, at, 2), minute = digits(text, at + 3, 2), second = digits(text, at + 6, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || text[at + 2] != ':' || text[at + 5] != ':') return -1;
  at += 8;
  std::int64_t nanoseconds = 0;
  if (at + 1 < text.size() && (text[at] == '.' || text[at] == ',') && is_digit(text[at + 1])) {
    std::int64_t unit = kSecond / 10;
    for (++at; at < text.size() && is_digit(text[at]); ++at, unit /= 10) nanoseconds += unit * (text[at] - '0');
  }
  return ((hour * 60 + minute) * 60 + second) * kSecond + nanoseconds;
}

/// "Z", "+01:00", "-0700", " UTC", " +0100" at `at`, which moves behind it; what to subtract for UTC.
std::int64_t zone_ns(std::string_view text, std::size_t& at) {
  if (is_at(text, at, 'Z')) {
    ++at;
    return 0;
  }
  if (text.substr(at).starts_with(" UTC")) {
    at += 4;
    return 0;
  }
  const std::size_t sign = is_at(text, at, ' ') ? at + 1 : at;
  if (!is_at(text, sign, '+') && !is_at(text, sign, '-')) return 0;
  const int hours = digits(text, sign + 1, 2);
  const bool colon = is_at(text, sign + 3, ':');
  const int minutes = digits(text, sign + (colon ? 4 : 3), 2);
  if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59) return 0;
  at = sign + (colon ? 6 : 5);
  const std::int64_t offset = (hours * 60 + minutes) * 60 * kSecond;
  return text[sign] == '-' ? -offset : offset;
}

std::optional<std::int64_t> days_ns(int year, int month, int day) {
  // The range of nanoseconds in 64 bits, with room for a zone.
  if (year < 1970 || year > 2261) return std::nullopt;
  const date::year_month_day date{date::year(year), date::month(static_cast<unsigned>(month)), date::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::int64_t{date::sys_days(date).time_since_epoch().count()} * 86400 * kSecond;
}

/// 1 … 12 for "Jan" … "Dec", else 0.
unsigned month_of(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < 3) return 0;
  const std::size_t at = kMonths.find(text.substr(0, 3));
  return at == std::string_view::npos || at % 3 != 0 ? 0 : static_cast<unsigned>(at / 3 + 1);
}

bool is_weekday(std::string_view text) {
  static constexpr std::string_view kDays = "MonTueWedThuFriSatSun";
  const std::size_t at = text.size() < 3 ? std::string_view::npos : kDays.find(text.substr(0, 3));
  return at != std::string_view::npos && at % 3 == 0;
}

/// " CET": three to five capitals, and a blank behind them.
std::size_t zone_name_size(std::string_view text) {
  if (!is_at(text, 0, ' ')) return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] >= 'A' && text[at] <= 'Z') ++at;
  return at >= 4 && at <= 6 && is_at(text, at, ' ') ? at : 0;
}

/// "1581413510.123456 " as journalctl -o short-unix writes it
std::optional<Timestamp> unix_seconds(std::string_view text) {
  std::string_view rest = text;
  const auto seconds = take_number(rest);
  if (!seconds || text.size() - rest.size() != 10 || !skip(rest, ".")) return std::nullopt;
  std::int64_t nanoseconds = 0, unit = kSecond / 10;
  for (; !rest.empty() && is_digit(rest.front()) && unit > 0; rest.remove_prefix(1), unit /= 10) nanoseconds += unit * (rest.front() - '0');
  if (unit > kSecond / 10'000 || !rest.starts_with(' ')) return std::nullopt;
  return Timestamp{static_cast<std::int64_t>(*seconds) * kSecond + nanoseconds, text.size() - rest.size(), false};
}

}  // namespace

std::optional<std::int64_t> TimestampParser::without_year(unsigned month, unsigned day, std::int64_t time_of_day_ns) const {
  const auto reference = date::floor<date::days>(date::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(reference_wall_ns_)));
  const int year = static_cast<int>(date::year_month_day(reference).year());
  // A year back for December read in January, and back to a leap year for 29 February.
  for (int back = 0; back <= 4; ++back) {
    const auto date_ns = days_ns(year - back, static_cast<int>(month), static_cast<int>(day));
    if (date_ns && *date_ns + time_of_day_ns <= reference_wall_ns_ + 86400 * kSecond) return *date_ns + time_of_day_ns;
  }
  return std::nullopt;
}

std::optional<Timestamp> TimestampParser::at_begin(std::string_view text) const {
  if (text.size() < 15) return std::nullopt;
  if (is_digit(text[0]) && is_digit(text[4]) && is_digit(text[9])) return unix_seconds(text);
  if (!is_digit(text[0]) && is_digit(text[4]) && is_weekday(text) && text[3] == ' ') {
    // journalctl -o short-full: the zone may be the machine's own, which no date tells.
    auto stamp = at_begin(text.substr(4));
    if (!stamp || stamp->of_syslog) return std::nullopt;
    stamp->size += 4;
    stamp->size += zone_name_size(text.substr(stamp->size));
    return stamp;
  }
  if (is_digit(text[0])) {
    const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
    if (year < 0 || month < 0 || day < 0 || (text[4] != '-' && text[4] != '/') || text[7] != text[4]) return std::nullopt;
    if (!is_at(text, 10, ' ') && !is_at(text, 10, 'T')) return std::nullopt;
    std::size_t at = 11;
    const std::int64_t time = time_of_day(text, at);
    const auto date_ns = days_ns(year, month, day);
    if (time < 0 || !date_ns) return std::nullopt;
    const std::int64_t zone = zone_ns(text, at);
    return Timestamp{*date_ns + time - zone, at, false};
  }
  const unsigned month = month_of(text);
  if (month == 0 || text[3] != ' ') return std::nullopt;
  const int day = text[4] == ' ' ? digits(text, 5, 1) : digits(text, 4, 2);
  std::size_t at = 7;
  if (day < 1 || text[6] != ' ') return std::nullopt;
  const std::int64_t time = time_of_day(text, at);
  if (time < 0) return std::nullopt;
  const auto wall_ns = without_year(month, static_cast<unsigned>(day), time);
  if (!wall_ns) return std::nullopt;
  return Timestamp{*wall_ns, at, true};
}

std::optional<Timestamp> TimestampParser::glog(std::string_view text) const {
  const int month = digits(text, 0, 2), day = digits(text, 2, 2);
  if (month < 1 || month > 12 || day < 1 || !is_at(text, 4, ' ')) return std::nullopt;
  std::size_t at = 5;
  const std::int64_t time = text.size() < 13 ? -1 : time_of_day(text, at);
  if (time < 0) return std::nullopt;
  const auto wall_ns = without_year(static_cast<unsigned>(month), static_cast<unsigned>(day), time);
  if (!wall_ns) return std::nullopt;
  return Timestamp{*wall_ns, at, false};
}

std::optional<Timestamp> date_at_begin(std::string_view text) {
  constexpr std::size_t kSize = 24;
  if (text.size() < kSize || text[3] != ' ' || text[7] != ' ' || text[19] != ' ') return std::nullopt;
  if (!is_weekday(text)) return std::nullopt;
  const unsigned month = month_of(text.substr(4));
  const int day = text[8] == ' ' ? digits(text, 9, 1) : digits(text, 8, 2);
  std::size_t at = 11;
  const std::int64_t time = time_of_day(text, at);
  const int year = digits(text, 20, 4);
  if (month == 0 || day < 1 || time < 0 || at != 19 || year < 0) return std::nullopt;
  const auto date_ns = days_ns(year, static_cast<int>(month), day);
  if (!date_ns) return std::nullopt;
  return Timestamp{*date_ns + time, kSize, false};
}

std::optional<Uptime> uptime_at_begin(std::string_view text) {
  std::string_view rest = text;
  if (!skip(rest, "[")) return std::nullopt;
  rest = trim_front(rest);
  const auto seconds = take_number(rest);
  if (!seconds || *seconds > std::uint64_t{1} << 32 || !skip(rest, ".") || digits(rest, 0, 6) < 0 || !is_at(rest, 6, ']')) return std::nullopt;
  const std::int64_t microseconds = digits(rest, 0, 6);
  rest.remove_prefix(7);
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    const std::string_view caller = close == std::string_view::npos ? std::string_view() : trim_front(rest.substr(1, close - 1));
    if (caller.size() > 1 && (caller[0] == 'T' || caller[0] == 'C') && is_digit(caller[1])) rest.remove_prefix(close + 1);
  }
  (void)skip(rest, " ");
  return Uptime{static_cast<std::int64_t>(*seconds) * kSecond + microseconds * 1000, text.size() - rest.size()};
}

}  // namespace tailback::replay
