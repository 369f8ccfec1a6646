#include "replay/sources/go_log.h"

#include <algorithm>
#include <array>

#include "replay/sources/dump_builder.h"
#include "replay/sources/go_dumps.h"
#include "replay/sources/go_lines.h"
#include "replay/sources/go_profile.h"
#include "replay/sources/recent_texts.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

/// The reader's states, each with the line that it expects.
enum class State : std::uint8_t {
  /// Between goroutines: any line of a log, or "goroutine 39 [running]:" → kCall.
  kOutside,
  /// "main.(*HashSet).AddOne(0xc0000b4008)" → kPlace; "created by net/rpc.(*Server).ServeCodec" → kCreatorsPlace; "" → kOutside;
  /// "[originating from goroutine 1]:" → kAncestor; "...65 frames elided...".
  kCall,
  /// "\t/go/src/segmentd/main.go:41 +0x3e" → kCall.
  kPlace,
  /// The place of "created by", which is not kept → kCall.
  kCreatorsPlace,
  /// The calls of the goroutine that started this one (GODEBUG=tracebackancestors): not its stack, passed over until "" → kOutside.
  kAncestor,
};

class GoLogReader final : public LineReader {
 public:
  GoLogReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "go-log", Runtime::kGo), dumps_(builder_), profile_(builder_) {}

  void line(const Line& line) override;
  void finish() override;

 private:
  struct KnownPlace {
    StringId file;
    std::uint32_t line = 0;
    bool inlined = false, valid = false;
  };

  std::string_view without_prefix(std::string_view text);
  bool learn_prefix(std::string_view text);
  void outside(const Line& line, std::string_view text);
  void call(const Line& line, std::string_view text);
  void place(const Line& line, std::string_view text);
  StringId function_of(std::string_view name);
  StringId file(std::string_view name);
  void drop_go_wrapper(const GoPlace& created_at);
  bool try_call(std::string_view text);
  bool join_wrapped(const Line& line, std::string_view text);
  void header(const Line& line, const GoHeader& header);
  void close_frame(const KnownPlace& place);
  void end_goroutine();
  void end_dump();
  void partial(std::string_view reason);

  // Go up to 1.20 prints this many frames and then, of a parked goroutine, nothing to say that there were more.
  static constexpr std::size_t kMostFramesPrinted = 100;

  DumpBuilder builder_;
  GoDumps dumps_;
  GoProfileLines profile_;
  State state_ = State::kOutside;
  RecentTexts<KnownPlace> places_;
  RecentTexts<StringId> functions_;
  StringId last_file_;
  StringId function_;                ///< of the call whose place is awaited
  std::vector<Argument> arguments_;
  std::string prefix_;               ///< of an unknown logger, before every line of the dump
  std::string wrapped_;              ///< the beginning of a line that a terminal or an editor has broken
  std::uint64_t last_line_ = 0;
  bool elided_ = false;
};

void GoLogReader::line(const Line& line) {
  last_line_ = line.number;
  std::string_view text = line.text;
  if (!prefix_.empty()) text = without_prefix(text);
  if (profile_.open()) {
    if (profile_.line(text, line.number)) return;
    end_dump();
  }
  switch (state_) {
    case State::kOutside: return outside(line, text);
    case State::kCall: return call(line, text);
    case State::kPlace: return place(line, text);
    case State::kCreatorsPlace:
      state_ = State::kCall;
      if (const auto created_at = parse_go_place(text)) return drop_go_wrapper(*created_at);
      return call(line, text);
    case State::kAncestor:
      if (trim(text).empty()) return end_goroutine();
      if (text.starts_with("goroutine ")) return outside(line, text);
      return;
  }
}

void GoLogReader::finish() {
  if (!wrapped_.empty()) builder_.diagnose(Severity::kDataLoss, last_line_, "a line broken in two whose end is missing");
  if (state_ == State::kPlace) {
    close_frame({});
    partial("the input ends within this stack");
    builder_.diagnose(Severity::kDataLoss, last_line_, "the input ends within a goroutine's stack");
  }
  dumps_.finish();
  end_dump();
  builder_.finish();
}

