#include "replay/sources/py_spy.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "replay/sources/dump_builder.h"
#include "replay/sources/line_memo.h"
#include "replay/sources/python.h"
#include "replay/sources/scan.h"
#include "replay/sources/whole_text.h"

namespace tailback::replay {
namespace {

using Json = nlohmann::json;

/// One process of the input: a recording of its own.
struct Process {
  Process(const ReadOptions& options, EventSink* sink) : builder(options, sink != nullptr ? *sink : collected, "py-spy", Runtime::kPython) {}
  RecordingCollector collected;  ///< what no sink was given for: a sink has one recording open at a time
  DumpBuilder builder;
  LineMemo<FrameId> frames;
};

/// The processes of an input (--subprocesses, dumps of several in one file). The first writes through, the others are collected.
class Processes {
 public:
  Processes(const ReadOptions& options, EventSink& sink) : options_(options), sink_(sink) {
    processes_.push_back(std::make_unique<Process>(options, &sink));
    current_ = processes_.front().get();
  }

  [[nodiscard]] Process& current() { return *current_; }

  /// Goes on with that process; 0: the text does not tell.
  Process& go_on_with(std::int64_t pid, std::string_view command) {
    RecordingInfo& first = processes_.front()->builder.info();
    if (first.pid == 0) first.pid = pid;
    auto known = std::find_if(processes_.begin(), processes_.end(), [pid](const auto& process) { return pid == 0 || process->builder.info().pid == pid; });
    if (known == processes_.end()) known = processes_.insert(known, std::make_unique<Process>(options_, nullptr));
    RecordingInfo& info = (*known)->builder.info();
    info.pid = pid;
    if (info.command.empty()) info.command = command;
    current_ = known->get();
    return *current_;
  }

  void finish() {
    for (const std::unique_ptr<Process>& process : processes_) {
      process->builder.finish();
      for (Recording& recording : process->collected.take()) forward_recording(std::move(recording), sink_);
    }
  }

 private:
  const ReadOptions& options_;
  EventSink& sink_;
  std::vector<std::unique_ptr<Process>> processes_;
  Process* current_ = nullptr;
};

/// py-spy tells whether a thread runs Python code, and which one holds the interpreter's lock.
void set_state(DumpBuilder& builder, bool active, bool gil) {
  ThreadRecord& thread = builder.thread();
  thread.state = active ? ThreadState::kRunning : ThreadState::kBlocked;
  thread.state_text = builder.table().intern(gil ? "active+gil" : active ? "active" : "idle");
  if (gil) thread.label = builder.table().intern("holds the interpreter lock");
}

/// Thread 4711 (idle): "MainThread"
/// Thread 0x7F8B2C (active+gil)
/// Thread (idle): "MainThread"              — without a number, as some versions print it
/// Thread 0x7F... (idle): "worker-1"        — shortened by hand: such a number tells no thread from another
struct Header {
  std::string_view id, state, name;
};

bool is_number(std::string_view text) {
  return !text.empty() && (take_hex(text) || take_number(text)) && text.empty();
}

std::optional<Header> parse_header(std::string_view text) {
  if (!skip(text, "Thread ")) return std::nullopt;
  Header header;
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos) return std::nullopt;
  header.id = trim(text.substr(0, open));
  text.remove_prefix(open + 1);
  header.state = take_until(text, ")");
  if (header.state != "idle" && !header.state.starts_with("active")) return std::nullopt;
  if (header.id.find(' ') != std::string_view::npos) return std::nullopt;
  if (skip(text, ": \"")) header.name = text.substr(0, std::min(text.rfind('"'), text.size()));
  if (!is_number(header.id)) header.id = {};
  return header;
}

/// "get (queue.py:180)              # timeout=2": what somebody wrote behind a frame's place is no part of it.
std::string_view without_remark(std::string_view text) {
  if (text.ends_with(')')) return text;
  for (std::size_t at = text.find(')'); at != std::string_view::npos; at = text.find(')', at + 1)) {
    const bool behind_a_place = at > 0 && is_digit(text[at - 1]) && split_place(text.substr(0, at)).line != 0;
    if (behind_a_place && at + 1 < text.size() && is_space(text[at + 1])) return text.substr(0, at + 1);
  }
  return text;
}

/// Process 42: python3 dl.py
/// Python v3.11.4 (/usr/bin/python3.11)
///
/// Thread 4711 (idle): "MainThread"
///     result (concurrent/futures/_base.py:451)
class PySpyReader final : public LineReader {
 public:
  PySpyReader(const ReadOptions& options, EventSink& sink) : processes_(options, sink) {}

