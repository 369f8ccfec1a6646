#include "replay/sources/wall_time.h"

#include <string>

#include "replay/sources/timestamp.h"

namespace tailback::replay {

std::int64_t parse_wall_time(std::string_view text) {
  static const TimestampParser parser;
  // javacore's "2012/03/12 at 20:52:13"
  std::string plain(text.substr(0, 64));
  if (const std::size_t at = plain.find(" at "); at == 10) plain.erase(at, 3);
  const auto stamp = parser.at_begin(plain);
  return stamp && stamp->size == plain.size() ? stamp->wall_ns : 0;
}

}  // namespace tailback::replay
