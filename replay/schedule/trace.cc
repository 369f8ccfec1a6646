#include "replay/schedule/trace.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

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

/// Dense indices for the ids of a recording.
class TraceBuilder {
 public:
  explicit TraceBuilder(const Recording& recording) : recording_(recording) {
    for (const LockEvent& event : recording.lock_events) {
      if (event.mode == LockMode::kShared) shared_.insert(event.lock);
      if (event.operation == LockOperation::kWait || event.operation == LockOperation::kNotify || event.operation == LockOperation::kNotifyAll) {
        conditions_.insert(event.lock);
      }
    }
    for (const Lock& lock : recording.instrumented_locks) known_.emplace(lock.registry_id, &lock);
  }

  Trace build() {
    for (const LockEvent& event : recording_.lock_events) add(event);
    if (left_out_ > 0) {
      trace_.diagnostics().push_back({Severity::kInformation, recording_.info.file, 0, "operations on semaphores, barriers or channels are not modelled", left_out_});
    }
    return std::move(trace_);
  }

 private:
  void add(const LockEvent& event) {
    TraceEvent result;
    result.mode = event.mode;
    if (event.operation == LockOperation::kThreadStart) {
      result.operation = TraceOperation::kStart;
      result.other = thread(event.thread);
      if (event.other != 0) result.thread = thread(event.other);
      trace_.events().push_back(result);
      return;
    }
    if (!convert(event.operation, result.operation)) return;
    result.thread = thread(event.thread);
    if (event.operation == LockOperation::kThreadJoin) {
      result.other = thread(event.other);
    } else if (event.operation != LockOperation::kThreadEnd) {
      result.lock = lock(event.lock);
      if (event.operation == LockOperation::kWait) result.other = lock(event.other);
      const LockKind kind = trace_.names().locks[result.lock].kind;
      if (!modelled(kind)) {
        ++left_out_;
        return;
      }
    }
    result.place = place(event.place);
    trace_.events().push_back(result);
  }

  static bool convert(LockOperation from, TraceOperation& to) {
    switch (from) {
      case LockOperation::kRequest: to = TraceOperation::kRequest; return true;
      case LockOperation::kAcquire: to = TraceOperation::kAcquire; return true;
      case LockOperation::kTryAcquire: to = TraceOperation::kTryAcquire; return true;
      case LockOperation::kRelease: to = TraceOperation::kRelease; return true;
      case LockOperation::kTryFail: to = TraceOperation::kGiveUp; return true;
      case LockOperation::kWait: to = TraceOperation::kWait; return true;
      case LockOperation::kNotify: to = TraceOperation::kNotify; return true;
      case LockOperation::kNotifyAll: to = TraceOperation::kNotifyAll; return true;
      case LockOperation::kThreadEnd: to = TraceOperation::kEnd; return true;
      case LockOperation::kThreadJoin: to = TraceOperation::kJoin; return true;
      default: return false;  // creation and destruction: ids are never re-used
    }
  }

  std::uint32_t thread(std::uint64_t id) {
    const auto [place, fresh] = threads_.try_emplace(id, static_cast<std::uint32_t>(trace_.names().threads.size()));
    if (fresh) trace_.names().threads.push_back("thread " + std::to_string(id));
    return place->second;
  }

  std::uint32_t lock(std::uint64_t id) {
    const auto [place, fresh] = locks_.try_emplace(id, static_cast<std::uint32_t>(trace_.names().locks.size()));
    if (!fresh) return place->second;
    ProgramLock lock;
    lock.kind = conditions_.contains(id) ? LockKind::kCondition : shared_.contains(id) ? LockKind::kRwlock : LockKind::kMutex;
    if (const auto known = known_.find(id); known != known_.end()) {
      if (known->second->kind != LockKind::kUnknown) lock.kind = known->second->kind;
      lock.policy = known->second->policy;
      lock.name = recording_.table.text(known->second->name);
    }
    if (lock.name.empty()) lock.name = "lock " + std::to_string(id);
    if (!names_.insert(lock.name).second) lock.name += "#" + std::to_string(id);
    trace_.names().locks.push_back(std::move(lock));
    return place->second;
  }

  std::uint32_t place(StringId id) {
    if (!id.valid()) return 0;
    const auto [found, fresh] = places_.try_emplace(id, static_cast<std::uint32_t>(trace_.names().places.size()));
    if (fresh) trace_.names().places.emplace_back(recording_.table.text(id));
    return found->second;
  }

  const Recording& recording_;
  std::unordered_set<std::uint64_t> shared_, conditions_;
  std::unordered_map<std::uint64_t, const Lock*> known_;
  std::unordered_map<std::uint64_t, std::uint32_t> threads_, locks_;
  std::unordered_map<StringId, std::uint32_t> places_;
  std::unordered_set<std::string> names_;
  std::uint64_t left_out_ = 0;
  Trace trace_;
};

