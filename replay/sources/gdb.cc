#include "replay/sources/gdb.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "replay/sources/dump_builder.h"
#include "replay/sources/gdb_frame.h"
#include "replay/sources/gdb_shown.h"
#include "replay/sources/gdb_terminal.h"
#include "replay/sources/gdb_thread.h"
#include "replay/sources/line_memo.h"
#include "replay/sources/native_names.h"
#include "replay/sources/recent_texts.h"
#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

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

/// The number of a frame's line, "#12  …"; nullopt: it is none.
std::optional<std::uint64_t> frame_number(std::string_view line) {
  if (!skip(line, "#")) return std::nullopt;
  return take_number(line);
}

std::size_t spaces_before(std::string_view text) { return std::min(text.find_first_not_of(' '), text.size()); }

class GdbReader final : public LineReader {
 public:
  GdbReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "gdb", Runtime::kNative), instance_(options.instance) {}

  void line(const Line& line) override;
  void finish() override {
    if (!cut_.empty()) pending_.append(cut_);
    end_dump();
    builder_.finish();
  }

 private:
  /// A row of `info threads`, kept until the dump ends: it counts only where no stack of that thread was printed.
  struct Listed {
    std::string id, name, frame;
    std::uint64_t line;
  };
  struct Owner {
    std::uint64_t lock, thread, line;
  };

  [[nodiscard]] std::string_view outdented(std::string_view text);
  [[nodiscard]] bool join_pages(std::string_view& text);
  void print_line(const Line& line);
  void frame_line(const Line& line);
  void thread_line(const Line& line, const GdbThread& header);
  void selection_line(const Line& line, const GdbThread& selected);
  void listed_line(const Line& line);
  void other_line(const Line& line);
  void local_line(std::string_view text);
  void enter_process(std::string_view inferior);
  void begin_shown(std::uint64_t line, bool whole);
  void mark_partial(std::string_view reason);
  [[nodiscard]] std::uint64_t next_number() const { return first_number_ + builder_.frame_count(); }
  [[nodiscard]] bool is_shown_again(const Frame& frame);
  void flush_frame();
  void add_frame(const GdbFrame& parsed, bool innermost);
  void end_dump();
  void add_listed();
  void add_owners();
  void mark_missing();
  void forget_repeats();

  DumpBuilder builder_;
  const std::string instance_;
  RecentTexts<GdbFrame, 9> innermost_, callers_;
  LineMemo<Argument> guards_;
  std::string pending_;            ///< the frame being read, behind its number; it may go on on the next line
  std::uint64_t pending_number_ = 0, first_number_ = 0;  ///< of the frame being read, and of the open thread's first
  std::string cut_, joined_;       ///< the part of a line that came before the pager, and the whole line
  bool has_pending_ = false, pending_innermost_ = false;
  bool in_list_ = false;           ///< within the table of `info threads`
  bool after_gap_ = false;         ///< an empty line came: what is no frame is not said to be within a stack
  std::size_t indent_ = 0;         ///< of a text that somebody has set in, as its last header is
  std::uint64_t last_line_ = 0;
  std::string inferior_;
  std::optional<std::pair<std::string, std::string>> selected_;  ///< id and name
  std::optional<std::uint64_t> asked_mutex_;  ///< the address that the last command printed a mutex at
  std::unordered_set<std::string> seen_;      ///< threads with a header in the open dump
  std::vector<Listed> listed_;
  std::vector<ShownStack> shown_;
  std::vector<Owner> owners_;
};

/// Text that was copied into a ticket is set in by four, sometimes by one: as much as the header of a stack, or a stack without header, is.
std::string_view GdbReader::outdented(std::string_view text) {
  const std::size_t spaces = spaces_before(text);
  const std::string_view begin = text.substr(spaces);
  if (begin.starts_with("Thread ") ? parse_gdb_header(trim(begin)).has_value() : begin.starts_with("#0 ") && !has_pending_ && !builder_.thread_open()) indent_ = spaces;
  return text.substr(std::min(spaces, indent_));
}

