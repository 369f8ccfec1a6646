#include "replay/schedule/std_trace.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include <xxhash.h>

#include "replay/sources/line_splitter.h"

namespace tailback::replay {
namespace {

constexpr std::size_t kMaxLineBytes = 1 << 20;

struct Parts {
  std::string_view thread, operation, operand, place;
};

// "T1|acq(L3)|104"; begin and end have an operand or none
std::optional<Parts> parts_of(std::string_view line) {
  const auto bar = line.find('|');
  if (bar == 0 || bar == std::string_view::npos) return std::nullopt;
  const auto second = line.find('|', bar + 1);
  Parts parts;
  parts.thread = line.substr(0, bar);
  const std::string_view call = line.substr(bar + 1, second == std::string_view::npos ? second : second - bar - 1);
  if (second != std::string_view::npos) parts.place = line.substr(second + 1);
  const auto open = call.find('(');
  parts.operation = call.substr(0, open);
  if (open != std::string_view::npos) {
    if (call.back() != ')') return std::nullopt;
    parts.operand = call.substr(open + 1, call.size() - open - 2);
  }
  return parts.operation.empty() ? std::nullopt : std::optional(parts);
}

struct Known {
  std::string_view word;
  TraceOperation operation;
  LockMode mode;
};
constexpr LockMode kWrite = LockMode::kExclusive;
constexpr std::array<Known, 13> kOperations{{{"acq", TraceOperation::kAcquire, kWrite},
                                             {"rel", TraceOperation::kRelease, kWrite},
                                             {"req", TraceOperation::kRequest, kWrite},
                                             {"rdacq", TraceOperation::kAcquire, LockMode::kShared},
                                             {"rdrel", TraceOperation::kRelease, LockMode::kShared},
                                             {"rdreq", TraceOperation::kRequest, LockMode::kShared},
                                             {"tryacq", TraceOperation::kTryAcquire, kWrite},
                                             {"fork", TraceOperation::kStart, kWrite},
                                             {"join", TraceOperation::kJoin, kWrite},
                                             {"end", TraceOperation::kEnd, kWrite},
                                             {"wait", TraceOperation::kWait, kWrite},
                                             {"notify", TraceOperation::kNotify, kWrite},
                                             {"notifyAll", TraceOperation::kNotifyAll, kWrite}}};

/// Looks a word up without making a string of it.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return XXH3_64bits(text.data(), text.size()); }
};
using TextIndex = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

std::uint32_t index(TextIndex& known, std::vector<std::string>& names, std::string_view name) {
  if (name.empty()) return 0;
  if (const auto found = known.find(name); found != known.end()) return found->second;
  const auto fresh = static_cast<std::uint32_t>(names.size());
  names.emplace_back(name);
  known.emplace(name, fresh);
  return fresh;
}

/// Lines to events. Names get their indices in the order in which they come: the same on every walk.
class StdParser {
 public:
  explicit StdParser(const std::function<void(const TraceEvent&)>& visit) : visit_(visit) {}

  bool line(std::string_view line) {
    const std::optional<Parts> parts = parts_of(line);
    if (!parts) return false;
    if (parts->operation == "r" || parts->operation == "w") {
      ++accesses_;
      return true;
    }
    if (parts->operation == "begin") return true;
    const auto known = std::find_if(kOperations.begin(), kOperations.end(), [&](const Known& one) { return one.word == parts->operation; });
    if (known == kOperations.end()) return false;
    TraceEvent result{known->operation, known->mode};
    result.thread = index(threads_, names_.threads, parts->thread);
    result.place = index(places_, names_.places, parts->place);
    if (result.operation == TraceOperation::kStart || result.operation == TraceOperation::kJoin) {
      if (parts->operand.empty()) return false;
      result.other = index(threads_, names_.threads, parts->operand);
    } else if (result.operation != TraceOperation::kEnd && !lock_of(*parts, result)) {
      return false;
    }
    wake_before(result);
    if (result.operation == TraceOperation::kWait) asleep_[result.thread] = result.other;
    visit_(result);
    return true;
  }

  TraceNames take_names() {
    for (ProgramLock& lock : names_.locks) {
      if (lock.kind == LockKind::kUnknown) lock.kind = LockKind::kRecursiveMutex;  // Java's, which the format comes from
    }
    return std::move(names_);
  }
  [[nodiscard]] std::uint64_t accesses() const { return accesses_; }

 private:
  // Java's wait takes its monitor again without an event of its own: whatever the thread does next, it holds it.
  void wake_before(const TraceEvent& next) {
    if (asleep_.empty()) return;
    const auto asleep = asleep_.find(next.thread);
    if (asleep == asleep_.end()) return;
    const std::uint32_t monitor = asleep->second;
    asleep_.erase(asleep);
    if (next.operation == TraceOperation::kAcquire && next.lock == monitor) return;
    TraceEvent back{TraceOperation::kAcquire, kWrite};
    back.thread = next.thread;
    back.lock = monitor;
    back.place = next.place;
    visit_(back);
  }

  std::uint32_t lock(std::string_view name, bool condition) {
    TextIndex& known = condition ? conditions_ : locks_;  // Java's monitors are lock and condition at once
    if (const auto found = known.find(name); found != known.end()) return found->second;
    const auto fresh = static_cast<std::uint32_t>(names_.locks.size());
    names_.locks.push_back({condition ? "condition " + std::string(name) : std::string(name), condition ? LockKind::kCondition : LockKind::kUnknown, LockPolicy::kUnknown});
    known.emplace(name, fresh);
    return fresh;
  }