/// The prefix that a logger put before every line, as learnt from a header: the same text, with other digits.
std::string_view GoLogReader::without_prefix(std::string_view text) {
  if (text.size() < prefix_.size()) return text;
  for (std::size_t i = 0; i < prefix_.size(); ++i) {
    if (text[i] != prefix_[i] && !(is_digit(text[i]) && is_digit(prefix_[i]))) return text;
  }
  return text.substr(prefix_.size());
}

/// "web-7 app: goroutine 39 [running]:": something that nobody knows stands before the header.
bool GoLogReader::learn_prefix(std::string_view text) {
  if (!text.ends_with("]:") && !text.ends_with("}:")) return false;
  const std::size_t at = text.find("goroutine ");
  if (at == std::string_view::npos || at == 0 || at > 256 || !parse_go_header(text.substr(at))) return false;
  prefix_ = text.substr(0, at);
  return true;
}

void GoLogReader::outside(const Line& line, std::string_view text) {
  if (join_wrapped(line, text)) return;
  if (text.starts_with("goroutine ")) {
    if (const auto parsed = parse_go_header(text)) return header(line, *parsed);
    if (profile_.begins(text)) {
      end_dump();
      dumps_.begin(line);
      profile_.line(text, line.number);
      return;
    }
    if (text.find('[') != std::string_view::npos && text.find(']') == std::string_view::npos && text.size() > 20) wrapped_ = text;
    else (void)dumps_.log_line(line, text);
    return;
  }
  if (text.empty()) return;
  if (dumps_.log_line(line, text)) return;
  if ((text.front() == '\t' || text.front() == ' ' || text.front() == '/') && text.find(".go:") != std::string_view::npos && parse_go_place(text)) {
    return builder_.diagnose(Severity::kDataLoss, line.number, "a frame that belongs to no goroutine");
  }
  if (learn_prefix(text)) return outside(line, text.substr(prefix_.size()));
  dumps_.end_at_mark(line, text);
}

void GoLogReader::header(const Line& line, const GoHeader& header) {
  end_goroutine();
  dumps_.before_goroutine(line, header);
  Dump& dump = builder_.dump();
  if (dump.wall_ns == 0) dump.wall_ns = line.wall_ns;
  ThreadRecord& thread = builder_.begin_thread(std::to_string(header.id), line.number);
  StackTable& table = builder_.table();
  thread.state = go_state(header.state);
  thread.state_text = table.intern(header.state);
  thread.waited_ns = header.waited_ns;
  if (header.locked_to_thread || header.leaked || !header.labels.empty()) {
    std::string label(header.labels);
    if (header.locked_to_thread) label.append(label.empty() ? "" : ", ").append("locked to thread");
    if (header.leaked) label.append(label.empty() ? "" : ", ").append("leaked");
    thread.label = table.intern(label);
  }
  state_ = State::kCall;
}

