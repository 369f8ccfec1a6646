#include "replay/schedule/trace_window.h"

#include <algorithm>

namespace tailback::replay {
namespace {

void raise(Inherited& into, std::uint32_t thread, std::uint32_t number) {
  if (into.empty() || into.back().first < thread) {
    into.emplace_back(thread, number);
    return;
  }
  const auto at = std::lower_bound(into.begin(), into.end(), std::pair(thread, std::uint32_t{0}));
  if (at != into.end() && at->first == thread) {
    at->second = std::max(at->second, number);
  } else {
    into.insert(at, {thread, number});
  }
}

void merge(Inherited& into, const Inherited& from) {
  if (from.size() < 8) {
    for (const auto& [thread, number] : from) raise(into, thread, number);
    return;
  }
  Inherited merged;
  merged.reserve(into.size() + from.size());
  auto a = into.begin();
  auto b = from.begin();
  while (a != into.end() || b != from.end()) {
    if (b == from.end() || (a != into.end() && a->first < b->first)) {
      merged.push_back(*a++);
    } else if (a == into.end() || b->first < a->first) {
      merged.push_back(*b++);
    } else {
      merged.emplace_back(a->first, std::max(a->second, b->second));
      ++a;
      ++b;
    }
  }
  into = std::move(merged);
}

}  // namespace

const Inherited* TraceThread::inherited(std::uint32_t event) const {
  const auto after = std::upper_bound(epochs.begin(), epochs.end(), event, [](std::uint32_t number, const Epoch& epoch) { return number < epoch.from; });
  return after == epochs.begin() ? nullptr : std::prev(after)->inherited.get();
}

TraceWindow::TraceWindow(std::vector<LockRule> rules, std::uint32_t threads_kept, Options options)
    : rules_(rules), options_(options), tracker_(std::move(rules), threads_kept) {}

TraceThread& TraceWindow::thread(std::uint32_t index) {
  if (index >= threads_.size()) {
    threads_.resize(index + 1);
    running_.resize(index + 1);
  }
  return threads_[index];
}

const std::vector<std::uint32_t>& TraceWindow::threads_of(std::uint32_t request) const {
  static const std::vector<std::uint32_t> kNobody;
  const auto found = threads_of_.find(request);
  return found == threads_of_.end() ? kNobody : found->second;
}

/// From its next event on, `index` knows of everything up to `number` of `from`.
void TraceWindow::inherit(std::uint32_t index, std::uint32_t from, std::uint32_t number) {
  if (from == kNone || from == index || number <= thread(from).floor) return;  // before the window all is known
  thread(std::max(index, from));
  TraceThread& thread = threads_[index];
  Inherited known;
  const std::uint32_t next = thread.events + 1;
  if (!thread.epochs.empty()) {
    TraceThread::Epoch& last = thread.epochs.back();
    // An epoch in which the thread acquired nothing can be replaced; with one owner even in place.
    const bool replaceable = thread.sections.empty() || thread.sections.back().acquired < last.from;
    if (replaceable && last.inherited.use_count() == 1) {
      known = std::move(*std::const_pointer_cast<Inherited>(last.inherited));
      thread.epochs.pop_back();
    } else {
      known = *last.inherited;
    }
  }
  if (const Inherited* other = threads_[from].inherited(number)) merge(known, *other);
  raise(known, from, number);
  thread.epochs.push_back({next, std::make_shared<const Inherited>(std::move(known))});
}

void TraceWindow::assume_joins(std::uint32_t parent) {
  std::vector<std::uint32_t> children = std::move(running_[parent].ended_children);
  running_[parent].ended_children.clear();
  for (const std::uint32_t child : children) inherit(parent, child, threads_[child].events);
}

void TraceWindow::made(std::uint32_t index, std::uint32_t request, std::uint32_t number) {
  if (request == kNone || request >= wanted_.size() || !wanted_[request]) return;
  std::vector<std::uint32_t>& numbers = threads_[index].requests[request];
  if (numbers.empty()) threads_of_[request].push_back(index);
  numbers.push_back(number);
}

void TraceWindow::acquire(const TraceEvent& event, TraceThread& at) {
  // Within an exclusive section of its own the thread takes the lock again: one section.
  const bool inner = std::any_of(at.open.begin(), at.open.end(), [&](std::size_t open) {
    return at.sections[open].lock == event.lock && at.sections[open].mode == LockMode::kExclusive;
  });
  TraceSection section{event.lock, inner ? LockMode::kShared : event.mode, at.events, kNone, position_};
  if (inner && !rules_[event.lock].recursive && !rules_[event.lock].rwlock) return;
  at.open.push_back(at.sections.size());
  at.sections.push_back(section);
  ++sections_;
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
    thread(event.other);
    running_[event.other].parent = event.thread;
    if (event.thread == kNone) {
      if (options_.ends_are_joins) {
        for (const std::uint32_t ended : ended_) inherit(event.other, ended, threads_[ended].events);
      }
      return;
    }
  }
  TraceThread& at = thread(event.thread);
  if (event.operation == TraceOperation::kJoin) inherit(event.thread, event.other, thread(event.other).events);
  Running& running = running_[event.thread];
  if (options_.ends_are_joins && !running.ended_children.empty()) assume_joins(event.thread);
  const bool wakes = event.operation == TraceOperation::kAcquire && running.woken_by == event.lock && running.condition != kNone;
  if (wakes) {
    if (const auto notified = notified_.find(running.condition); notified != notified_.end()) {
      inherit(event.thread, notified->second.thread, notified->second.number);
    }
    running.condition = running.woken_by = kNone;
  }
  TraceThread& current = threads_[event.thread];  // inherit() may have moved it
  const std::uint32_t number = ++current.events;
  if (event.operation == TraceOperation::kRequest) running_[event.thread].asked = number;
  const std::uint32_t asked = running_[event.thread].asked;
  const std::uint32_t request = tracker_.event(event);
  switch (event.operation) {
    case TraceOperation::kAcquire:
      made(event.thread, request, asked != 0 ? asked : number);
      running_[event.thread].asked = 0;
      acquire(event, current);
      break;
    case TraceOperation::kTryAcquire:
      running_[event.thread].asked = 0;
      acquire(event, current);
      break;
    case TraceOperation::kGiveUp:
      running_[event.thread].asked = 0;
      break;
    case TraceOperation::kRelease:
      release(event.lock, current);
      break;
    case TraceOperation::kWait:
      release(event.other, current);
      running_[event.thread].woken_by = event.other;
      running_[event.thread].condition = event.lock;
      break;
    case TraceOperation::kNotify:
    case TraceOperation::kNotifyAll:
      notified_[event.lock] = {event.thread, number};
      break;
    case TraceOperation::kStart:
      inherit(event.other, event.thread, number);
      break;
    case TraceOperation::kEnd:
      if (!options_.ends_are_joins) break;
      if (const std::uint32_t parent = running_[event.thread].parent; parent != kNone) {
        running_[parent].ended_children.push_back(event.thread);
      } else {
        ended_.push_back(event.thread);
      }
      break;
    default:
      break;
  }
  static_cast<void>(at);
}

void TraceWindow::finish() {
  for (const auto& [thread, request] : tracker_.finish()) made(thread, request, running_[thread].asked);
}

void TraceWindow::restart() {
  for (TraceThread& thread : threads_) {
    thread.floor = thread.events;
    thread.epochs.clear();
    thread.requests.clear();
    std::vector<TraceSection> still_open;
    for (std::size_t& open : thread.open) {
      still_open.push_back(thread.sections[open]);
      open = still_open.size() - 1;
    }
    thread.sections = std::move(still_open);
  }
  threads_of_.clear();
  sections_ = 0;
}

}  // namespace tailback::replay