/// The pager stops in the middle of a line, of which the rest comes behind its question, on the same line or on the next. False: it is to come.
bool GdbReader::join_pages(std::string_view& text) {
  constexpr std::size_t kLongest = std::size_t{1} << 20;
  std::string joined = std::exchange(cut_, {});
  bool changed = !joined.empty();
  while (const auto paged = find_pager(text)) {
    changed = true;
    joined.append(paged->before);
    text = paged->behind;
    if (!trim(text).empty() || joined.size() > kLongest) continue;
    cut_ = std::move(joined);
    return false;
  }
  if (!changed) return true;
  joined_ = std::move(joined.append(text));
  text = joined_;
  return true;
}

void GdbReader::line(const Line& line) {
  last_line_ = line.number;
  Line stripped = line;
  stripped.text = outdented(line.text);
  if (!join_pages(stripped.text)) return;
  if (skip_prompts(stripped.text)) {
    flush_frame();
    in_list_ = false;
    after_gap_ = true;
    if (const auto mutex = printed_mutex(stripped.text)) asked_mutex_ = mutex;
  }
  print_line(stripped);
}

/// A screen that was copied may have lost an end of line: "#2 … from /lib64/libpthread.so.0       #3  0x…".
std::size_t end_of_frame(std::string_view text, std::uint64_t number) {
  if (text.find('#') == std::string_view::npos) return std::string_view::npos;  // nearly always
  const std::string next = "  #" + std::to_string(number + 1) + " ";
  const std::size_t at = text.find(next);
  if (at == std::string_view::npos) return at;
  std::string_view rest = trim_front(text.substr(at + next.size()));
  return take_hex(rest) && rest.starts_with(" in ") ? at : std::string_view::npos;
}

void GdbReader::print_line(const Line& line) {
  const std::string_view text = line.text;
  if (text.empty()) {
    flush_frame();
    in_list_ = false;
    after_gap_ = true;  // `bt full` prints some within a stack
  } else if (text.front() == '#' && text.size() > 1 && is_digit(text[1])) {
    frame_line(line);
  } else if (const auto header = text.front() == 'T' ? parse_gdb_header(trim(text)) : std::nullopt) {
    thread_line(line, *header);
  } else if (const auto selected = text.front() == '[' ? parse_gdb_selection(text) : std::nullopt) {
    selection_line(line, *selected);
  } else if (text.front() == ' ' && builder_.thread_open() && frame_number(trim_front(text)) == next_number() + (has_pending_ ? 1 : 0)) {
    // A frame filter sets in the frames that another stands for.
    Line frame = line;
    frame.text = trim_front(text);
    frame_line(frame);
  } else {
    other_line(line);
  }
}

void GdbReader::frame_line(const Line& line) {
  flush_frame();
  std::string_view text = line.text.substr(1);
  const bool counts_from_one = text.starts_with("01 ");  // quickstack
  const std::uint64_t number = take_number(text).value_or(0);
  // `bt` of one thread has no header; a new #0 without one begins another thread.
  const bool first = number == 0 || (counts_from_one && builder_.frame_count() == 0);
  if (!builder_.thread_open() || (first && builder_.frame_count() > 0)) begin_shown(line.number, first);
  if (builder_.frame_count() == 0) {
    first_number_ = number;
    if (!first) mark_partial("the innermost frames are missing");
  }
  in_list_ = after_gap_ = false;
  const std::size_t end = end_of_frame(text, number);
  pending_.assign(trim(text.substr(0, end)));
  pending_number_ = number;
  pending_innermost_ = first;
  has_pending_ = true;
  if (end == std::string_view::npos) return;
  Line next = line;
  next.text = trim_front(text.substr(end));
  frame_line(next);
}

void GdbReader::begin_shown(std::uint64_t line, bool whole) {
  if (!builder_.dump_open()) builder_.begin_dump(0);
  const std::size_t index = builder_.dump().threads.size();
  if (!whole) builder_.diagnose(Severity::kDataLoss, line, "stack without its beginning");
  ThreadRecord& thread = builder_.begin_thread(selected_ ? selected_->first : std::to_string(index + 1), line);
  if (selected_ && !selected_->second.empty()) thread.name = builder_.table().intern(selected_->second);
  shown_.push_back({index, selected_.has_value()});
}

