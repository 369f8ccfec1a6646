#include "replay/sources/gdb.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "replay/sources/dump_builder.h"
#include "replay/sources/gdb_frame.h"
#include "replay/sources/line_memo.h"
#include "replay/sources/native_names.h"
#include "replay/sources/recent_texts.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

/// Thread 11 (Thread 0x7fa7f9e146c0 (LWP 608266) "dl_nodbg"):
/// Thread 83 (Thread 0x40b4c940 (LWP 14526)):      Thread 1 (LWP 4711):      Thread 3.1 (process 12):
struct ThreadHeader {
  std::string_view id;    ///< the LWP or process where told, else gdb's own number
  std::string_view name;
};

std::string_view digits_at(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  return text.substr(0, size);
}

/// Id and name out of gdb's description of a thread; leaves `text` behind the description.
///     Thread 0x7f882ef0c440 (LWP 69917) "a"
ThreadHeader take_target(std::string_view& text) {
  ThreadHeader header;
  for (const std::string_view word : {"LWP ", "process ", "Thread "}) {
    const std::size_t at = text.find(word);
    if (at == std::string_view::npos || at > 64) continue;
    const std::string_view digits = digits_at(text.substr(at + word.size()));
    if (digits.empty() || text.substr(at + word.size()).starts_with("0x")) continue;
    header.id = digits;
    text.remove_prefix(at + word.size() + digits.size());
    break;
  }
  (void)skip(text, ")");
  text = trim_front(text);
  if (skip(text, "\"")) header.name = take_until(text, "\"");
  return header;
}

std::optional<ThreadHeader> parse_header(std::string_view line) {
  if (!skip(line, "Thread ") || line.empty() || !is_digit(line.front()) || !line.ends_with(':')) return std::nullopt;
  std::size_t end = 0;
  while (end < line.size() && (is_digit(line[end]) || line[end] == '.')) ++end;
  if (line.substr(end, 2) != " (") return std::nullopt;
  const std::string_view number = line.substr(0, end);
  std::string_view target = line.substr(end + 2);
  ThreadHeader header = take_target(target);
  if (header.id.empty()) header.id = number;
  return header;
}

/// A frame line is unfinished while a bracket is open outside a string.
bool is_open(std::string_view frame) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < frame.size(); ++i) {
    if (frame[i] == '\\' && quoted) ++i;
    else if (frame[i] == '"') quoted = !quoted;
    else if (!quoted && frame[i] == '(') ++depth;
    else if (!quoted && frame[i] == ')') --depth;
  }
  return depth > 0 || quoted;
}

/// What gdb prints between stacks and is no loss.
bool is_chatter(std::string_view line) {
  static constexpr std::array<std::string_view, 24> kBeginnings = {
      "[New ", "[Thread ", "[Switching ", "[Inferior ", "[Current ", "[Detaching", "[Attaching", "Using host ", "warning: ",
      "Backtrace stopped", "(More stack", "No locals", "No symbol", "(gdb)", "Reading ", "done.", "--Type ", "---Type ",
      "0x", "Attaching ", "Detaching ", "A debugging session", "Quit", "$"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(), [line](std::string_view b) { return line.starts_with(b); });
}

class GdbReader final : public LineReader {
 public:
  GdbReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "gdb", Runtime::kNative) {}

  void line(const Line& line) override;
  void finish() override {
    end_dump();
    builder_.finish();
  }

 private:
  /// A row of `info threads`, kept until the dump ends: it counts only where no stack of that thread was printed.
  struct Listed {
    std::string id, name, frame;
    std::uint64_t line;
  };

  void frame_line(const Line& line);
  void thread_line(const Line& line, const ThreadHeader& header);
  void listed_line(const Line& line);
  void other_line(const Line& line);
  void flush_frame();
  void end_dump();

  DumpBuilder builder_;
  RecentTexts<GdbFrame, 9> innermost_, callers_;
  LineMemo<Argument> guards_;
  std::string pending_;            ///< the frame being read, behind its number; it may go on on the next line
  bool has_pending_ = false, pending_innermost_ = false;
  bool in_list_ = false;           ///< within the table of `info threads`
  std::uint64_t last_line_ = 0;
  std::unordered_set<std::string> seen_;  ///< threads of the open dump
  std::vector<Listed> listed_;
};

