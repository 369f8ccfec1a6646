// The time stamps that dumps print of themselves.
#pragma once

#include <cstdint>
#include <string_view>

namespace tailback::replay {

/// "2026-11-23 13:35:51", "2026-11-25T16:33:40.517525059Z", "2012/03/12 at 20:52:13": nanoseconds since the epoch. A time
/// without a zone is taken as UTC: the dump does not tell. 0 where `text` is no time.
[[nodiscard]] std::int64_t parse_wall_time(std::string_view text);

}  // namespace tailback::replay
