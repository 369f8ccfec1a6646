#include "replay/sources/pt_pmp.h"

#include <algorithm>
#include <array>

#include "replay/sources/dump_builder.h"
#include "replay/sources/native_names.h"
#include "replay/sources/scan.h"
#include "runtime/symbols/rust_name.h"

namespace tailback::replay {
namespace {

/// A collapsed stack: how many threads, or which one, and the functions, innermost first.
struct Collapsed {
  std::uint64_t number = 0;      ///< of threads; with single colons (quickstack -s) the thread's id
  char separator = ',';
  std::string_view name;         ///< of the one thread
  std::string_view functions;    ///< none: a thread whose stack could not be read
};

/// Splits at `separator` outside brackets; "::" is no separator.
std::string_view take_function(std::string_view& list, char separator) {
  int depth = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '(' || c == '<' || c == '{') ++depth;
    if ((c == ')' || c == '>' || c == '}') && depth > 0) --depth;
    if (c != separator || depth != 0) continue;
    if (c == ':' && list.substr(i, 2) == "::") {
      ++i;
      continue;
    }
    const std::string_view function = list.substr(0, i);
    list.remove_prefix(i + 1);
    return function;
  }
  const std::string_view function = list;
  list = {};
  return function;
}

/// A function's name, not words of a sentence.
bool is_name(std::string_view name) {
  if (name.empty()) return false;
  int depth = 0;
  for (const char c : name) {
    if (c == '(' || c == '<') ++depth;
    if (c == ')' || c == '>') --depth;
    if (c == ' ' && depth <= 0) return name.starts_with("void ") || name.starts_with("operator ") || name.find("::operator ") != std::string_view::npos;
  }
  return name.find_first_not_of("0123456789.%") != std::string_view::npos;
}

/// Whether single colons stand between functions, as quickstack -s prints them; these are left in `text`, and a thread's name (-n) is cut off:
///     io worker        __poll:handle_connections:main
bool split_thread(std::string_view& text, std::string_view& name) {
  std::string_view functions = text;
  if (const std::size_t gap = text.rfind("  "); gap != std::string_view::npos) {
    functions = text.substr(gap + 2);
    name = trim(text.substr(0, gap));
  }
  std::string_view probe = functions;
  const std::string_view inner = take_function(probe, ':');
  if (probe.empty() || !is_name(inner) || !is_name(take_function(probe, ':'))) return false;
  text = functions;
  return true;
}

///     276 pthread_mutex_lock,open_table,open_tables,…         pt-pmp: uniq -c
///      12 futex_wait                                          pt-pmp --lines 1
/// 4711  __poll:handle_connections:main                        quickstack -s
std::optional<Collapsed> parse(std::string_view line) {
  Collapsed result;
  std::string_view rest = trim(line);
  const auto number = take_number(rest);
  if (!number || *number == 0 || !rest.starts_with(' ')) return std::nullopt;
  const bool two_spaces = rest.starts_with("  ");
  result.number = *number;
  result.functions = trim(rest);
  std::string_view probe = result.functions;
  const std::string_view first = take_function(probe, ',');
  if (!probe.empty()) return is_name(first) && is_name(trim(take_function(probe, ','))) ? std::optional(result) : std::nullopt;
  if (two_spaces && split_thread(result.functions, result.name)) {
    result.separator = ':';
    return result;
  }
  return is_name(result.functions) ? std::optional(result) : std::nullopt;
}

/// quickstack ends no line of which it has nothing to print: "4713  4714  __poll:main".
std::optional<std::uint64_t> take_unread_thread(std::string_view& text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (!number || !skip(rest, "  ")) return std::nullopt;
  std::string_view next = trim_front(rest);
  if (!take_number(next) || !next.starts_with("  ")) return std::nullopt;
  text = trim_front(rest);
  return number;
}

/// What quickstack says of its own work, beside the stacks.
bool is_quickstack_log(std::string_view line) {
  static constexpr std::array<std::string_view, 10> kBeginnings = {
      "Reading process symbols", "Gathering stack traces", "Printing stack traces", "Total Traced Time", "Average Traced Time", "Longest Traced LWP",
      "Attaching main process", "Detached main process", "No debug symbols found", "PID "};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(), [line](std::string_view b) { return line.starts_with(b); });
}