  void line(const Line& line) override {
    const std::string_view text = trim(line.text);
    const std::size_t indent = static_cast<std::size_t>(text.data() - line.text.data());
    if (std::string_view rest = text; skip(rest, "Process ")) return process_line(line, rest);
    if (const auto header = parse_header(text)) {
      indent_ = indent;
      return thread_line(line, *header);
    }
    // Frames are indented by four from their thread; arguments and locals (-l) further.
    if (!text.empty() && indent == indent_ + 4 && builder().thread_open()) frame_line(line, text);
  }
  void finish() override { processes_.finish(); }

 private:
  [[nodiscard]] DumpBuilder& builder() { return processes_.current().builder; }

  /// 42: python3 dl.py
  void process_line(const Line& line, std::string_view text) {
    const auto pid = take_number(text);
    if (!pid || !text.starts_with(':')) return;
    builder().end_thread();
    processes_.go_on_with(static_cast<std::int64_t>(*pid), trim(text.substr(1)));
    begin_dump(line);
  }

  void begin_dump(const Line& line) {
    builder().begin_dump(line.wall_ns);
    seen_.clear();
  }

  void thread_line(const Line& line, const Header& header) {
    // Without a number nothing tells that a thread comes again but its name, and the main thread's alone is one thread's.
    const std::string_view self = !header.id.empty() ? header.id : header.name == "MainThread" ? header.name : std::string_view();
    if (!builder().dump_open() || seen_.contains(std::string(self))) begin_dump(line);
    if (!self.empty()) seen_.emplace(self);
    if (header.id.empty()) builder().begin_row(line.number);
    else builder().begin_thread(std::string(header.id), line.number);
    set_state(builder(), header.state.starts_with("active"), header.state.find("gil") != std::string_view::npos);
    if (!header.name.empty()) builder().thread().name = builder().table().intern(header.name);
  }

  /// "result (concurrent/futures/_base.py:451)"; a native frame has a library and no line: "read (libc.so.6)"
  void frame_line(const Line& line, std::string_view text) {
    if (skip(text, "...")) {
      builder().thread().quality = StackQuality::kPartial;
      builder().thread().absence_reason = builder().table().intern("frames left out of the text");
      text = trim_front(text);
      if (text.empty()) return;
    }
    text = without_remark(text);
    if (!text.ends_with(')')) return builder().diagnose(Severity::kInformation, line.number, "line within a stack that is no frame");
    builder().frame(processes_.current().frames.get(text, [this](std::string_view t) { return frame(t); }));
  }

  FrameId frame(std::string_view text) {
    StackTable& table = builder().table();
    Frame frame;
    const std::size_t open = text.rfind(" (");
    frame.function = table.intern(trim(text.substr(0, open)));
    if (open != std::string_view::npos) {
      const Place place = split_place(text.substr(open + 2, text.size() - open - 3));
      (place.line != 0 ? frame.file : frame.module) = table.intern(python_path(place.file));
      frame.line = place.line;
    }
    return table.intern(frame);
  }

