// The time stamps that loggers put before a line.
//
// Read by hand, because this runs for every line of a log; the calendar is Howard Hinnant's date. A time without a zone is
// taken as UTC: the log does not tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tailback::replay {

struct Timestamp {
  std::int64_t wall_ns = 0;
  std::size_t size = 0;    ///< of its text
  bool of_syslog = false;  ///< "Feb 11 09:31:50": a host and a program's name follow
};

class TimestampParser {
 public:
  /// `reference_wall_ns` (the file's modification, else now) is what a stamp without a year is at or shortly before.
  explicit TimestampParser(std::int64_t reference_wall_ns = 0) : reference_wall_ns_(reference_wall_ns) {}

  /// The stamp at the very beginning of `text`:
  ///   2020/02/11 09:31:50            Go's log                      2020-02-11T09:31:50.123456789Z     RFC 3339
  ///   2020-02-11 09:31:50,123        log4j, Python                 2020-02-11T09:31:50+0000           journald short-iso
  ///   Feb 11 09:31:50                syslog, journald short        Feb 11 09:31:50.123456
  [[nodiscard]] std::optional<Timestamp> at_begin(std::string_view text) const;

  /// glog's and klog's: month, day and time after the level's letter, "0211 09:31:50.123456".
  [[nodiscard]] std::optional<Timestamp> glog(std::string_view text) const;

 private:
  [[nodiscard]] std::optional<std::int64_t> without_year(unsigned month, unsigned day, std::int64_t time_of_day_ns) const;

  std::int64_t reference_wall_ns_;
};

/// "Tue Feb 11 09:31:50 2020", as ctime() and dmesg -T print it.
[[nodiscard]] std::optional<Timestamp> date_at_begin(std::string_view text);

/// The kernel's stamp "[  123.456789] ", seconds since the machine started, with the task or processor that printed the line where it
/// tells ("[  123.456789][  T979] ", "[  123.456789][    C3] ").
struct Uptime {
  std::int64_t mono_ns = 0;
  std::size_t size = 0;    ///< of its text, with one space behind it
};
[[nodiscard]] std::optional<Uptime> uptime_at_begin(std::string_view text);

}  // namespace tailback::replay