void GdbReader::line(const Line& line) {
  last_line_ = line.number;
  const std::string_view text = line.text;
  if (text.empty()) {
    flush_frame();
    builder_.end_thread();
    in_list_ = false;
  } else if (text.front() == '#' && text.size() > 1 && is_digit(text[1])) {
    frame_line(line);
  } else if (text.front() == 'T') {
    if (const auto header = parse_header(trim(text))) thread_line(line, *header);
    else other_line(line);
  } else {
    other_line(line);
  }
}

void GdbReader::frame_line(const Line& line) {
  flush_frame();
  std::string_view text = line.text.substr(1);
  const std::string_view digits = digits_at(text);
  text = trim_front(text.substr(digits.size()));
  // `bt` of one thread has no header; a new #0 without one begins another thread. quickstack counts from #01.
  const bool first = digits.find_first_not_of('0') == std::string_view::npos || (digits == "01" && builder_.frame_count() == 0);
  if (!builder_.thread_open() || (first && builder_.frame_count() > 0)) {
    if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
    if (!first) builder_.diagnose(Severity::kDataLoss, line.number, "stack without its beginning");
    builder_.begin_thread(std::to_string(builder_.dump().threads.size() + 1), line.number);
  }
  pending_.assign(text);
  has_pending_ = true;
  pending_innermost_ = builder_.frame_count() == 0;
}

void GdbReader::thread_line(const Line& line, const ThreadHeader& header) {
  flush_frame();
  in_list_ = false;
  // The same thread once more: the next dump of the same file.
  if (seen_.contains(std::string(header.id))) end_dump();
  if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
  ThreadRecord& thread = builder_.begin_thread(std::string(header.id), line.number);
  if (!header.name.empty()) thread.name = builder_.table().intern(header.name);
  seen_.insert(std::string(header.id));
}

/// * 1    Thread 0x7f882ef0c440 (LWP 69917) "a" __futex_abstimed_wait_common64 (private=128, …) at ./nptl/futex-internal.c:57
void GdbReader::listed_line(const Line& line) {
  std::string_view text = line.text.substr(1);
  text = trim_front(text);
  const std::string_view number = digits_at(text);
  text = trim_front(text.substr(number.size()));
  const ThreadHeader target = take_target(text);
  if (number.empty() || target.id.empty()) {
    if (!listed_.empty() && line.text.starts_with("    ")) listed_.back().frame.append(" ").append(trim(line.text));
    return;
  }
  (void)skip(text, ")");
  listed_.push_back({std::string(target.id), std::string(target.name), std::string(trim_front(text)), line.number});
}

void GdbReader::other_line(const Line& line) {
  const std::string_view text = line.text;
  if (in_list_) return listed_line(line);
  if (text.starts_with("        ")) {  // `bt full`: variables are indented by eight
    flush_frame();
    if (!builder_.thread_open() || builder_.frame_count() == 0 || text.find("_M_device") == std::string_view::npos) return;
    Argument guard = guards_.get(text, [this](std::string_view t) { return parse_gdb_guard(builder_.table(), t); });
    guard.frame = static_cast<std::uint16_t>(std::min(builder_.frame_count() - 1, DumpBuilder::kMaximumFrames));
    if (guard.value != 0) builder_.argument(guard);
    return;
  }
  if (has_pending_ && text.starts_with("    ")) {  // gdb wraps a long frame with four
    pending_.append(" ").append(trim(text));
    return;
  }
  if (has_pending_ && is_open(pending_) && !is_chatter(text)) {  // a terminal or an editor wrapped it
    pending_.append(text);
    return;
  }
  if (trim(text).starts_with("Id ") && text.find("Target Id") != std::string_view::npos) {
    flush_frame();
    if (!listed_.empty()) end_dump();
    if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
    builder_.end_thread();
    in_list_ = true;
    return;
  }
  if (text.starts_with("Backtrace stopped") && builder_.thread_open()) {
    flush_frame();
    builder_.thread().quality = StackQuality::kPartial;
    builder_.thread().absence_reason = builder_.table().intern(trim(text));
    return;
  }
  if (is_chatter(text)) {
    flush_frame();
    // gdb announces itself once for each time it attaches.
    if (text.starts_with("[Thread debugging") && builder_.dump_has_threads()) end_dump();
    return;
  }
  if (builder_.thread_open()) builder_.diagnose(Severity::kInformation, line.number, "line within a stack that is no frame");
}

