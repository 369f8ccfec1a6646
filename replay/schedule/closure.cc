#include "replay/schedule/closure.h"

#include <algorithm>

namespace tailback::replay {

Closure::Closure(const TraceWindow& window) : window_(window) {
  const std::size_t threads = window.threads().size();
  reached_.resize(threads);
  next_section_.assign(threads, 0);
  locks_.resize(window.lock_count());
  for (std::uint32_t i = 0; i < threads; ++i) {
    const TraceThread& thread = window.threads()[i];
    reached_[i] = thread.floor;
    if (!thread.sections.empty() && thread.sections.front().acquired <= thread.floor) carried_.push_back(i);
  }
}

void Closure::reset() {
  for (const std::uint32_t thread : touched_threads_) {
    reached_[thread] = window_.threads()[thread].floor;
    next_section_[thread] = 0;
  }
  for (const std::uint32_t lock : touched_locks_) locks_[lock] = {};
  touched_threads_.clear();
  touched_locks_.clear();
  pending_.clear();
  for (const std::uint32_t thread : carried_) {
    touched_threads_.push_back(thread);
    take_sections(thread);
  }
}

// Those that were acquired within the set by now.
void Closure::take_sections(std::uint32_t thread) {
  const TraceThread& at = window_.threads()[thread];
  std::uint32_t& next = next_section_[thread];
  for (; next < at.sections.size() && at.sections[next].acquired <= reached_[thread]; ++next) {
    const TraceSection& section = at.sections[next];
    LockState& lock = locks_[section.lock];
    if (!lock.touched) touched_locks_.push_back(section.lock);
    lock.touched = true;
    lock.last = std::max(lock.last, section.position);
    if (section.mode == LockMode::kExclusive) lock.last_write = std::max(lock.last_write, section.position);
    lock.open.emplace_back(thread, next);
  }
}

void Closure::advance(std::uint32_t thread, std::uint32_t number) {
  if (number > reached_[thread]) pending_.emplace_back(thread, number);
}

void Closure::drain() {
  while (!pending_.empty()) {
    const auto [thread, number] = pending_.back();
    pending_.pop_back();
    if (number <= reached_[thread]) continue;
    const TraceThread& at = window_.threads()[thread];
    touched_threads_.push_back(thread);
    reached_[thread] = number;
    if (const Inherited* inherited = at.inherited(number)) {
      for (const auto& [other, events] : *inherited) advance(other, events);
    }
    take_sections(thread);
  }
}

// Every section of the lock in the set that a later one in the set excludes must have been released.
bool Closure::close_lock(std::uint32_t index) {
  LockState& lock = locks_[index];
  for (std::size_t i = 0; i < lock.open.size();) {
    const auto [thread, number] = lock.open[i];
    const TraceSection& section = window_.threads()[thread].sections[number];
    if (section.released <= reached_[thread]) {
      lock.open[i] = lock.open.back();
      lock.open.pop_back();
      continue;
    }
    const std::uint64_t after = section.mode == LockMode::kExclusive ? lock.last : lock.last_write;
    if (after > section.position) {
      if (section.released == kNone) return false;
      advance(thread, section.released);
    }
    ++i;
  }
  return true;
}

bool Closure::close() {
  drain();
  for (bool grown = true; grown;) {
    grown = false;
    for (std::size_t i = 0; i < touched_locks_.size(); ++i) {
      if (!close_lock(touched_locks_[i])) return false;
      if (pending_.empty()) continue;
      drain();
      grown = true;
    }
  }
  return true;
}

std::optional<Reordering> Closure::find(std::span<const std::uint32_t> threads, std::span<const std::uint32_t> requests) {
  reset();
  std::vector<const std::vector<std::uint32_t>*> instances;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    const auto& made = window_.threads()[threads[i]].requests;
    const auto found = made.find(requests[i]);
    if (found == made.end()) return std::nullopt;
    instances.push_back(&found->second);
  }
  std::vector<std::size_t> at(threads.size(), 0);
  for (;;) {
    for (std::size_t i = 0; i < threads.size(); ++i) {
      const std::uint32_t number = (*instances[i])[at[i]];
      advance(threads[i], number - 1);
      // To ask at all it must have been started, joined whom it joined, and been woken.
      if (const Inherited* inherited = window_.threads()[threads[i]].inherited(number)) {
        for (const auto& [other, events] : *inherited) advance(other, events);
      }
    }
    if (!close()) return std::nullopt;
    bool moved = false;
    for (std::size_t i = 0; i < threads.size(); ++i) {
      while ((*instances[i])[at[i]] <= reached_[threads[i]]) {
        moved = true;
        if (++at[i] == instances[i]->size()) return std::nullopt;
      }
    }
    if (moved) continue;
    Reordering found;
    for (std::size_t i = 0; i < threads.size(); ++i) found.requests.push_back({threads[i], (*instances[i])[at[i]]});
    std::sort(touched_threads_.begin(), touched_threads_.end());
    touched_threads_.erase(std::unique(touched_threads_.begin(), touched_threads_.end()), touched_threads_.end());
    for (std::uint32_t thread = 0; thread < reached_.size(); ++thread) {
      if (reached_[thread] > 0) found.events.emplace_back(thread, reached_[thread]);
    }
    return found;
  }
}

}  // namespace tailback::replay
