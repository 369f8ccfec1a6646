#include "replay/sources/go_profile.h"

#include <algorithm>
#include <array>
#include <limits>

#include "replay/sources/scan.h"

namespace tailback::replay {
namespace {

constexpr std::string_view kBegins = "goroutine profile: total ";

class GoProfileReader final : public LineReader {
 public:
  GoProfileReader(const ReadOptions& options, EventSink& sink) : builder_(options, sink, "go-profile", Runtime::kGo), profile_(builder_) {}

  void line(const Line& line) override {
    if (profile_.open() && profile_.line(line.text, line.number)) return;
    if (!GoProfileLines::begins(line.text)) return;
    profile_.finish();
    builder_.begin_dump(line.wall_ns);
    profile_.line(line.text, line.number);
  }
  void finish() override {
    profile_.finish();
    builder_.finish();
  }

 private:
  DumpBuilder builder_;
  GoProfileLines profile_;
};

Recognition recognise(std::string_view head) {
  const std::size_t at = head.find(kBegins);
  if (at == std::string_view::npos) return {0, "no \"goroutine profile: total N\""};
  return {at == 0 || head[at - 1] == '\n' ? 93 : 60, "\"goroutine profile: total N\""};
}

}  // namespace

bool GoProfileLines::begins(std::string_view text) { return text.starts_with(kBegins); }

bool GoProfileLines::line(std::string_view text, std::uint64_t number) {
  if (begins(text)) {
    finish();
    text.remove_prefix(kBegins.size());
    total_ = take_number(text).value_or(0);
    open_ = true;
    begun_at_ = number;
    return true;
  }
  if (trim(text).empty()) {
    end_record();
    return true;
  }
  if (text.front() == '#') return detail(text.substr(1));
  return record(text, number);
}

/// "42804 @ 0x43b8c5 0x44b8a5"
bool GoProfileLines::record(std::string_view text, std::uint64_t number) {
  const auto count = take_number(text);
  if (!count || !skip(text, " @")) return false;
  end_record();
  const std::uint64_t kept = std::min<std::uint64_t>(*count, std::numeric_limits<std::uint32_t>::max());
  if (kept == 0) return true;
  ThreadRecord& thread = builder_.begin_row(number);
  thread.count = static_cast<std::uint32_t>(kept);
  seen_ += kept;
  for (text = trim_front(text); const auto address = take_hex(text); text = trim_front(text)) addresses_.push_back(*address);
  return true;
}

/// "	0x46a6e6	sync.runtime_SemacquireMutex+0x46	/usr/local/go/src/runtime/sema.go:71", " labels: {…}"
bool GoProfileLines::detail(std::string_view text) {
  if (!builder_.thread_open()) return true;
  text = trim_front(text);
  if (skip(text, "labels: ")) {
    builder_.thread().label = builder_.table().intern(trim(text));
    return true;
  }
  Frame frame;
  frame.address = take_hex(text).value_or(0);
  text = trim_front(text);
  // Columns end with tabs; where those were lost, with blanks, of which no function's name has one.
  std::string_view function = take_until(text, text.find('\t') != std::string_view::npos ? "\t" : " ");
  if (const std::size_t offset = function.rfind("+0x"); offset != std::string_view::npos) function = function.substr(0, offset);
  const Place place = split_place(trim(text));
  if (function.empty()) return true;
  frame.function = builder_.table().intern(function);
  if (place.line != 0) {
    frame.file = builder_.table().intern(place.file);
    frame.line = place.line;
  }
  symbols_ = true;
  builder_.frame(builder_.table().intern(frame));
  return true;
}

void GoProfileLines::end_record() {
  if (!builder_.thread_open()) return;
  if (!symbols_) {
    // A profile without symbols still tells which stacks are the same.
    for (const std::uint64_t address : addresses_) {
      Frame frame;
      frame.address = address == 0 ? 0 : address - 1;
      builder_.frame(builder_.table().intern(frame));
    }
  }
  addresses_.clear();
  symbols_ = false;
  builder_.end_thread();
}

void GoProfileLines::finish() {
  if (!open_) return;
  end_record();
  if (seen_ < total_) {
    builder_.diagnose(Severity::kDataLoss, begun_at_, "the profile counts more goroutines than its stacks have");
    builder_.dump().threads_missed = total_ - seen_;
  }
  open_ = false;
  total_ = seen_ = 0;
}

const Format& go_profile_format() {
  static constexpr std::array kSigns = std::to_array<Sign>({{kBegins}});
  static constexpr Format kFormat{
      "go-profile", "Go's goroutine profile as text (pprof debug=1): stacks and counts", recognise,
      [](const ReadOptions& options, EventSink& sink) -> std::unique_ptr<LineReader> { return std::make_unique<GoProfileReader>(options, sink); },
      nullptr, nullptr, kSigns};
  return kFormat;
}

}  // namespace tailback::replay
