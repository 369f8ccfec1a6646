#include "replay/sources/eu_stack.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <unordered_set>

#include "replay/sources/dump_builder.h"
#include "replay/sources/line_memo.h"
#include "replay/sources/native_names.h"
#include "replay/sources/scan.h"
#include "runtime/symbols/rust_name.h"

namespace tailback::replay {
namespace {

/// eu-stack -r prints names mangled, and Rust's newer mangling always. Link-time optimisation adds ".llvm.6678074543428119312".
std::string demangle(std::string_view name) {
  name = name.substr(0, name.find(".llvm."));
  if (std::string rust = readable_rust_symbol(name); !rust.empty()) return rust;
  int status = 0;
  char* text = abi::__cxa_demangle(std::string(name).c_str(), nullptr, nullptr, &status);
  std::string result = status == 0 && text != nullptr ? std::string(text) : std::string(name);
  std::free(text);
  return result;
}

/// "./nptl/futex-internal.c:57:12": the column goes.
Place source_place(std::string_view text) {
  const Place outer = split_place(text);
  if (outer.line == 0) return outer;
  const Place inner = split_place(outer.file);
  return inner.line != 0 ? inner : outer;
}

bool take_module_and_offset(StackTable& table, std::string_view& head, Frame& frame) {
  const std::size_t open = head.rfind(" ("), plus = head.rfind(" + 0x");
  if (open == std::string_view::npos || plus == std::string_view::npos || plus < open || !head.ends_with(')')) return false;
  std::string_view number = head.substr(plus + 3);
  const auto offset = take_hex(number);
  if (!offset || *offset == 0 || number != ")") return false;
  frame.module = table.intern(head.substr(open + 2, plus - open - 2));
  frame.offset = *offset;
  head = trim(head.substr(0, open));
  if (head == "n/a") head = {};
  return true;
}

/// What follows "#N  ", together with its lines of continuation, each behind a '\n':
///     0x00007f224daa3f16 - 1 __futex_abstimed_wait_common - /usr/lib/x86_64-linux-gnu/libc.so.6
///         [93ac61ec…]@0x7f882ea1e000+0x85f16
///         ./nptl/futex-internal.c:87:9
/// One line may hold all: "0x… main - /usr/bin/mysqld   /src/sql/main.cc:25:11".
Frame parse_frame(StackTable& table, std::string_view text, bool innermost) {
  Frame frame;
  std::string_view head = take_until(text, "\n");
  if (const auto address = take_hex(head)) frame.address = innermost || *address == 0 ? *address : *address - 1;
  head = trim(head);
  if (skip(head, "- 1")) head = trim_front(head);
  if (const std::size_t gap = head.rfind("   "); gap != std::string_view::npos) {
    if (const Place place = source_place(trim(head.substr(gap))); place.line != 0) {
      frame.file = table.intern(place.file);
      frame.line = place.line;
      head = trim(head.substr(0, gap));
    }
  }
  // systemd-coredump: "name (libc.so.6 + 0x6d7e9)", "n/a (libfoo.so + 0x4b524)".
  if (take_module_and_offset(table, head, frame) && !innermost) --frame.offset;
  // "name - /path/of/module", "- /path/of/module", "name". A name may hold " - " only as an operator: modules begin with '/' or '['.
  std::size_t module = head.rfind(" - ");
  if (head.starts_with("- ")) module = 0;
  if (module != std::string_view::npos) {
    frame.module = table.intern(trim(head.substr(module + (module == 0 ? 2 : 3))));
    head = trim(head.substr(0, module));
  }
  const bool mangled = head.starts_with("_Z") || head.starts_with("_R");
  if (mangled) frame.function = table.intern(readable_rust_name(function_name(demangle(head))));
  else if (!head.empty() && !head.starts_with("??")) frame.function = table.intern(readable_rust_name(function_name(head)));
  while (!text.empty()) {
    std::string_view line = take_until(text, "\n");
    if (line.starts_with('[')) {  // build id, where the module is loaded, and the offset of the call in it
      if (const std::size_t plus = line.rfind('+'); plus != std::string_view::npos) {
        line.remove_prefix(plus + 1);
        if (const auto offset = take_hex(line)) frame.offset = *offset;
      }
    } else if (const Place place = source_place(line); place.line != 0) {
      frame.file = table.intern(place.file);
      frame.line = place.line;
    }
  }
  return frame;
}

/// systemd-coredump unwinds with the same library, and prints alike: "Stack trace of thread 8509:".
constexpr std::string_view kCoredumpThread = "Stack trace of thread ";

class EuStackReader final : public LineReader {
 public:
  EuStackReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "eu-stack", Runtime::kNative) {}

  void line(const Line& line) override;
  void finish() override {
    flush_frame();
    builder_.finish();
  }

 private:
  void read(const Line& line);
  void begin_thread(const Line& line, std::string_view id);
  void frame_line(const Line& line);
  void complaint(const Line& line);
  void flush_frame();

