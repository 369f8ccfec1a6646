#include "replay/schedule/closure.h"

#include <algorithm>

namespace tailback::replay {

Closure::Closure(const TraceWindow& window) : window_(window) {
  const std::size_t threads = window.threads().size();
  reached_.resize(threads);
  next_section_.assign(threads, 0);
  next_need_.assign(threads, 0);
  touched_.assign(threads, false);
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
    next_section_[thread] = next_need_[thread] = 0;
    touched_[thread] = false;
  }
  for (const std::uint32_t lock : touched_locks_) locks_[lock] = {};
  touched_threads_.clear();
  touched_locks_.clear();
  dirty_locks_.clear();
  pending_.clear();
  for (const std::uint32_t thread : carried_) take_sections(thread);
}

void Closure::touch(std::uint32_t thread) {
  if (!touched_[thread]) touched_threads_.push_back(thread);
  touched_[thread] = true;
}

// Those that were acquired within the set by now.
void Closure::take_sections(std::uint32_t thread) {
  touch(thread);
  const TraceThread& at = window_.threads()[thread];
  std::uint32_t& next = next_section_[thread];
  for (; next < at.sections.size() && at.sections[next].acquired <= reached_[thread]; ++next) {
    ++work_;
    const TraceSection& section = at.sections[next];
    LockState& lock = locks_[section.lock];
    if (!lock.touched) touched_locks_.push_back(section.lock);
    if (!lock.dirty) dirty_locks_.push_back(section.lock);
    lock.touched = lock.dirty = true;
    lock.last = std::max(lock.last, section.position);
    const bool writes = section.mode == LockMode::kExclusive;
    if (writes) lock.last_write = std::max(lock.last_write, section.position);
    if (section.released > reached_[thread]) (writes ? lock.writes : lock.new_reads).push_back({section.position, thread, section.released});
  }
}

void Closure::advance(std::uint32_t thread, std::uint32_t number) {
  if (number > reached_[thread]) pending_.emplace_back(thread, number);
}

/// What the thread's events up to `number` need of others.
void Closure::meet_needs(std::uint32_t thread, std::uint32_t number) {
  touch(thread);
  const std::vector<Need>& needs = window_.threads()[thread].needs;
  std::uint32_t& next = next_need_[thread];
  for (; next < needs.size() && needs[next].from <= number; ++next) {
    ++work_;
    advance(needs[next].thread, needs[next].events);
  }
}

void Closure::drain() {
  while (!pending_.empty()) {
    const auto [thread, number] = pending_.back();
    pending_.pop_back();
    if (number <= reached_[thread]) continue;
    reached_[thread] = number;
    take_sections(thread);
    meet_needs(thread, number);
  }
}

/// Ends those that began before `position`. False where one has no end.
bool Closure::end_before(std::vector<Open>& sections, std::uint64_t position) {
  std::size_t kept = 0;
  for (const Open& section : sections) {
    ++work_;
    if (section.released <= reached_[section.thread]) continue;
    if (section.position >= position) {
      sections[kept++] = section;
      continue;
    }
    if (section.released == kNone) return false;
    advance(section.thread, section.released);
  }
  sections.resize(kept);
  return true;
}

// Every section of the lock in the set that a later one in the set excludes must have been released.
bool Closure::close_lock(std::uint32_t index) {
  LockState& lock = locks_[index];
  lock.dirty = false;
  if (!end_before(lock.writes, lock.last) || !end_before(lock.new_reads, lock.last_write)) return false;
  if (lock.last_write > lock.closed_writes && !end_before(lock.reads, lock.last_write)) return false;
  lock.closed_writes = lock.last_write;
  lock.reads.insert(lock.reads.end(), lock.new_reads.begin(), lock.new_reads.end());
  lock.new_reads.clear();
  return true;
}

bool Closure::close() {
  drain();
  while (!dirty_locks_.empty()) {
    const std::uint32_t lock = dirty_locks_.back();
    dirty_locks_.pop_back();
    if (!close_lock(lock)) return false;
    drain();
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
      meet_needs(threads[i], number);
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
    // The last of the window's threads is nobody: it stands for ends.
    for (std::uint32_t thread = 0; thread + 1 < reached_.size(); ++thread) {
      if (reached_[thread] > 0) found.events.emplace_back(thread, reached_[thread]);
    }
    return found;
  }
}

}  // namespace tailback::replay