void GdbReader::flush_frame() {
  if (!has_pending_) return;
  has_pending_ = false;
  StackTable& table = builder_.table();
  const bool innermost = pending_innermost_;
  const GdbFrame& parsed = (innermost ? innermost_ : callers_).get(pending_, [&](std::string_view text) {
    return parse_gdb_frame(table, text, innermost);
  });
  if (pending_.empty() || (!parsed.frame.function && !parsed.has_address)) {
    builder_.diagnose(Severity::kDataLoss, last_line_, "frame without function and address");
    return;
  }
  // A frame has an address or an argument list; one with neither was cut off.
  const bool cut_off = !parsed.has_address && !parsed.has_arguments && !parsed.signal_handler;
  if (cut_off) {
    builder_.thread().quality = StackQuality::kPartial;
    builder_.thread().absence_reason = table.intern("the text breaks off");
  }
  Frame frame = parsed.frame;
  // gdb prints no address for a frame into which the one before was inlined: they share it.
  if (!innermost && !parsed.has_address && !parsed.signal_handler && !cut_off && builder_.last_frame()) {
    Frame inner = table.frame(builder_.last_frame());
    frame.address = inner.address;
    inner.inlined = true;
    builder_.frames().back() = table.intern(inner);
  }
  const auto index = static_cast<std::uint16_t>(std::min(builder_.frame_count(), DumpBuilder::kMaximumFrames));
  builder_.frame(table.intern(frame));
  if (parsed.lock != 0) builder_.lock(parsed.lock, parsed.lock_kind, parsed.lock_name);
  for (Argument argument : parsed.arguments) {
    argument.frame = index;
    builder_.argument(argument);
  }
}

void GdbReader::end_dump() {
  flush_frame();
  for (const Listed& listed : listed_) {
    if (seen_.contains(listed.id)) continue;
    ThreadRecord& thread = builder_.begin_thread(listed.id, listed.line);
    thread.quality = StackQuality::kPartial;
    thread.absence_reason = builder_.table().intern("`info threads` prints the innermost frame only");
    if (!listed.name.empty()) thread.name = builder_.table().intern(listed.name);
    pending_ = listed.frame;
    has_pending_ = !pending_.empty();
    pending_innermost_ = true;
    flush_frame();
  }
  listed_.clear();
  seen_.clear();
  builder_.end_dump();
}

Recognition recognise(std::string_view head) {
  int threads = 0, frames = 0, listed = 0;
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    if (line.starts_with("Thread ") && parse_header(trim(line))) ++threads;
    if (line.size() > 2 && line[0] == '#' && is_digit(line[1])) {
      const std::size_t behind = line.find_first_not_of("#0123456789");
      // eu-stack prints no arguments; that is a format of its own.
      if (behind != std::string_view::npos && (find_arguments(trim_front(line.substr(behind))) != std::string_view::npos)) ++frames;
    }
    if (line.find("Target Id") != std::string_view::npos && trim(line).starts_with("Id ")) ++listed;
  }
  if (threads > 0 && frames > 0) return {95, "\"Thread N (…):\" followed by \"#0  function (arguments)\""};
  if (listed > 0) return {90, "the table of `info threads`"};
  if (frames > 1) return {60, "frames as gdb prints them, without a thread's header"};
  return {0, threads > 0 ? "\"Thread N (…):\" but no \"#0  function (arguments)\"" : "no \"Thread N (…):\" and no \"#0  function (arguments)\"", threads > 0};
}

constexpr std::array kSigns = std::to_array<Sign>({{"#", Sign::Where::kLineBegin}, {"Thread ", Sign::Where::kLineBegin}, {"Target Id"}});

}  // namespace

const Format& gdb_format() {
  static constexpr Format kFormat{
      "gdb", "gdb `thread apply all bt` (plain, full), `info threads`, pstack, quickstack", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<GdbReader>(options, sink); },
      nullptr, [](std::string_view line) { return parse_header(trim(line)).has_value(); }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