void GoLogReader::call(const Line& line, std::string_view text) {
  if (join_wrapped(line, text)) return;
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  if (text.empty()) return end_goroutine();
  if (text.front() == 'g' && text.starts_with("goroutine ")) return outside(line, text);
  if (text.front() == 'c' && text.starts_with("created by ")) {
    if (const auto created = parse_go_created_by(text)) {
      builder_.thread().created_by = function_of(created->function);
      state_ = State::kCreatorsPlace;
      return;
    }
  }
  if (text.front() == '.' && is_go_elision(text)) {
    elided_ = true;
    return partial(text);
  }
  if (text.front() == '[' && text.starts_with("[originating from goroutine ")) {
    state_ = State::kAncestor;
    return;
  }
  if (trim_front(text).starts_with("goroutine running on other thread") && text.find("stack unavailable") != std::string_view::npos) {
    ThreadRecord& thread = builder_.thread();
    thread.quality = StackQuality::kMissing;
    thread.absence_reason = builder_.table().intern("running on another thread; stack unavailable");
    return;
  }
  if (try_call(text)) {
    state_ = State::kPlace;
    return;
  }
  const std::string_view unindented = trim_front(text);
  if (unindented.size() != text.size() && try_call(unindented)) {  // pasted with an indentation
    state_ = State::kPlace;
    return;
  }
  if (line.timed) {
    builder_.diagnose(Severity::kInformation, line.number, "log line between the frames of a goroutine");
    return;
  }
  if (text.starts_with("panic: ") || text.starts_with("fatal error: ") || text.starts_with("exit status ") || text.starts_with("rax ") || text.starts_with("=== ")) {
    end_goroutine();
    return outside(line, text);
  }
  const std::size_t open = text.rfind('(');
  if (open != std::string_view::npos && text.find(')', open) == std::string_view::npos && is_go_function(text.substr(0, open)) && text.size() > 40) {
    wrapped_ = text;
    return;
  }
  builder_.diagnose(parse_go_place(text) ? Severity::kDataLoss : Severity::kInformation, line.number,
                    parse_go_place(text) ? "a place without its function" : "line that is no frame within a goroutine's stack");
}

/// What the compiler wraps the call of a go statement in is shown beside the runtime's own frames alone, and is nobody's code:
///
///     net/http.Get({0xc00001e108?, 0x0?})
///     main.main.func2()                       since Go 1.22: main.main.gowrap2
///         /src/main.go:54 +0x2a               the line of the go statement
///     runtime.goexit()
///     created by main.main
///         /src/main.go:54 +0xb4
void GoLogReader::drop_go_wrapper(const GoPlace& created_at) {
  std::vector<FrameId>& frames = builder_.frames();
  const StackTable& table = builder_.table();
  const std::size_t size = frames.size();
  if (size < 3 || table.function(frames[size - 1]) != "runtime.goexit" || table.function(frames[size - 3]).starts_with("runtime.")) return;
  const Frame& wrapper = table.frame(frames[size - 2]);
  const std::string_view creator = table.text(builder_.thread().created_by), function = table.function(frames[size - 2]);
  if (wrapper.line != created_at.line || table.text(wrapper.file) != created_at.file || !function.starts_with(creator)) return;
  const std::string_view rest = function.substr(creator.size());
  if (rest.starts_with(".func") || rest.starts_with(".gowrap")) frames.erase(frames.end() - 2);
}

bool GoLogReader::try_call(std::string_view text) {
  const auto parsed = parse_go_call(text);
  if (!parsed) return false;
  const StringId function = functions_.get(parsed->function, [&](std::string_view name, StringId& id) {
    if (is_go_function(name)) id = function_of(name);
  });
  if (!function) return false;
  function_ = function;
  arguments_.clear();
  if (parsed->arguments.size() >= 3) parse_go_arguments(parsed->arguments, static_cast<std::uint16_t>(std::min<std::size_t>(builder_.frame_count(), 0xffff)), arguments_);
  return true;
}

void GoLogReader::place(const Line& line, std::string_view text) {
  if (!wrapped_.empty() && !line.timed) {
    wrapped_.append(text);
    const std::string joined = std::exchange(wrapped_, {});
    return place(line, joined);
  }
  // fp=, sp= and pc= differ from goroutine to goroutine at one place.
  const KnownPlace& known = places_.get(place_without_registers(text), [&](std::string_view whole, KnownPlace& parsed) {
    const auto place = parse_go_place(whole);
    if (place) parsed = {file(place->file), place->line, place->inlined, true};
  });
  if (known.valid) {
    close_frame(known);
    state_ = State::kCall;
    return;
  }
  if (line.timed) {
    builder_.diagnose(Severity::kInformation, line.number, "log line between the frames of a goroutine");
    return;
  }
  if ((text.starts_with('\t') || text.starts_with("    ")) && text.size() > 40) {  // broken in the middle of the path
    wrapped_ = text;
    return;
  }
  close_frame({});
  builder_.diagnose(Severity::kDataLoss, line.number, "a frame without its place");
  state_ = State::kCall;
  call(line, text);
}

