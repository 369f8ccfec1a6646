#include "replay/schedule/witness.h"

#include <algorithm>

namespace tailback::replay {

Witness::Witness(const TraceNames& names, const Reordering& reordering) : names_(names), reordering_(reordering), holders_(names.locks.size()) {
  for (const auto& [index, events] : reordering_.events) thread(index).limit = events;
  for (std::uint32_t i = 0; i < reordering_.requests.size(); ++i) {
    ThreadState& state = thread(reordering_.requests[i].thread);
    state.ring = i;
    state.request_number = reordering_.requests[i].number;
  }
}

Witness::ThreadState& Witness::thread(std::uint32_t index) {
  if (index >= threads_.size()) threads_.resize(index + 1);
  return threads_[index];
}

void Witness::contradict(const TraceEvent& event, std::string_view what) {
  if (contradiction_.empty()) contradiction_ = names_.threads[event.thread] + " " + std::string(what);
}

void Witness::event(const TraceEvent& event) {
  if (event.operation == TraceOperation::kStart && thread(event.other).seen == 0) thread(event.other).waits_for_start = event.thread != kNone;
  if (event.thread == kNone) return;
  ThreadState& state = thread(event.thread);
  const std::uint32_t number = ++state.seen;
  if (number == state.request_number) {
    state.request = event;
    state.has_request = true;
  }
  if (number > state.limit) return;
  ++done_;
  if (state.waits_for_start) contradict(event, "runs before its start");
  step(event, state);
}

void Witness::step(const TraceEvent& event, ThreadState& state) {
  if (state.ring != kNone) state.section.push_back(event);
  switch (event.operation) {
    case TraceOperation::kAcquire:
    case TraceOperation::kTryAcquire:
      grant(event, state);
      break;
    case TraceOperation::kRelease:
      release(event, event.lock, state);
      break;
    case TraceOperation::kWait:
      release(event, event.other, state);
      break;
    case TraceOperation::kStart:
      thread(event.other).waits_for_start = false;
      break;
    case TraceOperation::kEnd:
      state.ended = true;
      break;
    default:
      break;
  }
  ThreadState& now = threads_[event.thread];
  if (now.ring != kNone && now.held.empty() && event.operation != TraceOperation::kRequest) now.section.clear();
}

Meeting Witness::meeting(std::uint32_t index, std::uint32_t lock) const {
  Meeting meeting;
  for (const Holder& holder : holders_[lock]) {
    const bool own = holder.thread == index, writes = holder.mode == LockMode::kExclusive;
    (own ? (writes ? meeting.own_writes : meeting.own_reads) : (writes ? meeting.other_writes : meeting.other_reads)) = true;
  }
  return meeting;
}

void Witness::grant(const TraceEvent& event, ThreadState& state) {
  // No writer waits while the prefix is replayed: its threads ask only when they are granted.
  if (admit(names_.locks[event.lock].rule(), event.mode, meeting(event.thread, event.lock)) == Admission::kBlocked) {
    contradict(event, "is not granted " + names_.locks[event.lock].name);
  }
  holders_[event.lock].push_back({event.thread, event.mode});
  state.held.push_back({event.lock, event.mode});
}

void Witness::release(const TraceEvent& event, std::uint32_t lock, ThreadState& state) {
  const auto held = std::find_if(state.held.rbegin(), state.held.rend(), [&](const Held& hold) { return hold.lock == lock; });
  if (held == state.held.rend()) return;  // taken before the trace began
  const LockMode mode = held->mode;
  state.held.erase(std::next(held).base());
  auto& holders = holders_[lock];
  const auto holder = std::find_if(holders.begin(), holders.end(), [&](const Holder& one) { return one.thread == event.thread && one.mode == mode; });
  if (holder != holders.end()) holders.erase(holder);
}

bool Witness::kept_out(std::uint32_t member) const {
  const ThreadState& asks = threads_[reordering_.requests[member].thread];
  const LockRule rule = names_.locks[asks.request.lock].rule();
  const bool own_hold = std::any_of(asks.held.begin(), asks.held.end(), [&](const Held& hold) { return hold.lock == asks.request.lock; });
  for (std::uint32_t i = 0; i < reordering_.requests.size(); ++i) {
    const ThreadState& other = threads_[reordering_.requests[i].thread];
    for (const Held& hold : other.held) {
      if (hold.lock == asks.request.lock && hold_blocks(rule, asks.request.mode, hold.mode, i == member)) return true;
    }
    const bool writer_waits = i != member && other.request.lock == asks.request.lock && other.request.mode == LockMode::kExclusive;
    if (writer_waits && asks.request.mode == LockMode::kShared && waiting_writer_blocks(rule, own_hold)) return true;
  }
  return false;
}

std::string Witness::finish() {
  for (std::uint32_t i = 0; i < reordering_.requests.size() && contradiction_.empty(); ++i) {
    const ThreadState& state = threads_[reordering_.requests[i].thread];
    if (!state.has_request) {
      contradiction_ = "a request is not in the trace";
    } else if (!kept_out(i)) {
      contradiction_ = names_.threads[reordering_.requests[i].thread] + " would be granted " + names_.locks[state.request.lock].name;
    }
  }
  return contradiction_;
}

Program Witness::program() const {
  Program program;
  program.locks = names_.locks;
  program.sites = names_.places;
  for (const AtRequest& at : reordering_.requests) {
    const ThreadState& state = threads_[at.thread];
    ProgramThread thread{names_.threads[at.thread], {}, 1, 0};
    const auto push = [&](StepKind kind, const TraceEvent& event, std::uint32_t lock, bool assumed) {
      Step step{kind, event.mode};
      step.lock = lock;
      step.site = assumed ? 0 : event.place;
      step.assumed = assumed;
      thread.steps.push_back(step);
    };
    TraceEvent asked;  // the request's place is the better one where both have one
    for (const TraceEvent& event : state.section) {
      if (event.operation == TraceOperation::kRequest) asked = event;
      if (event.operation == TraceOperation::kAcquire || event.operation == TraceOperation::kTryAcquire) {
        TraceEvent taken = event;
        if (asked.lock == event.lock && asked.place != 0) taken.place = asked.place;
        push(event.operation == TraceOperation::kAcquire ? StepKind::kLock : StepKind::kTry, taken, event.lock, false);
      }
      if (event.operation == TraceOperation::kRelease) push(StepKind::kUnlock, event, event.lock, false);
      if (event.operation == TraceOperation::kWait) push(StepKind::kUnlock, event, event.other, false);
    }
    push(StepKind::kLock, state.request, state.request.lock, false);
    push(StepKind::kUnlock, state.request, state.request.lock, true);
    for (std::size_t i = state.held.size(); i-- > 0;) push(StepKind::kUnlock, state.request, state.held[i].lock, true);
    program.threads.push_back(std::move(thread));
  }
  return program;
}

}  // namespace tailback::replay
