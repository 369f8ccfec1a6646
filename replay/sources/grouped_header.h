// The headers of grouped goroutines.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tailback::replay {

struct GroupedHeader {
  std::uint32_t count = 0;
  std::string_view id;             ///< of the first goroutine, where told
  std::string_view state;          ///< "semacquire"
  std::int64_t waited_ns = -1;     ///< the longest, where a range is given
  bool locked_to_thread = false;
  std::string_view created_by;     ///< "main.main"
};

/// "119: semacquire [4~12 minutes] [locked] [Created by main.main @ main.go:24]"
[[nodiscard]] std::optional<GroupedHeader> parse_panicparse_header(std::string_view line);

/// "48 goroutines [semacquire, 4 minutes]:"         "goroutine 12 [semacquire, 4 minutes]: 48 times: [[12, 13, 14]"
[[nodiscard]] std::optional<GroupedHeader> parse_counted_header(std::string_view line);

}  // namespace tailback::replay
