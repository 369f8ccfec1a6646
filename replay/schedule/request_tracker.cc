#include "replay/schedule/request_tracker.h"

#include <algorithm>

#include <xxhash.h>

namespace tailback::replay {

RequestTracker::ThreadState& RequestTracker::thread(std::uint32_t index) {
  if (index >= threads_.size()) threads_.resize(index + 1);
  return threads_[index];
}

void RequestTracker::use(const TraceEvent& event) {
  std::uint32_t& user = users_[event.lock];
  if (user == kNone) user = event.thread;
  if (user != event.thread) contended_[event.lock] = true;
}

std::uint32_t RequestTracker::event(const TraceEvent& event) {
  if (event.thread == kNone) return kNone;
  if (event.lock != kNone) use(event);
  ThreadState& state = thread(event.thread);
  std::uint32_t made = kNone;
  switch (event.operation) {
    case TraceOperation::kRequest:
      state.pending = event;
      state.asks = true;
      break;
    case TraceOperation::kAcquire:
      made = record(state, state.asks ? state.pending : event);
      state.woken_by = state.woken_by == event.lock ? kNone : state.woken_by;
      state.held.push_back({event.lock, state.asks ? state.pending.place : event.place, event.mode});
      state.asks = false;
      break;
    case TraceOperation::kTryAcquire:
      state.held.push_back({event.lock, event.place, event.mode});
      state.asks = false;
      break;
    case TraceOperation::kGiveUp:
      state.asks = false;
      break;
    case TraceOperation::kWait:
    case TraceOperation::kRelease: {
      const std::uint32_t lock = event.operation == TraceOperation::kWait ? event.other : event.lock;
      const auto last = std::find_if(state.held.rbegin(), state.held.rend(), [&](const Held& hold) { return hold.lock == lock; });
      if (last != state.held.rend()) state.held.erase(std::next(last).base());
      if (event.operation == TraceOperation::kWait) state.woken_by = lock;
      break;
    }
    default:
      break;
  }
  return made;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> RequestTracker::finish() {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> waiting;
  for (std::uint32_t i = 0; i < threads_.size(); ++i) {
    if (!threads_[i].asks) continue;
    if (const std::uint32_t request = record(threads_[i], threads_[i].pending); request != kNone) waiting.emplace_back(i, request);
  }
  return waiting;
}

std::uint32_t RequestTracker::record(const ThreadState& state, const TraceEvent& event) {
  ++total_;
  const LockRule& rule = rules_[event.lock];
  if (state.held.empty() && !(rule.rwlock && event.mode == LockMode::kExclusive)) return kNone;
  held_.clear();
  for (const Held& hold : state.held) {
    const auto known = std::find_if(held_.begin(), held_.end(), [&](const HeldLock& other) { return other.lock == hold.lock; });
    if (known == held_.end()) {
      held_.push_back({hold.lock, hold.mode, hold.place});
    } else if (hold.mode == LockMode::kExclusive) {
      known->mode = hold.mode;
    }
  }
  std::sort(held_.begin(), held_.end());
  const auto own = std::find_if(held_.begin(), held_.end(), [&](const HeldLock& hold) { return hold.lock == event.lock; });
  if (granted_anyway(rule, own == held_.end() ? nullptr : &*own, event.mode)) return kNone;
  const std::uint32_t index = find_or_add(event);
  std::vector<std::uint32_t>& threads = requests_[index].threads;
  if (threads.size() < threads_kept_ && std::find(threads.begin(), threads.end(), event.thread) == threads.end()) threads.push_back(event.thread);
  return index;
}

std::uint32_t RequestTracker::find_or_add(const TraceEvent& event) {
  const std::uint32_t head[3] = {event.lock, static_cast<std::uint32_t>(event.mode), event.place};
  std::uint64_t hash = XXH3_64bits(head, sizeof head);
  for (const HeldLock& hold : held_) {
    const std::uint32_t words[3] = {hold.lock, static_cast<std::uint32_t>(hold.mode), hold.step};
    hash = XXH3_64bits_withSeed(words, sizeof words, hash);
  }
  for (;; ++hash) {
    const auto [found, fresh] = known_.try_emplace(hash, static_cast<std::uint32_t>(requests_.size()));
    if (fresh) {
      Request request;
      request.lock = event.lock;
      request.mode = event.mode;
      request.held = held_;
      request.step = event.place;
      requests_.push_back(std::move(request));
      return found->second;
    }
    const Request& known = requests_[found->second];
    if (known.lock == event.lock && known.mode == event.mode && known.step == event.place && known.held == held_) return found->second;
  }
}

}  // namespace tailback::replay