StringId GoLogReader::function_of(std::string_view name) {
  return may_lack_pointers(name) ? builder_.table().intern(with_pointer_receivers(name)) : builder_.table().intern(name);
}

/// Calls of one file often follow each other.
StringId GoLogReader::file(std::string_view name) {
  StackTable& table = builder_.table();
  if (!last_file_ || table.text(last_file_) != name) last_file_ = table.intern(name);
  return last_file_;
}

void GoLogReader::close_frame(const KnownPlace& place) {
  Frame frame;
  frame.function = function_;
  frame.file = place.file;
  frame.line = place.line;
  frame.inlined = place.inlined;
  builder_.frame(builder_.table().intern(frame));
  for (const Argument& argument : arguments_) builder_.argument(argument);
  arguments_.clear();
}

/// Puts a broken line together again. True when `text` was used up.
bool GoLogReader::join_wrapped(const Line& line, std::string_view text) {
  constexpr std::size_t kMostBytes = 16 << 10;
  if (wrapped_.empty()) return false;
  if (line.timed) return false;
  std::string joined = std::exchange(wrapped_, {});
  joined.append(text);
  if (state_ == State::kOutside) {
    if (const auto parsed = parse_go_header(joined)) {
      header(line, *parsed);
      return true;
    }
  } else if (try_call(joined)) {
    state_ = State::kPlace;
    return true;
  } else if (joined.size() < kMostBytes && !text.empty() && text.find('(') == std::string_view::npos && text.starts_with("0x")) {
    wrapped_ = std::move(joined);
    return true;
  }
  builder_.diagnose(Severity::kDataLoss, line.number, "a line broken in two whose end is missing");
  return false;
}

void GoLogReader::partial(std::string_view reason) {
  if (!builder_.thread_open()) return;
  builder_.thread().quality = StackQuality::kPartial;
  builder_.thread().absence_reason = builder_.table().intern(reason);
}

void GoLogReader::end_goroutine() {
  if (state_ == State::kPlace) close_frame({});
  if (builder_.thread_open() && !elided_ && builder_.frame_count() == kMostFramesPrinted) partial("100 frames, the most that this Go prints: outer ones may be missing");
  elided_ = false;
  wrapped_.clear();
  builder_.end_thread();
  state_ = State::kOutside;
}

void GoLogReader::end_dump() {
  end_goroutine();
  profile_.finish();
  dumps_.end();
}

Recognition recognise(std::string_view head) {
  std::size_t headers = 0;
  for (std::size_t at = head.find("goroutine "); at != std::string_view::npos; at = head.find("goroutine ", at + 1)) {
    const std::string_view rest = head.substr(at, 512);
    if (parse_go_header(rest.substr(0, rest.find_first_of("\r\n")))) ++headers;
    if (headers == 2) break;
  }
  if (headers > 0) return {headers > 1 ? 95 : 90, "\"goroutine N [state]:\""};
  if (head.find("goroutine profile: total ") != std::string_view::npos) return {80, "\"goroutine profile: total N\""};
  return {0, "no \"goroutine N [state]:\""};
}

constexpr std::array kSigns = std::to_array<Sign>({{"goroutine "}});

}  // namespace

const Format& go_log_format() {
  static constexpr Format kFormat{
      "go-log", "Go tracebacks and the log around them: runtime.Stack, pprof debug=2, SIGQUIT, panics", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<GoLogReader>(options, sink); },
      nullptr, [](std::string_view line) { return line.starts_with("goroutine ") && parse_go_header(line).has_value(); }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
