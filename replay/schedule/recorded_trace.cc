#include "replay/schedule/recorded_trace.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "runtime/incident/incident_reader.h"

namespace tailback::replay {
namespace {

bool modelled(LockKind kind) {
  switch (kind) {
    case LockKind::kUnknown:
    case LockKind::kMutex:
    case LockKind::kRecursiveMutex:
    case LockKind::kRwlock:
    case LockKind::kMonitor:
    case LockKind::kCondition:
      return true;
    default:
      return false;
  }
}

std::optional<TraceOperation> operation_of(LockOperation from) {
  switch (from) {
    case LockOperation::kRequest: return TraceOperation::kRequest;
    case LockOperation::kAcquire: return TraceOperation::kAcquire;
    case LockOperation::kTryAcquire: return TraceOperation::kTryAcquire;
    case LockOperation::kRelease: return TraceOperation::kRelease;
    case LockOperation::kTryFail: return TraceOperation::kGiveUp;
    case LockOperation::kWait: return TraceOperation::kWait;
    case LockOperation::kNotify: return TraceOperation::kNotify;
    case LockOperation::kNotifyAll: return TraceOperation::kNotifyAll;
    case LockOperation::kThreadStart: return TraceOperation::kStart;
    case LockOperation::kThreadEnd: return TraceOperation::kEnd;
    case LockOperation::kThreadJoin: return TraceOperation::kJoin;
    default: return std::nullopt;  // creation and destruction: ids are never re-used
  }
}

/// Dense indices for the ids of a recording, in the order in which they come: the same on every walk.
class Indices {
 public:
  std::optional<TraceEvent> convert(const LockEvent& from, const StackTable& texts) {
    const std::optional<TraceOperation> operation = operation_of(from.operation);
    if (!operation) return std::nullopt;
    TraceEvent event{*operation, from.mode};
    if (event.operation == TraceOperation::kStart) {
      event.other = threads_.of(from.thread);
      if (from.other != 0) event.thread = threads_.of(from.other);
      return event;
    }
    event.thread = threads_.of(from.thread);
    if (event.operation == TraceOperation::kJoin) event.other = threads_.of(from.other);
    if (event.operation != TraceOperation::kJoin && event.operation != TraceOperation::kEnd) event.lock = locks_.of(from.lock);
    if (event.operation == TraceOperation::kWait) event.other = locks_.of(from.other);
    if (from.place.valid()) event.place = 1 + places_.of(texts.text(from.place));
    return event;
  }

  template <class Key>
  class Index {
   public:
    template <class Given>
    std::uint32_t of(const Given& key) {
      const auto [place, fresh] = indices_.try_emplace(Key(key), static_cast<std::uint32_t>(keys_.size()));
      if (fresh) keys_.push_back(place->first);
      return place->second;
    }
    [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }

   private:
    std::unordered_map<Key, std::uint32_t> indices_;
    std::vector<Key> keys_;
  };

  Index<std::uint64_t> threads_, locks_;
  Index<std::string> places_;
};

/// Counts the events of every recording, and learns the names of each.
class Survey final : public EventSink {
 public:
  struct Seen {
    Recording recording;  // without events
    Indices indices;
    std::unordered_set<std::uint32_t> shared, conditions;
    std::vector<std::uint64_t> uses;  // by lock
    std::uint64_t lock_events = 0, events = 0;
  };

  Recording& begin(RecordingInfo info) override {
    seen_.emplace_back(std::make_unique<Seen>())->recording.info = std::move(info);
    return seen_.back()->recording;
  }
  void sample(Sample) override {}
  void dump(Dump) override {}
  void breach(Breach) override {}
  void diagnostic(Diagnostic diagnostic) override { merge_diagnostic(seen_.back()->recording.diagnostics, std::move(diagnostic)); }
  void end() override {}
  void lock_event(const LockEvent& event) override {
    Seen& seen = *seen_.back();
    ++seen.lock_events;
    const std::optional<TraceEvent> converted = seen.indices.convert(event, seen.recording.table);
    if (!converted) return;
    ++seen.events;
    if (converted->lock == kNone) return;
    if (event.mode == LockMode::kShared) seen.shared.insert(converted->lock);
    const bool condition = converted->operation == TraceOperation::kWait || converted->operation == TraceOperation::kNotify || converted->operation == TraceOperation::kNotifyAll;
    if (condition) seen.conditions.insert(converted->lock);
    seen.uses.resize(std::max(seen.uses.size(), std::size_t{converted->lock} + 1));
    ++seen.uses[converted->lock];
  }

  /// The one with the most lock events; its index.
  [[nodiscard]] std::size_t most() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < seen_.size(); ++i) best = seen_[i]->lock_events > seen_[best]->lock_events ? i : best;
    return best;
  }
  [[nodiscard]] const std::vector<std::unique_ptr<Seen>>& seen() const { return seen_; }

 private:
  std::vector<std::unique_ptr<Seen>> seen_;
};

/// "ns::Set<std::basic_string<char, …> >::size[abi:cxx11] /src/set.cc:27" → "ns::Set<…>::size set.cc:27".
std::string short_place(const std::string& place) {
  const auto blank = place.rfind(' ');
  const std::string_view text(place), function = text.substr(0, blank);
  std::string result;
  int depth = 0;
  for (std::size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    const bool operator_name = function.substr(0, i).ends_with("operator") || function.substr(0, i).ends_with("operator<") || function.substr(0, i).ends_with("operator-");
    if (c == '<' && !operator_name && depth++ == 0) result += "<…";
    if (depth == 0) result += c;
    if (c == '>' && !operator_name && depth > 0 && --depth == 0) result += '>';
  }
  if (depth != 0) result = function;  // no template's brackets
  for (auto tag = result.find("[abi:"); tag != std::string::npos; tag = result.find("[abi:")) result.erase(tag, result.find(']', tag) + 1 - tag);
  if (blank == std::string::npos) return result;
  const std::string_view file = text.substr(blank + 1);
  return result + " " + std::string(file.substr(file.rfind('/') + 1));
}