void GdbReader::thread_line(const Line& line, const GdbThread& header) {
  flush_frame();
  in_list_ = after_gap_ = false;
  selected_.reset();
  enter_process(header.inferior);
  // The same thread once more: the next dump of the same file.
  if (seen_.contains(std::string(header.id))) end_dump();
  if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
  ThreadRecord& thread = builder_.begin_thread(std::string(header.id), line.number);
  if (!header.name.empty()) thread.name = builder_.table().intern(header.name);
  seen_.insert(std::string(header.id));
}

/// Of several processes each is a recording: their threads hold no lock of each other's.
void GdbReader::enter_process(std::string_view inferior) {
  if (inferior.empty() || inferior == inferior_) return;
  if (!inferior_.empty()) {
    end_dump();
    builder_.finish();
    // What was parsed names the other recording's texts.
    innermost_ = {}, callers_ = {}, guards_ = {};
  }
  inferior_ = inferior;
  builder_.info().instance = inferior_ == "1" ? instance_ : "inferior " + inferior_;
}

void GdbReader::selection_line(const Line& line, const GdbThread& selected) {
  flush_frame();
  // When it has opened a core gdb shows the frame first, and says whose it is behind it.
  if (line.text.starts_with("[Current") && builder_.thread_open() && !shown_.empty() && !shown_.back().known && shown_.back().thread == builder_.thread_index().index) {
    builder_.thread().id = selected.id;
    if (!selected.name.empty()) builder_.thread().name = builder_.table().intern(selected.name);
    shown_.back().known = true;
  }
  builder_.end_thread();
  if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
  selected_.emplace(selected.id, selected.name);
}

void GdbReader::listed_line(const Line& line) {
  const auto row = parse_gdb_listed(line.text);
  if (!row) {
    if (!listed_.empty() && line.text.starts_with("   ")) listed_.back().frame.append(" ").append(trim(line.text));
    return;
  }
  enter_process(row->thread.inferior);
  if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
  listed_.push_back({std::string(row->thread.id), std::string(row->thread.name), std::string(row->frame), line.number});
}

void GdbReader::local_line(std::string_view text) {
  flush_frame();
  if (!builder_.thread_open() || builder_.frame_count() == 0 || text.find("_M_device") == std::string_view::npos) return;
  Argument guard = guards_.get(text, [this](std::string_view t) { return parse_gdb_guard(builder_.table(), t); });
  guard.frame = static_cast<std::uint16_t>(std::min(builder_.frame_count() - 1, DumpBuilder::kMaximumFrames));
  if (guard.value != 0) builder_.argument(guard);
}

void GdbReader::other_line(const Line& line) {
  const std::string_view text = line.text;
  const bool head_of_list = trim(text).starts_with("Id ") && text.find("Target Id") != std::string_view::npos;
  if (head_of_list || (!in_list_ && is_gdb_listed(text))) {
    flush_frame();
    if (!listed_.empty()) end_dump();
    if (!builder_.dump_open()) builder_.begin_dump(line.wall_ns);
    builder_.end_thread();
    in_list_ = true;
    if (head_of_list) return;
  }
  if (in_list_) return listed_line(line);
  if (text.starts_with("        ")) return local_line(text);  // `bt full`: variables are indented by eight
  if (has_pending_ && text.starts_with("   ")) {  // gdb wraps a long frame with four, and "from" with three
    pending_.append(" ").append(trim(text));
    return;
  }
  if (has_pending_ && is_open(pending_) && (text.starts_with("0x") || !is_gdb_chatter(text))) {  // a terminal or an editor wrapped it
    pending_.append(text);
    return;
  }
  if (asked_mutex_) {
    if (const auto owner = printed_owner(text); owner && *owner != 0) owners_.push_back({*asked_mutex_, *owner, line.number});
    if (text.starts_with('$')) asked_mutex_.reset();
  }
  if (text.starts_with("Backtrace stopped") && builder_.thread_open()) {
    flush_frame();
    return mark_partial(trim(text));
  }
  if (text.starts_with("Selected thread is running") && builder_.thread_open()) {
    builder_.thread().state = ThreadState::kRunning;
    builder_.thread().quality = StackQuality::kMissing;
    builder_.thread().absence_reason = builder_.table().intern(trim(text));
    return;
  }
  if (is_gdb_chatter(text)) {
    flush_frame();
    // gdb announces itself once for each time it attaches.
    if (text.starts_with("[Thread debugging") && builder_.dump_has_threads()) end_dump();
    return;
  }
  if (text.starts_with("Continuing.") && builder_.dump_has_threads()) return end_dump();
  if (builder_.thread_open() && !after_gap_) builder_.diagnose(Severity::kInformation, line.number, "line within a stack that is no frame");
}