  DumpBuilder builder_;
  LineMemo<Frame> innermost_, callers_;
  std::string pending_;
  bool has_pending_ = false;
  std::uint64_t innermost_address_ = 0;
  bool set_in_ = false;  ///< of systemd-coredump, whose stacks a journal sets in
  std::unordered_set<std::string> seen_;
};

void EuStackReader::line(const Line& line) {
  std::string_view text = trim_front(line.text);
  const bool begins = skip(text, kCoredumpThread);
  if (!begins && !set_in_) return read(line);
  Line outdented = line;
  outdented.text = trim(line.text);
  if (!begins) return read(outdented);
  set_in_ = true;
  flush_frame();
  begin_thread(outdented, text.substr(0, std::min(text.find(':'), text.size())));
}

void EuStackReader::read(const Line& line) {
  const std::string_view text = line.text;
  if (text.empty()) return;
  if (text.front() == '#') return frame_line(line);
  if (text.starts_with("    ") || text.front() == '\t') {
    if (has_pending_) pending_.append("\n").append(trim(text));
    return;
  }
  std::string_view rest = text;
  if (skip(rest, "TID ")) {
    flush_frame();
    return begin_thread(line, rest.substr(0, std::min(rest.find(':'), rest.size())));
  }
  if (skip(rest, "PID ")) {  // PID 608257 - process
    flush_frame();
    if (const auto pid = take_number(rest); pid && builder_.info().pid == 0) builder_.info().pid = static_cast<std::int64_t>(*pid);
    builder_.begin_dump(line.wall_ns);
    seen_.clear();
    return;
  }
  if (text.find("eu-stack:") != std::string_view::npos || text.starts_with("dwfl_")) return complaint(line);
  flush_frame();
  if (builder_.thread_open()) builder_.diagnose(Severity::kInformation, line.number, "line within a stack that is no frame");
}

void EuStackReader::begin_thread(const Line& line, std::string_view id) {
  if (!builder_.dump_open() || !seen_.insert(std::string(id)).second) {
    builder_.begin_dump(line.wall_ns);
    seen_ = {std::string(id)};
  }
  builder_.begin_thread(std::string(id), line.number);
}

void EuStackReader::frame_line(const Line& line) {
  flush_frame();
  std::string_view text = line.text.substr(1);
  if (!take_number(text)) return builder_.diagnose(Severity::kDataLoss, line.number, "frame without a number");
  if (!builder_.thread_open()) {
    builder_.diagnose(Severity::kDataLoss, line.number, "stack without its thread");
    begin_thread(line, "?");
  }
  pending_.assign(trim(text));
  has_pending_ = true;
}

/// eu-stack: tid 69917: shown max number of frames (3, use -n 0 for unlimited)
/// eu-stack: dwfl_thread_getframes tid 12 at 0x7f… in libfoo.so: No DWARF information found
void EuStackReader::complaint(const Line& line) {
  flush_frame();
  std::string_view text = line.text;
  text = trim_front(text.substr(std::min(text.find("eu-stack:") == std::string_view::npos ? 0 : text.find("eu-stack:") + 9, text.size())));
  if (!builder_.thread_open()) return builder_.diagnose(Severity::kInformation, line.number, text);
  builder_.thread().quality = builder_.frame_count() == 0 ? StackQuality::kMissing : StackQuality::kPartial;
  const std::size_t reason = text.rfind(": ");
  builder_.thread().absence_reason = builder_.table().intern(reason == std::string_view::npos ? text : text.substr(reason + 2));
}

void EuStackReader::flush_frame() {
  if (!has_pending_) return;
  has_pending_ = false;
  StackTable& table = builder_.table();
  const bool innermost = builder_.frame_count() == 0;
  Frame frame = (innermost ? innermost_ : callers_).get(pending_, [&](std::string_view text) { return parse_frame(table, text, innermost); });
  if (!frame.function && frame.address == 0) return builder_.diagnose(Severity::kDataLoss, 0, "frame without function and address");
  // -i prints the functions inlined at one address each with that address, the innermost first.
  if (builder_.last_frame()) {
    Frame inner = table.frame(builder_.last_frame());
    // The innermost frame's address is the next instruction, a caller's is the call.
    const std::uint64_t same = builder_.frame_count() == 1 || innermost_address_ == inner.address ? frame.address + 1 : frame.address;
    if (inner.address == same && frame.address != 0 && inner.function != frame.function && frame.function) {
      inner.inlined = true;
      builder_.frames().back() = table.intern(inner);
      frame.address = inner.address;
    }
  } else {
    innermost_address_ = frame.address;
  }
  builder_.frame(table.intern(frame));
}

Recognition recognise(std::string_view head) {
  bool tid = false, frame = false;
  while (!head.empty()) {
    std::string_view line = trim(take_line(head));
    if ((line.starts_with("TID ") || line.starts_with(kCoredumpThread)) && line.ends_with(':')) tid = true;
    if (line.starts_with('#')) {
      line.remove_prefix(1);
      if (take_number(line)) {
        line = trim_front(line);
        if (take_hex(line) && !line.starts_with(" in ")) frame = true;
      }
    }
  }
  if (tid && frame) return {95, "\"TID n:\" followed by \"#0  0x… function\""};
  if (tid) return {50, "\"TID n:\""};
  return {0, "no \"TID n:\""};
}

constexpr std::array kSigns = std::to_array<Sign>({{"TID ", Sign::Where::kLineBegin}, {kCoredumpThread}});

}  // namespace

const Format& eu_stack_format() {
  static constexpr Format kFormat{
      "eu-stack", "eu-stack, with any of its options; systemd-coredump", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<EuStackReader>(options, sink); },
      nullptr, [](std::string_view line) { return (line.starts_with("TID ") && line.ends_with(':')) || (line.starts_with("PID ") && line.find(" - process") != std::string_view::npos) || trim_front(line).starts_with(kCoredumpThread); }, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
