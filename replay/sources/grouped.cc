#include "replay/sources/grouped.h"

#include <array>
#include <utility>

#include "replay/sources/dump_builder.h"
#include "replay/sources/grouped_header.h"
#include "replay/sources/line_memo.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

/// Go's words for what a goroutine waits for.
ThreadState go_state(std::string_view state) {
  if (state.starts_with("running") || state.starts_with("runnable")) return ThreadState::kRunning;
  if (state.starts_with("IO wait") || state.starts_with("syscall")) return ThreadState::kIo;
  if (state.starts_with("sleep")) return ThreadState::kSleeping;
  if (state.starts_with("dead")) return ThreadState::kDead;
  static constexpr std::array<std::string_view, 6> kIdle = {"idle", "GC ", "force gc", "finalizer wait", "timer goroutine", "debug call"};
  for (const std::string_view idle : kIdle) {
    if (state.starts_with(idle)) return ThreadState::kIdle;
  }
  return state.empty() ? ThreadState::kUnknown : ThreadState::kBlocked;
}

void begin_group(DumpBuilder& builder, const GroupedHeader& header, const Line& line) {
  if (!builder.dump_open()) builder.begin_dump(line.wall_ns);
  ThreadRecord& thread = header.id.empty() ? builder.begin_row(line.number) : builder.begin_thread(std::string(header.id), line.number);
  thread.count = header.count;
  thread.state = go_state(header.state);
  thread.state_text = builder.table().intern(header.state);
  thread.waited_ns = header.waited_ns;
  if (!header.created_by.empty()) thread.created_by = builder.table().intern(header.created_by);
}

/// "(*Mutex).lockSlow(*Mutex(#7))" → "(*Mutex).lockSlow": a receiver's brackets belong to the name, the argument list doesn't.
std::string_view without_arguments(std::string_view call) {
  if (!call.ends_with(')')) return call;
  int depth = 0;
  for (std::size_t i = call.size(); i-- > 0;) {
    if (call[i] == ')') ++depth;
    if (call[i] == '(' && --depth == 0) return call.substr(0, i);
  }
  return call;
}

/// Rows of a count and a state, then lines of package, place and call in columns:
///     119: semacquire [Created by main.main @ main.go:24]
///         sync  mutex.go:171 (*Mutex).lockSlow(*Mutex(#7))
/// Arguments are pseudonyms ("#7"), not addresses: they are not kept.
class PanicparseReader final : public LineReader {
 public:
  PanicparseReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "panicparse", Runtime::kGo) {}

  void line(const Line& line) override {
    const std::string_view text = line.text;
    if (const auto header = parse_panicparse_header(text)) {
      begin_group(builder_, *header, line);
      if (!verdict_.empty()) builder_.dump().statements.push_back(builder_.table().intern(std::exchange(verdict_, {})));
      return;
    }
    // panicparse passes on what stands before the goroutines: "fatal error: all goroutines are asleep - deadlock!"
    if (text.starts_with("fatal error: ") || text.starts_with("panic: ")) verdict_ = text;
    if (!builder_.thread_open()) return;
    if (text.starts_with("    ")) return frame_line(line, trim(text));
    // panicparse passes on what is not a goroutine, and goes on to the next dump.
    if (!trim(text).empty()) builder_.end_dump();
  }
  void finish() override { builder_.finish(); }

 private:
  void frame_line(const Line& line, std::string_view text) {
    if (text == "(...)") {
      builder_.thread().quality = StackQuality::kPartial;
      builder_.thread().absence_reason = builder_.table().intern("frames elided");
      return;
    }
    const FrameId frame = frames_.get(text, [this](std::string_view t) {
      const std::string_view package = take_until(t, " ");
      t = trim_front(t);
      const Place place = split_place(take_until(t, " "));
      t = trim_front(t);
      if (place.line == 0 || t.empty()) return FrameId{};
      StackTable& table = builder_.table();
      Frame parsed;
      parsed.function = table.intern(std::string(package).append(".").append(without_arguments(t)));
      parsed.file = table.intern(place.file);
      parsed.line = place.line;
      return table.intern(parsed);
    });
    if (frame) builder_.frame(frame);
    else builder_.diagnose(Severity::kInformation, line.number, "line within a stack that is no frame");
  }

  DumpBuilder builder_;
  LineMemo<FrameId> frames_;
  std::string verdict_;  ///< what the program said before the goroutines
};