void GdbReader::mark_partial(std::string_view reason) {
  builder_.thread().quality = StackQuality::kPartial;
  builder_.thread().absence_reason = builder_.table().intern(reason);
}

/// `frame 1`, `up`: a frame that the stack has already.
bool GdbReader::is_shown_again(const Frame& frame) {
  if (pending_number_ < first_number_ || pending_number_ >= next_number()) return false;
  const Frame known = builder_.table().frame(builder_.frames()[pending_number_ - first_number_]);
  return known.function == frame.function && (frame.function || known.address == frame.address);
}

void GdbReader::flush_frame() {
  if (!has_pending_) return;
  has_pending_ = false;
  StackTable& table = builder_.table();
  const bool innermost = pending_innermost_;
  const GdbFrame& parsed = (innermost ? innermost_ : callers_).get(pending_, [&](std::string_view text, GdbFrame& frame) {
    frame = parse_gdb_frame(table, text, innermost);
  });
  if (pending_.empty() || (!parsed.frame.function && !parsed.has_address && !parsed.has_arguments)) {
    builder_.diagnose(Severity::kDataLoss, last_line_, "frame without function and address");
    return;
  }
  if (is_shown_again(parsed.frame)) return;
  if (pending_number_ < next_number()) {
    begin_shown(last_line_, false);
    mark_partial("the innermost frames are missing");
    first_number_ = pending_number_;
  }
  if (pending_number_ > next_number()) {
    mark_partial("frames between are missing");
    builder_.diagnose(Severity::kDataLoss, last_line_, "frames are missing in a stack");
    first_number_ = pending_number_ - builder_.frame_count();
  }
  add_frame(parsed, innermost);
}