/// Straightens one trace into programs.
class ProgramBuilder {
 public:
  ProgramBuilder(const Trace& trace, std::vector<Diagnostic>& diagnostics) : diagnostics_(diagnostics) {
    program_.locks = trace.names().locks;
    program_.sites = trace.names().places;
    for (const std::string& name : trace.names().threads) program_.threads.push_back({name, {}, 1, 0});
    states_.resize(program_.threads.size());
  }

  void add(const TraceEvent& event) {
    ++number_;
    if (event.thread == kNone) return;  // started by nobody we know: runs from the beginning
    State& state = states_[event.thread];
    switch (event.operation) {
      case TraceOperation::kRequest:
        state.pending = true;
        push(event, StepKind::kLock);
        return;
      case TraceOperation::kAcquire:
      case TraceOperation::kTryAcquire:
        return acquire(event, state);
      case TraceOperation::kRelease:
        return release(event, state);
      case TraceOperation::kGiveUp:
        if (state.pending) program_.threads[event.thread].steps.pop_back();
        if (state.pending) forget_last(event.thread);
        state.pending = false;
        return;
      case TraceOperation::kWait:
        if (!erase(state.held, event.other)) return note("a wait without its lock");
        state.woken_by = event.other;
        return push(event, StepKind::kWait);
      case TraceOperation::kNotify:
        return push(event, StepKind::kNotify);
      case TraceOperation::kNotifyAll:
        return push(event, StepKind::kNotifyAll);
      case TraceOperation::kStart:
        return push(event, StepKind::kStart);
      case TraceOperation::kJoin:
        return push(event, StepKind::kJoin);
      case TraceOperation::kEnd:
        return;
    }
  }

  Program finish() {
    for (std::uint32_t t = 0; t < states_.size(); ++t) {
      State& state = states_[t];
      ProgramThread& thread = program_.threads[t];
      if (state.woken_by != kNone) state.held.push_back(state.woken_by);  // still asleep
      if (state.pending) state.held.push_back(thread.steps.back().lock);
      for (std::size_t i = state.held.size(); i-- > 0;) {
        Step step{StepKind::kUnlock};
        step.lock = state.held[i];
        step.assumed = true;
        thread.steps.push_back(step);
      }
    }
    for (const auto& [what, count] : notes_) diagnostics_.push_back({Severity::kDataLoss, "", 0, what + ": left out", count});
    const Result<void> checked = check(program_, "trace", true);
    if (!checked.ok()) diagnostics_.push_back({Severity::kError, "", 0, checked.error().message, 1});
    return std::move(program_);
  }

 private:
  struct State {
    std::vector<std::uint32_t> held;
    bool pending = false;
    std::uint32_t woken_by = kNone;  // the lock that a wait gave up, until it is back
  };

  void push(const TraceEvent& event, StepKind kind) {
    Step step{kind, event.mode};
    step.lock = event.lock;
    step.other = event.other;
    step.site = event.place;
    step.line = number_;
    program_.threads[event.thread].steps.push_back(step);
    program_.order.push_back(event.thread);
  }

  void forget_last(std::uint32_t thread) {
    const auto last = std::find(program_.order.rbegin(), program_.order.rend(), thread);
    if (last != program_.order.rend()) program_.order.erase(std::next(last).base());
  }

  void acquire(const TraceEvent& event, State& state) {
    if (state.woken_by == event.lock) {
      state.woken_by = kNone;
      state.held.push_back(event.lock);
      program_.order.push_back(event.thread);
      return;
    }
    if (state.pending) {
      program_.order.push_back(event.thread);  // its grant; no move where the model granted it with the request
    } else {
      push(event, event.operation == TraceOperation::kTryAcquire ? StepKind::kTry : StepKind::kLock);
    }
    state.pending = false;
    state.held.push_back(event.lock);
  }

  void release(const TraceEvent& event, State& state) {
    if (!erase(state.held, event.lock)) return note("a release of what its thread does not hold");
    push(event, StepKind::kUnlock);
  }

  static bool erase(std::vector<std::uint32_t>& held, std::uint32_t lock) {
    const auto last = std::find(held.rbegin(), held.rend(), lock);
    if (last == held.rend()) return false;
    held.erase(std::next(last).base());
    return true;
  }

  void note(const std::string& what) { ++notes_[what]; }

  std::vector<Diagnostic>& diagnostics_;
  Program program_;
  std::vector<State> states_;
  std::map<std::string, std::uint64_t> notes_;
  std::uint32_t number_ = 0;
};

}  // namespace

void Trace::walk(const std::function<void(const TraceEvent&)>& visit) const {
  for (const TraceEvent& event : events_) visit(event);
}

Trace trace_of(const Recording& recording) { return TraceBuilder(recording).build(); }

Program program_of(const Trace& trace, std::vector<Diagnostic>& diagnostics) {
  ProgramBuilder builder(trace, diagnostics);
  for (const TraceEvent& event : trace.events()) builder.add(event);
  return builder.finish();
}

}  // namespace tailback::replay