TraceNames names_of(const Survey::Seen& seen) {
  TraceNames names;
  for (const std::uint64_t thread : seen.indices.threads_.keys()) names.threads.push_back("thread " + std::to_string(thread));
  for (const std::string& place : seen.indices.places_.keys()) names.places.push_back(short_place(place));
  std::unordered_map<std::uint64_t, const Lock*> known;
  for (const Lock& lock : seen.recording.instrumented_locks) known.emplace(lock.registry_id, &lock);
  std::unordered_set<std::string> taken;
  const std::vector<std::uint64_t>& ids = seen.indices.locks_.keys();
  for (std::uint32_t i = 0; i < ids.size(); ++i) {
    ProgramLock lock;
    lock.kind = seen.conditions.contains(i) ? LockKind::kCondition : seen.shared.contains(i) ? LockKind::kRwlock : LockKind::kMutex;
    if (const auto found = known.find(ids[i]); found != known.end()) {
      if (found->second->kind != LockKind::kUnknown) lock.kind = found->second->kind;
      lock.policy = found->second->policy;
      lock.name = seen.recording.table.text(found->second->name);
    }
    if (lock.name.empty()) lock.name = "lock#" + std::to_string(ids[i]);
    if (!taken.insert(lock.name).second) lock.name += "#" + std::to_string(ids[i]);
    names.locks.push_back(std::move(lock));
  }
  return names;
}

/// Passes on the events of one recording, up to a number of them.
class Walk final : public EventSink {
 public:
  Walk(std::size_t recording, std::uint64_t most, const TraceNames& names, const std::function<void(const TraceEvent&)>& visit)
      : wanted_(recording), left_(most), names_(names), visit_(visit) {}

  Recording& begin(RecordingInfo) override {
    recording_ = {};
    ++begun_;
    return recording_;
  }
  void sample(Sample) override {}
  void dump(Dump) override {}
  void breach(Breach) override {}
  void diagnostic(Diagnostic) override {}
  void end() override {}
  void lock_event(const LockEvent& event) override {
    if (begun_ != wanted_ + 1 || left_ == 0) return;
    --left_;
    const std::optional<TraceEvent> converted = indices_.convert(event, recording_.table);
    if (!converted || !known(*converted)) return;
    if (converted->lock == kNone || modelled(names_.locks[converted->lock].kind)) visit_(*converted);
  }

 private:
  // Always, unless somebody wrote another file in the place of this one.
  [[nodiscard]] bool known(const TraceEvent& event) const {
    const bool other_is_lock = event.operation == TraceOperation::kWait;
    const auto in = [](std::uint32_t index, std::size_t size) { return index == kNone || index < size; };
    return in(event.thread, names_.threads.size()) && in(event.lock, names_.locks.size()) && event.place < names_.places.size() &&
           in(event.other, other_is_lock ? names_.locks.size() : names_.threads.size());
  }

  std::size_t wanted_, begun_ = 0;
  std::uint64_t left_;
  const TraceNames& names_;
  const std::function<void(const TraceEvent&)>& visit_;
  Recording recording_;
  Indices indices_;
};

}  // namespace

Result<std::unique_ptr<RecordedTrace>> RecordedTrace::open(const std::string& path) {
  Survey survey;
  if (Result<void> read = read_incident(path, survey, IncidentParts::kLockEvents); !read.ok()) return read.error();
  if (survey.seen().empty() || survey.seen()[survey.most()]->lock_events == 0) {
    return Error{ErrorCode::kMalformed, "holds no lock events: record with instrumented locks and lock events on, or write a .locks scenario", path};
  }
  std::unique_ptr<RecordedTrace> trace(new RecordedTrace);
  const Survey::Seen& seen = *survey.seen()[survey.most()];
  trace->path_ = path;
  trace->recording_ = survey.most();
  trace->lock_events_ = seen.lock_events;
  trace->names_ = names_of(seen);
  trace->events_ = seen.events;
  for (const Diagnostic& diagnostic : seen.recording.diagnostics) {
    if (diagnostic.severity != Severity::kInformation) trace->diagnostics_.push_back(diagnostic);
  }
  std::uint64_t left_out = 0;
  for (std::uint32_t i = 0; i < seen.uses.size(); ++i) {
    if (!modelled(trace->names_.locks[i].kind)) left_out += seen.uses[i];
  }
  if (left_out > 0) {
    trace->events_ -= left_out;
    trace->diagnostics_.push_back({Severity::kInformation, path, 0, "operations on semaphores, barriers or channels are not modelled", left_out});
  }
  for (const auto& [name, value] : seen.recording.counters) {
    if (name != "lost.lock_events" || value == 0) continue;
    trace->has_gaps_ = true;
    trace->diagnostics_.push_back({Severity::kDataLoss, path, 0, "lock events were lost while it was recorded: what they say is missing here", value});
  }
  return trace;
}

void RecordedTrace::walk(const std::function<void(const TraceEvent&)>& visit) const {
  Walk walk(recording_, lock_events_, names_, visit);
  // It could be read a moment ago; what fails now ends the walk early.
  static_cast<void>(read_incident(path_, walk, IncidentParts::kLockEvents));
}

}  // namespace tailback::replay
