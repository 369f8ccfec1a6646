#include "replay/sources/grouped_header.h"

#include <algorithm>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

std::uint32_t clamp_count(std::uint64_t count) { return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX)); }

/// "4 minutes", "4~12 minutes": the longest.
std::int64_t parse_minutes(std::string_view text) {
  auto minutes = take_number(text);
  if (minutes && skip(text, "~")) minutes = take_number(text);
  if (!minutes || !text.starts_with(" minute") || *minutes > 100'000'000) return -1;
  return static_cast<std::int64_t>(*minutes) * kMinute;
}

/// "semacquire, 4 minutes, locked to thread"
void parse_state(std::string_view text, GroupedHeader& header) {
  header.state = trim(take_until(text, ","));
  while (!text.empty()) {
    const std::string_view part = trim(take_until(text, ","));
    if (const std::int64_t waited = parse_minutes(part); waited >= 0) header.waited_ns = waited;
    if (part == "locked to thread") header.locked_to_thread = true;
  }
}

}  // namespace

std::optional<GroupedHeader> parse_panicparse_header(std::string_view line) {
  GroupedHeader header;
  const std::string_view number = line.substr(0, line.find(':'));
  const auto count = take_number(line);
  if (!count || *count == 0 || !skip(line, ": ")) return std::nullopt;
  header.count = clamp_count(*count);
  const std::size_t bracket = line.find(" [");
  header.state = trim(line.substr(0, bracket));
  // States are words: "chan receive (nil chan)", "IO wait". A log's "12: 34" is none.
  if (header.state.empty() || header.state.find_first_of("=/:;,\"") != std::string_view::npos || is_digit(header.state.front())) return std::nullopt;
  line.remove_prefix(bracket == std::string_view::npos ? line.size() : bracket);
  while (skip(line, " [")) {
    const std::string_view part = take_until(line, "]");
    std::string_view creator = part;
    if (skip(creator, "Created by ")) header.created_by = creator.substr(0, creator.find(" @ "));
    else if (part == "locked") header.locked_to_thread = true;
    else header.waited_ns = parse_minutes(part);
  }
  // "8: running [Created by main.main @ main.go:12] Race write @ 0xc0001bc030": of a race, each goroutine is shown by its number.
  if (line.starts_with(" Race ")) {
    header.id = number;
    header.count = 1;
  }
  return header;
}

std::optional<GroupedHeader> parse_counted_header(std::string_view line) {
  GroupedHeader header;
  if (skip(line, "goroutine ")) {
    header.id = line.substr(0, std::min(line.find(' '), line.size()));
    if (header.id.empty() || !is_digit(header.id.front())) return std::nullopt;
    const std::size_t open = line.find('['), close = line.find("]:");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
    parse_state(line.substr(open + 1, close - open - 1), header);
    line = trim_front(line.substr(close + 2));
    const auto times = take_number(line);
    header.count = times && *times != 0 && skip(line, " times:") ? clamp_count(*times) : 1;
    return header;
  }
  const auto count = take_number(line);
  if (!count || *count == 0 || !(skip(line, " goroutines [") || skip(line, " goroutine ["))) return std::nullopt;
  header.count = clamp_count(*count);
  const std::size_t close = line.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  parse_state(line.substr(0, close), header);
  return header;
}

}  // namespace tailback::replay
