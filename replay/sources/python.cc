#include "replay/sources/python.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "replay/sources/dump_builder.h"
#include "replay/sources/line_memo.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

/// Thread 0x00007f0925ffb6c0 (most recent call first):
/// Current thread 0x00007f0925ffb6c0 [MainThread] (most recent call first):
/// Stack (most recent call first):           — one thread alone (all_threads=False): the one that asked
struct FaulthandlerHeader {
  std::string_view id, name;
  bool current = false;
};

std::optional<FaulthandlerHeader> parse_faulthandler(std::string_view line) {
  FaulthandlerHeader header;
  if (line == "Stack (most recent call first):") {
    header.current = true;
    return header;
  }
  header.current = skip(line, "Current thread ");
  if (!header.current && !skip(line, "Thread ")) return std::nullopt;
  if (!line.starts_with("0x") || line.find("(most recent call first)") == std::string_view::npos) return std::nullopt;
  header.id = line.substr(0, std::min(line.find(' '), line.size()));
  line = trim_front(line.substr(header.id.size()));
  if (skip(line, "[")) header.name = take_until(line, "]");
  return header;
}

/// What faulthandler says before the threads, wherever in its line a test's progress has put it: why it prints them.
struct Cause {
  std::string_view text;
  bool fatal = false;
};

Cause parse_cause(std::string_view text) {
  for (const std::string_view fatal : {"Fatal Python error: ", "Windows fatal exception: "}) {
    if (const std::size_t at = text.find(fatal); at != std::string_view::npos) return {text.substr(at), true};
  }
  const std::size_t timeout = text.ends_with(")!") ? text.rfind("Timeout (") : std::string_view::npos;
  return {timeout == std::string_view::npos ? std::string_view() : text.substr(timeout), false};
}

class FaulthandlerReader final : public LineReader {
 public:
  FaulthandlerReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "faulthandler", Runtime::kPython) {}

  void line(const Line& line) override {
    const std::string_view text = trim(line.text);
    if (text.starts_with("File \"")) return frame_line(line, text);
    if (const auto header = parse_faulthandler(text)) return thread_line(line, *header);
    if (const Cause cause = parse_cause(text); !cause.text.empty()) return begin_dump(line, cause);
    if (text.empty()) return builder_.end_thread();
    if (text.starts_with("Current thread's C stack trace")) {
      builder_.end_thread();
      return builder_.diagnose(Severity::kInformation, line.number, "the C stack of the current thread, which does not say where Python's frames belong");
    }
    if (builder_.thread_open() && (is_space(line.text.front()) || text.front() == '<')) remark_line(line, text);
  }
  void finish() override { builder_.finish(); }

 private:
  void begin_dump(const Line& line, const Cause& cause) {
    builder_.begin_dump(line.wall_ns);
    seen_.clear();
    builder_.dump().reason = builder_.table().intern(cause.text);
    if (cause.fatal) builder_.dump().statements.push_back(builder_.dump().reason);
  }

  void thread_line(const Line& line, const FaulthandlerHeader& header) {
    // dump_traceback_later(repeat=True) prints one dump after the other; so does each call that prints its own thread alone.
    const bool alone = header.id.empty();
    if (!builder_.dump_open() || (alone ? builder_.dump_has_threads() : !seen_.insert(std::string(header.id)).second)) {
      builder_.begin_dump(line.wall_ns);
      seen_ = {std::string(header.id)};
    }
    ThreadRecord& thread = alone ? builder_.begin_row(line.number) : builder_.begin_thread(std::string(header.id), line.number);
    if (!header.name.empty()) thread.name = builder_.table().intern(header.name);
    if (header.current) thread.state = ThreadState::kRunning;
  }

  /// "...", "<truncated rest of calls>", "<no Python frame>", "Garbage-collecting"
  void remark_line(const Line& line, std::string_view text) {
    ThreadRecord& thread = builder_.thread();
    if (text == "..." || (text.front() == '<' && text.back() == '>')) {
      thread.quality = text.front() == '<' && builder_.frame_count() == 0 ? StackQuality::kMissing : StackQuality::kPartial;
      thread.absence_reason = builder_.table().intern(text.front() == '.' ? "faulthandler prints 100 frames at most" : text);
    } else if (text == "Garbage-collecting") {
      thread.label = builder_.table().intern("collects garbage");
    } else {
      builder_.diagnose(Severity::kInformation, line.number, "line within a stack that is no frame");
    }
  }

  /// File "/src/py/dl.py", line 13 in bystander; "line ???" where it could not be told
  void frame_line(const Line& line, std::string_view text) {
    if (!builder_.thread_open()) return builder_.diagnose(Severity::kDataLoss, line.number, "frame without its thread");
    builder_.frame(frames_.get(text, [this](std::string_view t) {
      StackTable& table = builder_.table();
      Frame frame;
      (void)skip(t, "File \"");
      frame.file = table.intern(python_path(take_until(t, "\", line ")));
      if (!skip(t, "???")) frame.line = static_cast<std::uint32_t>(std::min<std::uint64_t>(take_number(t).value_or(0), UINT32_MAX));
      if (skip(t, " in ")) frame.function = table.intern(t);
      return table.intern(frame);
    }));
  }

  DumpBuilder builder_;
  LineMemo<FrameId> frames_;
  std::unordered_set<std::string> seen_;
};

Recognition recognise_faulthandler(std::string_view head) {
  bool header = false, frame = false;
  while (!head.empty()) {
    const std::string_view line = trim(take_line(head));
    header = header || parse_faulthandler(line);
    frame = frame || (line.starts_with("File \"") && line.find("\", line ") != std::string_view::npos && line.find(" in ") != std::string_view::npos);
  }
  if (header && frame) return {95, "\"Thread 0x… (most recent call first):\" and frames"};
  return {0, header ? "a thread's header, but no 'File \"…\", line N in …'" : "no \"Thread 0x… (most recent call first):\", no \"Stack (most recent call first):\"", header};
}

template <class Reader>
std::unique_ptr<LineReader> open(const ReadOptions& options, EventSink& sink) {
  return std::make_unique<Reader>(options, sink);
}

constexpr std::array kFaulthandlerSigns = std::to_array<Sign>({{"(most recent call first)"}});

}  // namespace

const Format& faulthandler_format() {
  static constexpr Format kFormat{"faulthandler", "Python's faulthandler", recognise_faulthandler, open<FaulthandlerReader>, nullptr,
                                  [](std::string_view line) { return parse_faulthandler(trim(line)).has_value(); }, kFaulthandlerSigns};
  return kFormat;
}

}  // namespace tailback::replay
