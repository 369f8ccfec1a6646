#include "replay/schedule/trace.h"

#include <algorithm>
#include <map>

namespace tailback::replay {
namespace {

/// Straightens one trace into programs.
class ProgramBuilder {
 public:
  ProgramBuilder(const TraceStream& trace, std::vector<Diagnostic>& diagnostics) : diagnostics_(diagnostics) {
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
        push(event, StepKind::kLock, TurnKind::kRequest);
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

  void push(const TraceEvent& event, StepKind kind, TurnKind turn = TurnKind::kMove) {
    Step step{kind, event.mode};
    step.lock = event.lock;
    step.other = event.other;
    step.site = event.place;
    step.line = number_;
    program_.threads[event.thread].steps.push_back(step);
    program_.order.emplace_back(event.thread, turn, number_);
  }

  void forget_last(std::uint32_t thread) {
    const auto last = std::find_if(program_.order.rbegin(), program_.order.rend(), [&](const Turn& turn) { return turn.thread == thread; });
    if (last != program_.order.rend()) program_.order.erase(std::next(last).base());
  }

  void acquire(const TraceEvent& event, State& state) {
    if (state.woken_by == event.lock) {
      state.woken_by = kNone;
      state.held.push_back(event.lock);
      program_.order.emplace_back(event.thread, TurnKind::kGrant);
      return;
    }
    if (state.pending) {
      program_.order.emplace_back(event.thread, TurnKind::kGrant);
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

Program program_of(const TraceStream& trace, std::vector<Diagnostic>& diagnostics) {
  ProgramBuilder builder(trace, diagnostics);
  trace.walk([&](const TraceEvent& event) { builder.add(event); });
  return builder.finish();
}

}  // namespace tailback::replay
