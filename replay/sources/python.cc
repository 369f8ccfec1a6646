#include "replay/sources/python.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <unordered_set>

#include "replay/sources/dump_builder.h"
#include "replay/sources/line_memo.h"
#include "replay/sources/scan.h"
#include "replay/sources/whole_text.h"

namespace tailback::replay {
namespace {

using Json = nlohmann::json;

/// Thread 0x00007f0925ffb6c0 (most recent call first):
/// Current thread 0x00007f0925ffb6c0 [MainThread] (most recent call first):
struct FaulthandlerHeader {
  std::string_view id, name;
  bool current = false;
};

std::optional<FaulthandlerHeader> parse_faulthandler(std::string_view line) {
  FaulthandlerHeader header;
  header.current = skip(line, "Current thread ");
  if (!header.current && !skip(line, "Thread ")) return std::nullopt;
  if (!line.starts_with("0x") || line.find("(most recent call first)") == std::string_view::npos) return std::nullopt;
  header.id = line.substr(0, std::min(line.find(' '), line.size()));
  line = trim_front(line.substr(header.id.size()));
  if (skip(line, "[")) header.name = take_until(line, "]");
  return header;
}

class FaulthandlerReader final : public LineReader {
 public:
  FaulthandlerReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "faulthandler", Runtime::kPython) {}

  void line(const Line& line) override {
    const std::string_view text = trim(line.text);
    if (text.starts_with("File \"")) return frame_line(line, text);
    if (const auto header = parse_faulthandler(text)) return thread_line(line, *header);
    if (text.starts_with("Fatal Python error: ") || text.starts_with("Timeout (")) {
      builder_.begin_dump(line.wall_ns);
      seen_.clear();
      builder_.dump().reason = builder_.table().intern(text);
    } else if (builder_.thread_open() && (text == "..." || text == "<truncated rest of calls>" || text == "<no Python frame>")) {
      builder_.thread().quality = text.front() == '<' && text[1] == 'n' ? StackQuality::kMissing : StackQuality::kPartial;
      builder_.thread().absence_reason = builder_.table().intern(text.front() == '.' ? "faulthandler prints 100 frames at most" : text);
    } else if (text.empty()) {
      builder_.end_thread();
    } else if (builder_.thread_open() && is_space(line.text.front())) {
      builder_.diagnose(Severity::kInformation, line.number, "line within a stack that is no frame");
    }
  }
  void finish() override { builder_.finish(); }

 private:
  void thread_line(const Line& line, const FaulthandlerHeader& header) {
    // dump_traceback_later(repeat=True) prints one dump after the other.
    if (!builder_.dump_open() || !seen_.insert(std::string(header.id)).second) {
      builder_.begin_dump(line.wall_ns);
      seen_ = {std::string(header.id)};
    }
    ThreadRecord& thread = builder_.begin_thread(std::string(header.id), line.number);
    if (!header.name.empty()) thread.name = builder_.table().intern(header.name);
    if (header.current) thread.state = ThreadState::kRunning;
  }

  /// File "/src/py/dl.py", line 13 in bystander
  void frame_line(const Line& line, std::string_view text) {
    if (!builder_.thread_open()) return builder_.diagnose(Severity::kDataLoss, line.number, "frame without its thread");
    builder_.frame(frames_.get(text, [this](std::string_view t) {
      StackTable& table = builder_.table();
      Frame frame;
      (void)skip(t, "File \"");
      frame.file = table.intern(take_until(t, "\", line "));
      frame.line = static_cast<std::uint32_t>(std::min<std::uint64_t>(take_number(t).value_or(0), UINT32_MAX));
      if (skip(t, " in ")) frame.function = table.intern(t);
      return table.intern(frame);
    }));
  }

  DumpBuilder builder_;
  LineMemo<FrameId> frames_;
  std::unordered_set<std::string> seen_;
};

/// py-spy tells whether a thread runs Python code, and which one holds the interpreter's lock.
void set_py_spy_state(DumpBuilder& builder, bool active, bool gil) {
  ThreadRecord& thread = builder.thread();
  thread.state = active ? ThreadState::kRunning : ThreadState::kBlocked;
  thread.state_text = builder.table().intern(gil ? "active+gil" : active ? "active" : "idle");
  if (gil) thread.label = builder.table().intern("holds the interpreter lock");
}

/// Process 42: python3 dl.py
/// Python v3.11.4 (/usr/bin/python3.11)
///
/// Thread 4711 (idle): "MainThread"
///     result (concurrent/futures/_base.py:451)
class PySpyReader final : public LineReader {
 public:
  PySpyReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "py-spy", Runtime::kPython) {}