class PtPmpReader final : public LineReader {
 public:
  PtPmpReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "pt-pmp", Runtime::kNative) {}

  void line(const Line& line) override {
    std::string_view text = trim(line.text);
    while (const auto thread = take_unread_thread(text)) {
      if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
      ThreadRecord& record = builder_.begin_thread(std::to_string(*thread), line.number);
      record.quality = StackQuality::kMissing;
      record.absence_reason = builder_.table().intern("quickstack found no frame of it");
      builder_.end_thread();
    }
    const auto collapsed = parse(text);
    if (!collapsed) {
      if (is_quickstack_log(text)) return;
      // pt-pmp prints the date before each of its samples: "Tue Nov 24 13:35:51 UTC 2026".
      if (!trim(line.text).empty() && builder_.dump_has_threads()) builder_.end_dump();
      return;
    }
    if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
    const bool one_thread = collapsed->separator == ':';
    ThreadRecord& thread = one_thread ? builder_.begin_thread(std::to_string(collapsed->number), line.number)
                                         : builder_.begin_row(line.number);
    if (!collapsed->name.empty()) thread.name = builder_.table().intern(collapsed->name);
    if (!one_thread) thread.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(collapsed->number, UINT32_MAX));
    for (std::string_view list = collapsed->functions; !list.empty();) {
      builder_.frame(frame(trim(take_function(list, collapsed->separator))));
    }
    builder_.end_thread();
  }

  void finish() override { builder_.finish(); }

 private:
  /// "std::mutex::lock(std_mutex.h:100)", "std::thread::join(libstdc++.so.6)", "libstdc++::??(libstdc++.so.6)", "::??"
  FrameId frame(std::string_view name) {
    StackTable& table = builder_.table();
    Frame frame;
    if (const std::size_t open = name.rfind('('); open != std::string_view::npos && open > 0 && name.ends_with(')')) {
      const Place place = split_place(name.substr(open + 1, name.size() - open - 2));
      if (place.line != 0) {
        frame.file = table.intern(place.file);
        frame.line = place.line;
        name = name.substr(0, open);
      } else if (place.file.find(".so") != std::string_view::npos) {
        frame.module = table.intern(place.file);
        name = name.substr(0, open);
      }
    }
    if (!name.empty() && !name.starts_with("??") && !name.ends_with("::??")) frame.function = table.intern(readable_rust_name(function_name(name)));
    return table.intern(frame);
  }

  DumpBuilder builder_;
};

/// One function alone is a stack of pt-pmp --lines 1; of any other numbered list it is told by what threads wait in.
bool is_wait(std::string_view name) {
  for (const std::string_view word : {"futex", "pthread_", "lll_lock", "poll", "nanosleep", "select", "sigwait", "accept", "io_getevents"}) {
    if (name.find(word) != std::string_view::npos) return true;
  }
  return false;
}

Recognition recognise(std::string_view head) {
  int collapsed = 0, alone = 0, waits = 0, other = 0;
  while (!head.empty()) {
    std::string_view line = trim(take_line(head));
    if (line.empty() || is_quickstack_log(line)) continue;
    while (take_unread_thread(line)) {}
    std::string_view probe = line;
    const auto parsed = parse(line);
    if (parsed && parsed->functions.find(parsed->separator) != std::string_view::npos) ++collapsed;
    else if (parsed) ++alone, waits += is_wait(parsed->functions) ? 1 : 0;
    else if (!take_number(probe)) ++other;
  }
  if (collapsed >= 2 && collapsed > other) return {75, "lines of a count and a stack, \"276 pthread_mutex_lock,open_table\""};
  if (waits >= 2 && waits * 2 >= alone && alone > other) return {60, "lines of a count and a function that waits, \"12 futex_wait\""};
  return {0, "no lines of a count and functions"};
}

constexpr std::array kSigns = std::to_array<Sign>({{{}, Sign::Where::kNumberAtLineBegin}});

}  // namespace

const Format& pt_pmp_format() {
  static constexpr Format kFormat{
      "pt-pmp", "stacks collapsed to one line each: pt-pmp, quickstack -s", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<PtPmpReader>(options, sink); },
      nullptr, nullptr, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