  bool lock_of(const Parts& parts, TraceEvent& event) {
    if (parts.operand.empty()) return false;
    const bool condition = event.operation == TraceOperation::kWait || event.operation == TraceOperation::kNotify || event.operation == TraceOperation::kNotifyAll;
    event.lock = lock(parts.operand, condition);
    if (event.mode == LockMode::kShared) names_.locks[event.lock].kind = LockKind::kRwlock;
    if (held_.size() <= event.thread) held_.resize(event.thread + 1);
    std::vector<std::uint32_t>& held = held_[event.thread];
    if (event.operation == TraceOperation::kAcquire) held.push_back(event.lock);
    if (event.operation == TraceOperation::kRelease) {
      if (const auto last = std::find(held.rbegin(), held.rend(), event.lock); last != held.rend()) held.erase(std::next(last).base());
    }
    if (event.operation != TraceOperation::kWait) return true;
    const auto own = locks_.find(parts.operand);
    event.other = own != locks_.end() ? own->second : held.empty() ? kNone : held.back();
    return event.other != kNone;
  }

  const std::function<void(const TraceEvent&)>& visit_;
  TraceNames names_;
  TextIndex threads_, locks_, conditions_, places_;
  std::vector<std::vector<std::uint32_t>> held_;             // by thread
  std::unordered_map<std::uint32_t, std::uint32_t> asleep_;  // thread: the monitor that its wait gave up
  std::uint64_t accesses_ = 0;
};

bool content(std::string_view line) { return !line.empty() && line.front() != '#'; }

}  // namespace

Result<std::unique_ptr<StdTrace>> StdTrace::open(const std::string& path) {
  std::unique_ptr<StdTrace> trace(new StdTrace);
  trace->path_ = path;
  if (Result<void> read = trace->survey(path); !read.ok()) return read.error();
  return trace;
}

Result<std::unique_ptr<StdTrace>> StdTrace::of_text(std::string_view text, std::string_view name) {
  std::unique_ptr<StdTrace> trace(new StdTrace);
  trace->text_ = text;
  if (Result<void> read = trace->survey(name); !read.ok()) return read.error();
  return trace;
}

Result<void> StdTrace::lines(const std::function<void(std::string_view, std::uint64_t)>& line) const {
  if (path_.empty()) {
    std::uint64_t number = 0;
    for (std::string_view rest = text_; !rest.empty();) {
      const auto end = rest.find('\n');
      std::string_view one = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      if (!one.empty() && one.back() == '\r') one.remove_suffix(1);
      line(one, ++number);
    }
    return {};
  }
  Result<std::unique_ptr<ByteSource>> source = open_file(path_);
  if (!source.ok()) return source.error();
  LineSplitter splitter(**source, kMaxLineBytes);
  RawLine raw;
  for (;;) {
    const Result<bool> more = splitter.next(raw);
    if (!more.ok()) return more.error();
    if (!*more) return {};
    line(raw.text, raw.number);
  }
}

Result<void> StdTrace::survey(std::string_view name) {
  const std::string file(name);
  std::uint64_t unread = 0, first_unread = 0;
  const std::function<void(const TraceEvent&)> count = [this](const TraceEvent&) { ++events_; };
  StdParser parser(count);
  const Result<void> read = lines([&](std::string_view line, std::uint64_t number) {
    if (!content(line) || parser.line(line)) return;
    if (unread++ == 0) first_unread = number;
  });
  if (events_ == 0) {
    if (!read.ok()) return read.error();
    return Error{ErrorCode::kMalformed, "no event of an STD trace (THREAD|OPERATION(OPERAND)|PLACE)", file};
  }
  if (!read.ok()) diagnostics_.push_back({Severity::kDataLoss, file, 0, read.error().message, 1});
  if (unread > 0) diagnostics_.push_back({Severity::kDataLoss, file, first_unread, "not an event: THREAD|OPERATION(OPERAND)|PLACE", unread});
  if (parser.accesses() > 0) {
    diagnostics_.push_back({Severity::kInformation, file, 0, "accesses to variables passed over; an order through data is not seen", parser.accesses()});
  }
  names_ = parser.take_names();
  return {};
}

void StdTrace::walk(const std::function<void(const TraceEvent&)>& visit) const {
  std::uint64_t left = events_;  // a file that has grown ends where it ended before
  const auto in = [](std::uint32_t index, std::size_t size) { return index == kNone || index < size; };
  const std::function<void(const TraceEvent&)> checked = [&](const TraceEvent& event) {
    if (left == 0) return;
    --left;
    // Always true, unless somebody wrote another file in the place of this one.
    const std::size_t others = event.operation == TraceOperation::kWait ? names_.locks.size() : names_.threads.size();
    if (event.thread < names_.threads.size() && in(event.lock, names_.locks.size()) && event.place < names_.places.size() && in(event.other, others)) visit(event);
  };
  StdParser parser(checked);
  static_cast<void>(lines([&](std::string_view line, std::uint64_t) {
    if (content(line)) parser.line(line);
  }));
}

bool looks_like_std_trace(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line.front() == '#') continue;
    const std::optional<Parts> parts = parts_of(line);
    return parts && line.find('(') != std::string_view::npos && line.find('|') < line.find('(');
  }
  return false;
}

}  // namespace tailback::replay