  Processes processes_;
  std::unordered_set<std::string> seen_;  ///< threads of the open dump
  std::size_t indent_ = 0;                ///< of the thread's line
};

std::string text_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::int64_t number_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

bool flag_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

/// One thread of `py-spy dump --json`: an array of objects with thread_id, thread_name, active, owns_gil, frames.
void emit(DumpBuilder& builder, const Json& thread) {
  const std::int64_t os_id = number_of(thread, "os_thread_id");
  builder.begin_thread(std::to_string(os_id != 0 ? os_id : number_of(thread, "thread_id")), 0);
  if (const std::string name = text_of(thread, "thread_name"); !name.empty()) builder.thread().name = builder.table().intern(name);
  set_state(builder, flag_of(thread, "active"), flag_of(thread, "owns_gil"));
  const auto frames = thread.find("frames");
  if (frames != thread.end() && frames->is_array()) {
    for (const Json& entry : *frames) {
      if (!entry.is_object()) continue;
      Frame frame;
      frame.function = builder.table().intern(text_of(entry, "name"));
      const std::int64_t line = number_of(entry, "line");
      const std::string file = text_of(entry, "filename");
      if (!file.empty()) frame.file = builder.table().intern(python_path(file));
      frame.line = line > 0 && line < UINT32_MAX ? static_cast<std::uint32_t>(line) : 0;
      builder.frame(builder.table().intern(frame));
    }
  }
  builder.end_thread();
}

/// Arrays of threads, one after the other where dumps of several processes, or times, went to one file.
class PySpyJsonReader final : public LineReader {
 public:
  PySpyJsonReader(const ReadOptions& options, EventSink& sink) : options_(options), processes_(options, sink), whole_(std::make_unique<WholeText>(options)) {}

  void line(const Line& line) override {
    if (whole_->text().empty()) wall_ns_ = line.wall_ns;
    whole_->append(line);
    // An array ends, as py-spy lays it out, in a line of its own.
    if (line.text != "]") return;
    parse();
    whole_ = std::make_unique<WholeText>(options_);
  }

  void finish() override {
    if (!trim(whole_->text()).empty() && whole_->text() != "\n") parse();
    processes_.finish();
  }

 private:
  void parse() {
    Process* begun = nullptr;
    // Each thread is passed on as its object closes, so a file that is cut off yields what is before the cut.
    const Json::parser_callback_t each = [&](int depth, Json::parse_event_t event, Json& value) {
      if (event != Json::parse_event_t::object_end || depth != 1 || !value.is_object() || !value.contains("frames")) return depth < 24;
      const Process* before = std::exchange(begun, nullptr);
      begun = &processes_.go_on_with(number_of(value, "pid"), {});
      if (begun != before) begun->builder.begin_dump(wall_ns_);
      emit(begun->builder, value);
      return false;
    };
    if (Json::parse(whole_->begin(), whole_->end(), each, false).is_discarded() && !Json::accept(whole_->begin(), whole_->end())) {
      processes_.current().builder.diagnose(Severity::kDataLoss, 0, "JSON ends early or is damaged; what follows was not read");
    }
    whole_->diagnose([this](Severity severity, std::uint64_t line, const std::string& reason) { processes_.current().builder.diagnose(severity, line, reason); });
  }

  const ReadOptions& options_;
  Processes processes_;
  std::unique_ptr<WholeText> whole_;
  std::int64_t wall_ns_ = 0;
};

Recognition recognise_py_spy(std::string_view head) {
  bool header = false, frame = false;
  while (!head.empty()) {
    const std::string_view line = take_line(head), text = trim(line);
    header = header || parse_header(text).has_value();
    if (!header || !line.starts_with("    ")) continue;
    const std::string_view place = without_remark(text);
    frame = frame || (place.ends_with(')') && place.find(" (") != std::string_view::npos && !parse_header(text));
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

constexpr std::array kPySpySigns = std::to_array<Sign>({{"Thread ", Sign::Where::kLineBegin}});
constexpr std::array kPySpyJsonSigns = std::to_array<Sign>({{"[", Sign::Where::kLineBegin}});

}  // namespace

const Format& py_spy_format() {
  static constexpr Format kFormat{"py-spy", "py-spy dump", recognise_py_spy, open<PySpyReader>, nullptr, nullptr, kPySpySigns};
  return kFormat;
}

const Format& py_spy_json_format() {
  static constexpr Format kFormat{"py-spy-json", "py-spy dump --json", recognise_py_spy_json, open<PySpyJsonReader>, nullptr, nullptr, kPySpyJsonSigns};
  return kFormat;
}

}  // namespace tailback::replay
