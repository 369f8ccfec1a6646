// Numbers, sizes, durations and times in words that people read, and the one form that programs read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/incident/stack_table.h"

namespace tailback::analyze {

/// "47,841".
[[nodiscard]] std::string with_separators(std::uint64_t number);
/// "20.1 GiB", "12 MiB", "512 B".
[[nodiscard]] std::string byte_text(double bytes);
/// "8 min 32 s", "1.5 s", "3 d 4 h"; two units at most. "?" for a negative one.
[[nodiscard]] std::string duration_text(std::int64_t ns);
/// A metric's value in its unit: "20.1 GiB", "47,905", "12.5 s", "83 %".
[[nodiscard]] std::string value_text(double value, std::string_view unit);
/// "99.9 %"; never "100.0 %" for less than all, nor "0.0 %" for more than none.
[[nodiscard]] std::string share_text(std::uint64_t part, std::uint64_t whole);
/// "+58/s", "+0.4/s", "+12/min", "-3/s".
[[nodiscard]] std::string rate_text(double per_second);

/// "2020-02-11T09:58:31Z", with milliseconds where there are any; empty for 0.
[[nodiscard]] std::string iso_time(std::int64_t wall_ns);
/// "2020-02-11 09:58:31"; empty for 0. UTC.
[[nodiscard]] std::string date_time_text(std::int64_t wall_ns);
/// "09:58:31"; empty for 0. UTC.
[[nodiscard]] std::string time_text(std::int64_t wall_ns);

/// "1 thread", "47,905 threads".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

/// "hashset.go:52", with the file as the source of the dump names it; empty when unknown.
[[nodiscard]] std::string place_text(const StackTable& table, const Frame& frame);

}  // namespace tailback::analyze
