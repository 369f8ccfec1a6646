#include "replay/sources/go_lines.h"

#include <algorithm>
#include <array>
#include <utility>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

/// Cuts " (scan)", " (leaked)", " (durable)" off the state: what the collector did with it, not what it does.
std::string_view without_marks(std::string_view state, bool& leaked) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view mark : {" (scan)", " (leaked)", " (durable)"}) {
      if (!state.ends_with(mark)) continue;
      leaked = leaked || mark == " (leaked)";
      state.remove_suffix(mark.size());
      again = true;
    }
  }
  return state;
}

/// ", 2 minutes, locked to thread" behind the state.
void parse_details(std::string_view details, GoHeader& header) {
  while (!details.empty()) {
    std::string_view detail = trim(take_until(details, ","));
    if (detail == "locked to thread") header.locked_to_thread = true;
    std::string_view rest = detail;
    if (const auto minutes = take_number(rest); minutes && rest.starts_with(" minute") && *minutes < 1'000'000'000) {
      header.waited_ns = static_cast<std::int64_t>(*minutes) * kMinute;
    }
  }
}

}  // namespace

std::optional<GoHeader> parse_go_header(std::string_view text) {
  GoHeader header;
  if (!skip(text, "goroutine ")) return std::nullopt;
  const auto id = take_number(text);
  if (!id || !skip(text, " ")) return std::nullopt;
  header.id = *id;
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (!text.ends_with(':')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t open = text.find('[');
  if (open == std::string_view::npos) return std::nullopt;
  // Only "gp=0x… m=nil mp=0x…" may stand between.
  if (const std::string_view between = text.substr(0, open); !between.empty() && !between.starts_with("gp=") && !between.starts_with("m=")) return std::nullopt;
  text.remove_prefix(open + 1);
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view brackets = text.substr(0, close), labels = trim(text.substr(close + 1));
  if (!labels.empty()) {
    if (!labels.starts_with('{') || !labels.ends_with('}')) return std::nullopt;
    header.labels = labels.substr(1, labels.size() - 2);
  }
  header.state = without_marks(take_until(brackets, ","), header.leaked);
  parse_details(brackets, header);
  return header;
}

ThreadState go_state(std::string_view state) {
  struct Word {
    std::string_view text;
    ThreadState state;
  };
  static constexpr std::array kWords = std::to_array<Word>({
      {"running", ThreadState::kRunning},     {"runnable", ThreadState::kRunning},     {"preempted", ThreadState::kRunning},
      {"syscall", ThreadState::kIo},          {"IO wait", ThreadState::kIo},           {"sleep", ThreadState::kSleeping},
      {"idle", ThreadState::kIdle},           {"dead", ThreadState::kDead},            {"GC sweep wait", ThreadState::kIdle},
      {"GC scavenge wait", ThreadState::kIdle}, {"finalizer wait", ThreadState::kIdle}, {"cleanup wait", ThreadState::kIdle},
      {"timer goroutine (idle)", ThreadState::kIdle}, {"force gc (idle)", ThreadState::kIdle}, {"GC worker (idle)", ThreadState::kIdle},
      {"trace reader (blocked)", ThreadState::kIdle},
  });
  if (state.empty()) return ThreadState::kUnknown;
  for (const Word& word : kWords) {
    if (state == word.text) return word.state;
  }
  return ThreadState::kBlocked;
}

namespace {

/// What a character of a function's name is, a bit each. A table, because this runs for every frame.
enum NameCharacter : std::uint8_t { kOther = 1, kWord = 2, kDot = 4, kNever = 8 };
constexpr std::array<std::uint8_t, 256> kNameCharacters = [] {
  std::array<std::uint8_t, 256> kinds{};
  for (unsigned c = 0; c < 256; ++c) {
    kinds[c] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ? kWord : kOther;
  }
  kinds['.'] = kDot;
  for (const char c : std::string_view(" \t\"'=,;{}")) kinds[static_cast<unsigned char>(c)] = kNever;
  return kinds;
}();

}  // namespace

bool is_go_function(std::string_view name) {
  if (name.empty() || static_cast<unsigned char>(name.front()) <= ' ') return false;
  unsigned kinds = 0;
#pragma GCC unroll 8
  for (const char c : name) kinds |= kNameCharacters[static_cast<unsigned char>(c)];
  if ((kinds & kNever) != 0) return false;
  return (kinds & kDot) != 0 || kinds == kWord || name.find("\xc2\xb7") != std::string_view::npos;  // Go 1.3's middle dot
}

bool may_lack_pointers(std::string_view function) {
  for (std::size_t open = function.find('('); open != std::string_view::npos; open = function.find('(', open + 1)) {
    if (open > 0 && function[open - 1] == '.' && !function.substr(open + 1).starts_with('*')) return true;
  }
  return false;
}

std::string with_pointer_receivers(std::string_view function) {
  std::string text(function);
  for (std::size_t open = text.find(".("); open != std::string::npos; open = text.find(".(", open + 2)) {
    const std::size_t begin = open + 2, close = text.find(")", begin);
    if (close == std::string::npos || begin == close || text.compare(close, 2, ").") != 0) continue;
    // "(*T).(example.org/p.f)-fm" of old method values is a name in parentheses, not a receiver.
    const std::size_t type = text.find_first_of("./[", begin);
    if (text[begin] == '*' || (type < close && text[type] != '[')) continue;
    if (text[begin] == '_' && begin + 1 < close) text[begin] = '*';
    else text.insert(begin, 1, '*');
  }
  return text;
}

std::optional<GoCall> parse_go_call(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  if (!text.ends_with(')')) return std::nullopt;
  const std::size_t open = find_last(text, '(');  // no argument has parentheses
  if (open == std::string_view::npos || open == 0) return std::nullopt;
  return GoCall{text.substr(0, open), text.substr(open + 1, text.size() - open - 2)};
}

void parse_go_arguments(std::string_view arguments, std::uint16_t frame, std::vector<Argument>& into) {
  constexpr std::uint64_t kLowestPointer = 0x10000;
  unsigned position = 0;
  // Words are told by their "0x"; "...", "{" and "}" are passed over, and what is elided inside an aggregate takes no position.
  for (std::size_t at = 0; at < arguments.size() && position <= 255; ++at) {
    if (arguments[at] == '_') ++position;
    if (arguments[at] != '0') continue;
    std::string_view word = arguments.substr(at);
    const auto value = take_hex(word);
    if (!value) continue;
    if (*value >= kLowestPointer) into.push_back({*value, StringId{}, frame, static_cast<std::uint8_t>(position), word.starts_with('?')});
    ++position;
    at = arguments.size() - word.size() - 1;
  }
}

std::string_view place_without_registers(std::string_view text) {
  const std::size_t last = find_last(text, ' ');
  if (last == std::string_view::npos || !text.substr(last + 1).starts_with("pc=0x")) return text;
  const std::size_t registers = text.rfind(" fp=0x");
  return registers == std::string_view::npos ? text : text.substr(0, registers);
}

namespace {

/// "\t/go/src/x.go:71 +0x47", which is nearly every place, from its end on. False for any other, be it a place or not.
bool parse_common_place(std::string_view text, GoPlace& place) {
  const auto is_hex = [&](std::size_t at) { return kHexDigits[static_cast<unsigned char>(text[at])] != kNoHexDigit; };
  constexpr std::string_view kFile = ".go:", kOffset = " +0x";
  std::size_t end = text.size();
  while (end > 0 && is_hex(end - 1)) --end;
  if (end == text.size() || end < kOffset.size() || text.substr(end - kOffset.size(), kOffset.size()) != kOffset) return false;
  end -= kOffset.size();
  std::uint32_t line = 0;
  for (std::uint32_t unit = 1; end > 0 && unit < 1'000'000'000 && is_digit(text[end - 1]); unit *= 10) line += unit * static_cast<std::uint32_t>(text[--end] - '0');
  if (line == 0 || end <= 1 + kFile.size() || text.front() != '\t' || is_space(text[1]) || text.substr(end - kFile.size(), kFile.size()) != kFile) return false;
  place.file = text.substr(1, end - 2);
  place.line = line;
  return true;
}

bool parse_any_place(std::string_view text, GoPlace& place) {
  text = trim(text);
  place.inlined = true;
  // What stands behind the place is in its last words: "+0x47", "fp=0x… sp=0x… pc=0x…".
  for (std::size_t space; (space = find_last(text, ' ')) != std::string_view::npos; text = text.substr(0, space)) {
    std::string_view word = text.substr(space + 1);
    if (word.starts_with("fp=0x") || word.starts_with("sp=0x") || word.starts_with("pc=0x")) continue;
    if (!place.inlined || !skip(word, "+")) break;
    if (!take_hex(word) || !word.empty()) return false;
    place.inlined = false;
  }
  const Place split = split_place(text);
  if (split.line == 0 || split.file.empty()) return false;
  // "<autogenerated>:1", "_cgo_gotypes.go:12", "/go/src/x.s:40", "C:/go/x.go:1": a file's name has a dot or stands in <>.
  if (split.file.find('.') == std::string_view::npos && !split.file.starts_with('<') && split.file != "?" && split.file.find('/') == std::string_view::npos) return false;
  place.file = split.file;
  place.line = split.line;
  return true;
}

}  // namespace

std::optional<GoPlace> parse_go_place(std::string_view text) {
  std::optional<GoPlace> place(std::in_place);
  if (!parse_common_place(text, *place) && !parse_any_place(text, *place)) place.reset();
  return place;
}

std::optional<GoCreatedBy> parse_go_created_by(std::string_view text) {
  if (!skip(text, "created by ")) return std::nullopt;
  text = trim(text);
  if (const std::size_t in = text.find(" in goroutine "); in != std::string_view::npos) text = text.substr(0, in);
  if (!is_go_function(text)) return std::nullopt;
  return GoCreatedBy{text};
}

bool is_go_elision(std::string_view text) { return text.starts_with("...") && text.find("frames elided...") != std::string_view::npos; }

}  // namespace tailback::replay
