#include "replay/schedule/trace_tail.h"

#include <algorithm>

namespace tailback::replay {
namespace {

/// What each thread is in the middle of.
class Cut {
 public:
  void event(const TraceEvent& event) {
    ++position_;
    if (event.thread == kNone) return;
    if (threads_.size() <= event.thread) threads_.resize(event.thread + 1);
    State& state = threads_[event.thread];
    switch (event.operation) {
      case TraceOperation::kRequest:
        state.request = {event, position_};
        break;
      case TraceOperation::kAcquire:
      case TraceOperation::kTryAcquire:
        take(state, event);
        break;
      case TraceOperation::kGiveUp:
        state.request.position = 0;
        break;
      case TraceOperation::kRelease:
        erase(state, event.lock);
        break;
      case TraceOperation::kWait:
        state.slept_with = erase(state, event.other);
        state.sleep = {event, position_};
        break;
      default:
        break;
    }
  }

  /// Sleepers first, since what they gave up may be held by others; then holds; then requests.
  void write(std::vector<TraceEvent>& out) const {
    std::vector<const State*> sleepers;
    std::vector<const At*> holds, requests;
    for (const State& state : threads_) {
      if (state.sleep.position != 0) {
        sleepers.push_back(&state);
        continue;
      }
      for (const At& hold : state.held) holds.push_back(&hold);
      if (state.request.position != 0) requests.push_back(&state.request);
    }
    const auto by_position = [](const At* a, const At* b) { return a->position < b->position; };
    std::sort(sleepers.begin(), sleepers.end(), [](const State* a, const State* b) { return a->sleep.position < b->sleep.position; });
    std::sort(holds.begin(), holds.end(), by_position);
    std::sort(requests.begin(), requests.end(), by_position);
    for (const State* state : sleepers) {
      for (const At& hold : state->held) out.push_back(hold.event);
      if (state->slept_with.position != 0) out.push_back(state->slept_with.event);
      out.push_back(state->sleep.event);
    }
    for (const At* hold : holds) out.push_back(hold->event);
    for (const At* request : requests) out.push_back(request->event);
  }

 private:
  struct At {
    TraceEvent event;
    std::uint64_t position = 0;  // 0: none
  };
  struct State {
    std::vector<At> held;
    At request, sleep, slept_with;
  };

  void take(State& state, const TraceEvent& event) {
    At taken{event, position_};
    if (state.request.position != 0 && state.request.event.lock == event.lock && state.request.event.place != 0) taken.event.place = state.request.event.place;
    if (state.sleep.position != 0 && state.sleep.event.other == event.lock) taken = {state.slept_with.event, position_};  // back where it was taken
    if (taken.event.thread == kNone || taken.event.lock == kNone) taken.event = event;
    state.held.push_back(taken);
    state.request.position = state.sleep.position = 0;
  }

  static At erase(State& state, std::uint32_t lock) {
    const auto last = std::find_if(state.held.rbegin(), state.held.rend(), [&](const At& hold) { return hold.event.lock == lock; });
    if (last == state.held.rend()) return {};
    const At erased = *last;
    state.held.erase(std::next(last).base());
    return erased;
  }

  std::vector<State> threads_;
  std::uint64_t position_ = 0;
};

}  // namespace

Trace tail_of(const TraceStream& trace, std::uint64_t skipped) {
  Trace tail;
  tail.names() = trace.names();
  Cut cut;
  std::uint64_t seen = 0;
  trace.walk([&](const TraceEvent& event) {
    if (seen++ < skipped) return cut.event(event);
    if (seen == skipped + 1) cut.write(tail.events());
    tail.events().push_back(event);
  });
  if (seen <= skipped) cut.write(tail.events());
  return tail;
}

}  // namespace tailback::replay