  void line(const Line& line) override {
    std::string_view text = line.text;
    if (skip(text, "Process ")) {
      begin_dump(line);
      return;
    }
    if (skip(text, "Thread ") && text.find(" (") != std::string_view::npos) return thread_line(line, text);
    text = line.text;
    // Arguments and locals (-l) are indented further; frames by four.
    if (text.starts_with("    ") && text.size() > 4 && !is_space(text[4]) && builder_.thread_open()) return frame_line(line, trim(text));
  }
  void finish() override { builder_.finish(); }

 private:
  void begin_dump(const Line& line) {
    std::string_view text = line.text.substr(8);
    if (const auto pid = take_number(text); pid && builder_.info().pid == 0) builder_.info().pid = static_cast<std::int64_t>(*pid);
    if (skip(text, ": ") && builder_.info().command.empty()) builder_.info().command = text;
    builder_.begin_dump(line.wall_ns);
    seen_.clear();
  }

  void thread_line(const Line& line, std::string_view text) {
    const std::string_view id = take_until(text, " (");
    const std::string_view state = take_until(text, ")");
    if (!builder_.dump_open() || !seen_.insert(std::string(id)).second) {
      builder_.begin_dump(line.wall_ns);
      seen_ = {std::string(id)};
    }
    builder_.begin_thread(std::string(id), line.number);
    set_py_spy_state(builder_, state.starts_with("active"), state.find("gil") != std::string_view::npos);
    if (skip(text, ": \"")) {
      if (text.ends_with('"')) text.remove_suffix(1);
      builder_.thread().name = builder_.table().intern(text);
    }
  }

  /// "result (concurrent/futures/_base.py:451)"; a native frame has a library and no line: "read (libc.so.6)"
  void frame_line(const Line& line, std::string_view text) {
    if (!text.ends_with(')')) {
      if (text != "Arguments:" && text != "Locals:") builder_.diagnose(Severity::kInformation, line.number, "line within a stack that is no frame");
      return;
    }
    builder_.frame(frames_.get(text, [this](std::string_view t) {
      StackTable& table = builder_.table();
      Frame frame;
      const std::size_t open = t.rfind(" (");
      frame.function = table.intern(t.substr(0, open));
      if (open != std::string_view::npos) {
        const Place place = split_place(t.substr(open + 2, t.size() - open - 3));
        (place.line != 0 ? frame.file : frame.module) = table.intern(place.file);
        frame.line = place.line;
      }
      return table.intern(frame);
    }));
  }

  DumpBuilder builder_;
  LineMemo<FrameId> frames_;
  std::unordered_set<std::string> seen_;
};

/// One thread of `py-spy dump --json`: an array of objects with thread_id, thread_name, active, owns_gil, frames.
void emit_py_spy(DumpBuilder& builder, const Json& thread) {
  const auto text = [](const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const auto number = [](const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
  };
  const auto flag = [](const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_boolean() && at->get<bool>();
  };
  const std::int64_t os_id = number(thread, "os_thread_id");
  if (builder.info().pid == 0) builder.info().pid = number(thread, "pid");
  builder.begin_thread(std::to_string(os_id != 0 ? os_id : number(thread, "thread_id")), 0);
  if (const std::string name = text(thread, "thread_name"); !name.empty()) builder.thread().name = builder.table().intern(name);
  set_py_spy_state(builder, flag(thread, "active"), flag(thread, "owns_gil"));
  const auto frames = thread.find("frames");
  if (frames != thread.end() && frames->is_array()) {
    for (const Json& entry : *frames) {
      if (!entry.is_object()) continue;
      Frame frame;
      frame.function = builder.table().intern(text(entry, "name"));
      const std::int64_t line = number(entry, "line");
      const std::string file = text(entry, "filename");
      if (!file.empty()) frame.file = builder.table().intern(file);
      frame.line = line > 0 && line < UINT32_MAX ? static_cast<std::uint32_t>(line) : 0;
      builder.frame(builder.table().intern(frame));
    }
  }
  builder.end_thread();
}

class PySpyJsonReader final : public LineReader {
 public:
  PySpyJsonReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "py-spy", Runtime::kPython), whole_(options) {}

  void line(const Line& line) override {
    if (wall_ns_ == 0) wall_ns_ = line.wall_ns;
    whole_.append(line);
  }

  void finish() override {
    // Each thread is passed on as its object closes, so a file that is cut off yields what is before the cut.
    const Json::parser_callback_t each = [this](int depth, Json::parse_event_t event, Json& value) {
      if (event != Json::parse_event_t::object_end || depth != 1 || !value.is_object() || !value.contains("frames")) return depth < 24;
      if (builder_.info().pid == 0 && value.contains("pid") && value["pid"].is_number_integer()) builder_.info().pid = value["pid"].get<std::int64_t>();
      if (!builder_.dump_open()) builder_.begin_dump(wall_ns_);
      emit_py_spy(builder_, value);
      return false;
    };
    if (Json::parse(whole_.begin(), whole_.end(), each, false).is_discarded() && !Json::accept(whole_.begin(), whole_.end())) {
      builder_.diagnose(Severity::kDataLoss, 0, "JSON ends early or is damaged; what follows was not read");
    }
    whole_.diagnose([this](Severity severity, std::uint64_t line, const std::string& reason) { builder_.diagnose(severity, line, reason); });
    builder_.finish();
  }

 private:
  DumpBuilder builder_;
  WholeText whole_;
  std::int64_t wall_ns_ = 0;
};