void GdbReader::add_frame(const GdbFrame& parsed, bool innermost) {
  StackTable& table = builder_.table();
  // A frame has an address or an argument list; one with neither was cut off.
  const bool cut_off = !parsed.has_address && !parsed.has_arguments && !parsed.signal_handler;
  if (cut_off || parsed.unfinished) mark_partial("the text breaks off");
  Frame frame = parsed.frame;
  // gdb prints no address for a frame into which the one before was inlined: they share it.
  if (!innermost && !parsed.has_address && parsed.frame.function && !parsed.signal_handler && !cut_off && builder_.last_frame()) {
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

void GdbReader::forget_repeats() {
  if (!shown_.empty()) builder_.drop_threads(repeated_stacks(builder_.dump(), builder_.table(), shown_));
}

/// Of threads of which `info threads` shows more than their stacks do, which is those that have none.
void GdbReader::add_listed() {
  std::unordered_set<std::string> known;
  for (const ThreadRecord& thread : builder_.dump().threads) known.insert(thread.id);
  for (const Listed& listed : listed_) {
    if (known.contains(listed.id)) continue;
    ThreadRecord& thread = builder_.begin_thread(listed.id, listed.line);
    thread.quality = StackQuality::kPartial;
    thread.absence_reason = builder_.table().intern("`info threads` prints the innermost frame only");
    if (!listed.name.empty()) thread.name = builder_.table().intern(listed.name);
    if (listed.frame == "(running)") thread.state = ThreadState::kRunning;
    else pending_ = listed.frame;
    has_pending_ = !pending_.empty() && thread.state != ThreadState::kRunning;
    pending_number_ = first_number_ = 0;
    pending_innermost_ = true;
    flush_frame();
  }
  builder_.end_thread();
}

/// A header, and no frame below it.
void GdbReader::mark_missing() {
  for (ThreadRecord& thread : builder_.dump().threads) {
    if (thread.stack || thread.quality != StackQuality::kComplete || thread.state == ThreadState::kRunning) continue;
    thread.quality = StackQuality::kMissing;
    thread.absence_reason = builder_.table().intern("no frame was printed");
  }
}

/// Who holds a mutex, by its own words. A session shows some of the threads: an owner that is none of them has not ended for that.
void GdbReader::add_owners() {
  if (owners_.empty()) return;
  std::unordered_map<std::string, std::uint32_t> thread_of;
  for (std::uint32_t index = 0; const ThreadRecord& thread : builder_.dump().threads) thread_of.try_emplace(thread.id, index++);
  for (const Owner& owner : owners_) {
    const std::string id = std::to_string(owner.thread);
    const auto holder = thread_of.find(id);
    if (holder == thread_of.end()) {
      builder_.diagnose(Severity::kInformation, owner.line, "a mutex was printed whose owner is none of the threads");
      continue;
    }
    Hold hold;
    hold.thread = {holder->second};
    hold.lock = builder_.lock(owner.lock, LockKind::kMutex, {});
    hold.evidence = builder_.table().intern("its owner word, as gdb printed it");
    builder_.dump().locks[hold.lock.index].owner = id;
    builder_.dump().holds.push_back(hold);
  }
}

void GdbReader::end_dump() {
  flush_frame();
  if (builder_.dump_open()) {
    builder_.end_thread();
    forget_repeats();
    add_listed();
    mark_missing();
    if (builder_.dump_has_threads()) add_owners();
  }
  listed_.clear();
  seen_.clear();
  shown_.clear();
  owners_.clear();
  builder_.end_dump();
}

/// eu-stack prints no arguments, and no "in"; that is a format of its own. quickstack -a prints "0x… in name".
bool is_frame(std::string_view line) {
  std::string_view text = trim_front(line.substr(std::min(line.find_first_not_of("#0123456789"), line.size())));
  if (find_arguments(text) != std::string_view::npos) return true;
  return take_hex(text) && text.starts_with(" in ");
}

Recognition recognise(std::string_view head) {
  int threads = 0, frames = 0, listed = 0;
  while (!head.empty()) {
    std::string_view line = trim(take_line(head));
    if (const auto paged = find_pager(line); paged && paged->before.empty()) line = paged->behind;
    (void)skip_prompts(line);
    if (line.starts_with("Thread ") && parse_gdb_header(line)) ++threads;
    if (line.size() > 2 && line[0] == '#' && is_digit(line[1]) && is_frame(line)) ++frames;
    if ((line.starts_with("Id ") && line.find("Target Id") != std::string_view::npos) || is_gdb_listed(line)) ++listed;
  }
  if (threads > 0 && frames > 0) return {95, "\"Thread N (…):\" followed by \"#0  function (arguments)\""};
  if (listed > 0) return {90, "the table of `info threads`"};
  if (frames > 1) return {60, "frames as gdb prints them, without a thread's header"};
  return {0, threads > 0 ? "\"Thread N (…):\" but no \"#0  function (arguments)\"" : "no \"Thread N (…):\" and no \"#0  function (arguments)\"", threads > 0};
}

constexpr std::array kSigns = std::to_array<Sign>({{"#", Sign::Where::kLineBegin}, {"Thread ", Sign::Where::kLineBegin}, {"Thread 0x"}, {"Target Id"}});

}  // namespace

const Format& gdb_format() {
  static constexpr Format kFormat{
      "gdb", "gdb `thread apply all bt` (plain, full), `info threads`, pstack, quickstack", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<GdbReader>(options, sink); },
      nullptr, [](std::string_view line) { return parse_gdb_header(trim(line)).has_value(); }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