/// A header with a count, then the stack as Go prints it:
///     48 goroutines [semacquire, 4 minutes]:
///     sync.runtime_SemacquireMutex(0xc0000b400c, 0x0, 0x1)
///             /usr/lib/go/src/runtime/sema.go:71 +0x47
class GroupedReader final : public LineReader {
 public:
  GroupedReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "grouped-goroutines", Runtime::kGo) {}

  void line(const Line& line) override {
    std::string_view text = trim(line.text);
    if (const auto header = parse_counted_header(text)) {
      flush();
      begin_group(builder_, *header, line);
    } else if (text.empty()) {
      flush();
      builder_.end_thread();
    } else if (builder_.thread_open()) {
      const bool place = is_space(line.text.front()) && split_place(text.substr(0, text.find(" +0x"))).line != 0;
      if (place) return place_line(text);
      flush();
      call_.assign(text);
    }
  }

  void finish() override {
    flush();
    builder_.finish();
  }

 private:
  void place_line(std::string_view text) {
    place_ = split_place(text.substr(0, text.find(" +0x")));
    flush();
  }

  void flush() {
    if (call_.empty()) return;
    StackTable& table = builder_.table();
    std::string_view call = call_;
    if (skip(call, "created by ")) {
      builder_.thread().created_by = table.intern(call.substr(0, call.find(" in goroutine ")));
    } else if (call.starts_with("...")) {
      builder_.thread().quality = StackQuality::kPartial;
      builder_.thread().absence_reason = table.intern("frames elided");
    } else {
      Frame frame;
      const std::string_view name = without_arguments(call);
      frame.function = table.intern(name);
      if (!place_.file.empty()) frame.file = table.intern(place_.file);
      frame.line = place_.line;
      if (call.size() > name.size()) add_arguments(call.substr(name.size() + 1, call.size() - name.size() - 2));
      builder_.frame(table.intern(frame));
    }
    place_ = {};
    call_.clear();
  }

  /// "0xc0000b400c, 0x0?, {0x1, 0x2}, ...": words of one goroutine of the group
  void add_arguments(std::string_view list) {
    for (std::uint8_t position = 0; !list.empty() && position < 0xff; ++position) {
      std::string_view word = trim(take_until(list, ","));
      while (skip(word, "{")) {
      }
      const auto value = take_hex(word);
      if (value) builder_.argument({*value, {}, static_cast<std::uint16_t>(builder_.frame_count()), position, word.starts_with('?')});
    }
  }

  DumpBuilder builder_;
  std::string call_;
  Place place_;   ///< points into the line being read
};

Recognition recognise_panicparse(std::string_view head) {
  int headers = 0, frames = 0;
  while (!head.empty()) {
    std::string_view line = take_line(head);
    if (parse_panicparse_header(line)) ++headers;
    if (!line.starts_with("    ")) continue;
    line = trim(line);
    (void)take_until(line, " ");
    line = trim_front(line);
    if (split_place(take_until(line, " ")).line != 0 && line.ends_with(')')) ++frames;
  }
  if (headers > 0 && frames > 0) return {85, "\"N: state\" followed by \"package file.go:12 function(…)\""};
  return {0, headers > 0 ? "\"N: state\", but no \"package file.go:12 function(…)\"" : "no \"N: state\" with panicparse's frames", headers > 0};
}

Recognition recognise_grouped(std::string_view head) {
  int counted = 0, places = 0;
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    const auto header = parse_counted_header(trim(line));
    // A plain "goroutine 12 [running]:" is an ungrouped dump.
    if (header && (header->count > 1 || header->id.empty() || line.find(" times:") != std::string_view::npos)) ++counted;
    if (line.find(".go:") != std::string_view::npos) ++places;
  }
  if (counted > 0 && places > 0) return {92, "goroutines with counts, \"48 goroutines [semacquire]\""};
  return {0, counted > 0 ? "goroutines with counts, but no frames" : "no \"N goroutines [state]\", no \"goroutine 1 [state]: N times\"", counted > 0};
}

constexpr std::array kPanicparseSigns = std::to_array<Sign>({{{}, Sign::Where::kNumberAtLineBegin}});
constexpr std::array kGroupedSigns = std::to_array<Sign>({{"goroutine "}, {"goroutines ["}});

}  // namespace

const Format& panicparse_format() {
  static constexpr Format kFormat{
      "panicparse", "goroutines as panicparse groups them", recognise_panicparse,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<PanicparseReader>(options, sink); },
      nullptr, nullptr, kPanicparseSigns};
  return kFormat;
}

const Format& grouped_goroutines_format() {
  static constexpr Format kFormat{
      "grouped-goroutines", "goroutines with counts: goroutine-inspect, \"48 goroutines [semacquire, 4 minutes]\"", recognise_grouped,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<GroupedReader>(options, sink); },
      nullptr, nullptr, kGroupedSigns};
  return kFormat;
}

}  // namespace tailback::replay