Recognition recognise_faulthandler(std::string_view head) {
  bool header = false, frame = false;
  while (!head.empty()) {
    const std::string_view line = trim(take_line(head));
    header = header || parse_faulthandler(line);
    frame = frame || (line.starts_with("File \"") && line.find("\", line ") != std::string_view::npos && line.find(" in ") != std::string_view::npos);
  }
  if (header && frame) return {95, "\"Thread 0x… (most recent call first):\" and frames"};
  return {0, header ? "a thread's header, but no 'File \"…\", line N in …'" : "no \"Thread 0x… (most recent call first):\"", header};
}

Recognition recognise_py_spy(std::string_view head) {
  bool header = false, frame = false;
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    if (line.starts_with("Thread ")) {
      header = header || line.find(" (idle)") != std::string_view::npos || line.find(" (active") != std::string_view::npos;
    }
    frame = frame || (line.starts_with("    ") && line.ends_with(')') && line.find(" (") != std::string_view::npos);
  }
  if (header && frame) return {90, "\"Thread N (idle|active): …\" and frames"};
  return {0, header ? "\"Thread N (idle|active)\" but no frames" : "no \"Thread N (idle|active)\"", header};
}

Recognition recognise_py_spy_json(std::string_view head) {
  if (!trim_front(head.substr(0, 64)).starts_with('[')) return {0, "does not begin with '['"};
  if (!contains(head, "\"frames\"") || !contains(head, "\"owns_gil\"")) return {0, "JSON, but no \"frames\" and \"owns_gil\"", true};
  return {95, "an array of threads with \"frames\" and \"owns_gil\""};
}

template <class Reader>
std::unique_ptr<LineReader> open(const ReadOptions& options, EventSink& sink) {
  return std::make_unique<Reader>(options, sink);
}

constexpr std::array kFaulthandlerSigns = std::to_array<Sign>({{"(most recent call first)"}});
constexpr std::array kPySpySigns = std::to_array<Sign>({{"Thread ", Sign::Where::kLineBegin}});
constexpr std::array kPySpyJsonSigns = std::to_array<Sign>({{"[", Sign::Where::kLineBegin}});

}  // namespace

const Format& faulthandler_format() {
  static constexpr Format kFormat{"faulthandler", "Python's faulthandler", recognise_faulthandler, open<FaulthandlerReader>, nullptr,
                                  [](std::string_view line) { return parse_faulthandler(trim(line)).has_value(); }, kFaulthandlerSigns};
  return kFormat;
}

const Format& py_spy_format() {
  static constexpr Format kFormat{"py-spy", "py-spy dump", recognise_py_spy, open<PySpyReader>, nullptr, nullptr, kPySpySigns};
  return kFormat;
}

const Format& py_spy_json_format() {
  static constexpr Format kFormat{"py-spy-json", "py-spy dump --json", recognise_py_spy_json, open<PySpyJsonReader>, nullptr, nullptr, kPySpyJsonSigns};
  return kFormat;
}

}  // namespace tailback::replay
