#include "replay/schedule/std_trace.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

namespace tailback::replay {
namespace {

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

class StdParser {
 public:
  explicit StdParser(std::string_view file) : file_(file) {}

  Result<Trace> parse(std::string_view text) {
    std::uint64_t number = 0, unread = 0, first_unread = 0;
    while (!text.empty()) {
      const auto end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
      ++number;
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (line.empty() || line.front() == '#') continue;
      if (!event(line)) {
        if (unread++ == 0) first_unread = number;
      }
    }
    if (trace_.events().empty()) return Error{ErrorCode::kMalformed, "no event of an STD trace (THREAD|OPERATION(OPERAND)|PLACE)", std::string(file_)};
    if (unread > 0) {
      trace_.diagnostics().push_back({Severity::kDataLoss, std::string(file_), first_unread, "not an event: THREAD|OPERATION(OPERAND)|PLACE", unread});
    }
    if (accesses_ > 0) {
      trace_.diagnostics().push_back({Severity::kInformation, std::string(file_), 0, "accesses to variables passed over; an order through data is not seen", accesses_});
    }
    for (ProgramLock& lock : trace_.names().locks) {
      if (lock.kind == LockKind::kUnknown) lock.kind = LockKind::kRecursiveMutex;  // Java's, which the format comes from
    }
    return std::move(trace_);
  }

 private:
  bool event(std::string_view line) {
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
    result.thread = thread(parts->thread);
    result.place = index(places_, trace_.names().places, parts->place);
    if (result.operation == TraceOperation::kStart || result.operation == TraceOperation::kJoin) {
      if (parts->operand.empty()) return false;
      result.other = thread(parts->operand);
    } else if (result.operation != TraceOperation::kEnd && !lock_of(*parts, result)) {
      return false;
    }
    wake_before(result);
    if (result.operation == TraceOperation::kWait) asleep_[result.thread] = result.other;
    trace_.events().push_back(result);
    return true;
  }

  // Java's wait takes its monitor again without an event of its own: whatever the thread does next, it holds it.
  void wake_before(const TraceEvent& next) {
    const auto asleep = asleep_.find(next.thread);
    if (asleep == asleep_.end()) return;
    const std::uint32_t monitor = asleep->second;
    asleep_.erase(asleep);
    if (next.operation == TraceOperation::kAcquire && next.lock == monitor) return;
    TraceEvent back{TraceOperation::kAcquire, kWrite};
    back.thread = next.thread;
    back.lock = monitor;
    back.place = next.place;
    trace_.events().push_back(back);
  }

  bool lock_of(const Parts& parts, TraceEvent& event) {
    if (parts.operand.empty()) return false;
    const bool condition = event.operation == TraceOperation::kWait || event.operation == TraceOperation::kNotify || event.operation == TraceOperation::kNotifyAll;
    std::string name(parts.operand);
    if (condition) name = "condition " + name;  // Java's monitors are lock and condition at once
    const auto [place, fresh] = locks_.try_emplace(name, static_cast<std::uint32_t>(trace_.names().locks.size()));
    if (fresh) trace_.names().locks.push_back({name, condition ? LockKind::kCondition : LockKind::kUnknown, LockPolicy::kUnknown});
    event.lock = place->second;
    if (event.mode == LockMode::kShared) trace_.names().locks[event.lock].kind = LockKind::kRwlock;
    std::vector<std::uint32_t>& held = held_[event.thread];
    if (event.operation == TraceOperation::kAcquire) held.push_back(event.lock);
    if (event.operation == TraceOperation::kRelease) {
      if (const auto last = std::find(held.rbegin(), held.rend(), event.lock); last != held.rend()) held.erase(std::next(last).base());
    }
    if (event.operation != TraceOperation::kWait) return true;
    const auto own = locks_.find(std::string(parts.operand));
    event.other = own != locks_.end() ? own->second : held.empty() ? kNone : held.back();
    return event.other != kNone;
  }

  std::uint32_t thread(std::string_view name) { return index(threads_, trace_.names().threads, name); }

  static std::uint32_t index(std::unordered_map<std::string, std::uint32_t>& known, std::vector<std::string>& names, std::string_view name) {
    if (name.empty()) return 0;
    const auto [place, fresh] = known.try_emplace(std::string(name), static_cast<std::uint32_t>(names.size()));
    if (fresh) names.emplace_back(name);
    return place->second;
  }

  std::string_view file_;
  Trace trace_;
  std::unordered_map<std::string, std::uint32_t> threads_, locks_, places_;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> held_;
  std::unordered_map<std::uint32_t, std::uint32_t> asleep_;  // thread: the monitor that its wait gave up
  std::uint64_t accesses_ = 0;
};

}  // namespace

Result<Trace> parse_std_trace(std::string_view text, std::string_view file) { return StdParser(file).parse(text); }

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
