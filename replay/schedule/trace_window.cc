#include "replay/schedule/trace_window.h"

#include <algorithm>

namespace tailback::replay {
TraceWindow::TraceWindow(std::vector<LockRule> rules, std::uint32_t threads, std::uint32_t threads_kept, Options options)
    : rules_(rules), options_(options), tracker_(std::move(rules), threads_kept), threads_(threads + 1), running_(threads + 1), ends_(threads) {}

const std::vector<std::uint32_t>& TraceWindow::threads_of(std::uint32_t request) const {
  static const std::vector<std::uint32_t> kNobody;
  const auto found = threads_of_.find(request);
  return found == threads_of_.end() ? kNobody : found->second;
}

void TraceWindow::need(std::uint32_t index, std::uint32_t other, std::uint32_t events) {
  if (other == kNone || other == index || events <= threads_[other].floor) return;  // before the window all has happened
  threads_[index].needs.push_back({threads_[index].events + 1, other, events});
  ++kept_;
}

void TraceWindow::assume_joins(std::uint32_t parent) {
  for (const std::uint32_t child : running_[parent].ended_children) need(parent, child, threads_[child].events);
  running_[parent].ended_children.clear();
}

void TraceWindow::made(std::uint32_t index, std::uint32_t request, std::uint32_t number) {
  if (request == kNone || request >= wanted_.size() || !wanted_[request]) return;
  std::vector<std::uint32_t>& numbers = threads_[index].requests[request];
  if (numbers.empty()) threads_of_[request].push_back(index);
  numbers.push_back(number);
}

void TraceWindow::acquire(const TraceEvent& event, TraceThread& at) {
  if (!contended_[event.lock]) return;
  // Within an exclusive section of its own the thread takes the lock again: one section.
  const bool inner = std::any_of(at.open.begin(), at.open.end(), [&](std::size_t open) {
    return at.sections[open].lock == event.lock && at.sections[open].mode == LockMode::kExclusive;
  });
  TraceSection section{event.lock, inner ? LockMode::kShared : event.mode, at.events, kNone, position_};
  if (inner && !rules_[event.lock].recursive && !rules_[event.lock].rwlock) return;
  at.open.push_back(at.sections.size());
  at.sections.push_back(section);
  ++kept_;
}

void TraceWindow::release(std::uint32_t lock, TraceThread& at) {
  for (std::size_t i = at.open.size(); i-- > 0;) {
    TraceSection& section = at.sections[at.open[i]];
    if (section.lock != lock) continue;
    section.released = at.events;
    at.open.erase(at.open.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

void TraceWindow::event(const TraceEvent& event) {
  ++position_;
  if (event.operation == TraceOperation::kStart) {
    running_[event.other].parent = event.thread;
    if (event.thread == kNone) return need(event.other, ends_, threads_[ends_].events);
  }
  TraceThread& at = threads_[event.thread];
  Running& running = running_[event.thread];
  if (event.operation == TraceOperation::kJoin) need(event.thread, event.other, threads_[event.other].events);
  if (!running.ended_children.empty()) assume_joins(event.thread);
  if (event.operation == TraceOperation::kAcquire && running.woken_by == event.lock && running.condition != kNone) {
    if (const auto notified = notified_.find(running.condition); notified != notified_.end()) {
      need(event.thread, notified->second.thread, notified->second.number);
    }
    running.condition = running.woken_by = kNone;
  }
  const std::uint32_t number = ++at.events;
  const std::uint32_t request = tracker_.event(event);
  switch (event.operation) {
    case TraceOperation::kRequest:
      running.asked = number;
      break;
    case TraceOperation::kAcquire:
      made(event.thread, request, running.asked != 0 ? running.asked : number);
      running.asked = 0;
      acquire(event, at);
      break;
    case TraceOperation::kTryAcquire:
      running.asked = 0;
      acquire(event, at);
      break;
    case TraceOperation::kGiveUp:
      running.asked = 0;
      break;
    case TraceOperation::kRelease:
      release(event.lock, at);
      break;
    case TraceOperation::kWait:
      release(event.other, at);
      running.woken_by = event.other;
      running.condition = event.lock;
      break;
    case TraceOperation::kNotify:
    case TraceOperation::kNotifyAll:
      notified_[event.lock] = {event.thread, number};
      break;
    case TraceOperation::kStart:
      need(event.other, event.thread, number);
      break;
    case TraceOperation::kEnd:
      if (options_.ends_are_joins) ended(event.thread);
      break;
    default:
      break;
  }
}

void TraceWindow::ended(std::uint32_t thread) {
  if (const std::uint32_t parent = running_[thread].parent; parent != kNone) {
    running_[parent].ended_children.push_back(thread);
    return;
  }
  need(ends_, thread, threads_[thread].events);
  ++threads_[ends_].events;
}

void TraceWindow::finish() {
  for (const auto& [thread, request] : tracker_.finish()) made(thread, request, running_[thread].asked);
}

void TraceWindow::restart() {
  for (TraceThread& thread : threads_) {
    thread.floor = thread.events;
    thread.needs.clear();
    thread.requests.clear();
    std::vector<TraceSection> still_open;
    for (std::size_t& open : thread.open) {
      still_open.push_back(thread.sections[open]);
      open = still_open.size() - 1;
    }
    thread.sections = std::move(still_open);
  }
  threads_of_.clear();
  kept_ = 0;
}

}  // namespace tailback::replay
