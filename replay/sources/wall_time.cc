#include "replay/sources/wall_time.h"

#include <date/date.h>

#include <array>
#include <chrono>
#include <istream>
#include <sstream>
#include <string>

namespace tailback::replay {

std::int64_t parse_wall_time(std::string_view text) {
  // Most lines are no time; they are not worth a stream.
  if (text.size() < 19 || text.size() > 40 || text[0] < '1' || text[0] > '2' || (text[4] != '-' && text[4] != '/')) return 0;
  static constexpr std::array<const char*, 5> kForms = {"%F %T", "%FT%TZ", "%FT%T%Ez", "%Y/%m/%d at %H:%M:%S", "%FT%T"};
  for (const char* form : kForms) {
    std::istringstream in{std::string(text)};
    date::sys_time<std::chrono::nanoseconds> time;
    in >> date::parse(form, time);
    if (in.fail() || in.peek() != std::istream::traits_type::eof()) continue;
    return time.time_since_epoch().count();
  }
  return 0;
}

}  // namespace tailback::replay
