// The definition of a sync-preserving deadlock, decided by trying everything: the oracle for the prediction on small traces.
//
// From a trace, any sets of first events of its threads in any order, provided that locks exclude as their rules say, and that of two sections of one lock that exclude each
// other the one that came first in the trace comes first here (others may be left out). A deadlock: threads at requests that nobody outside them can grant.
//
// Traces of acquires and releases alone, in which every thread ends.
#pragma once

#include <set>
#include <vector>

#include "replay/schedule/trace.h"

namespace tailback::replay {

class SyncPreserving {
 public:
  explicit SyncPreserving(const Trace& trace) : trace_(trace), threads_(trace.names().threads.size()) {
    std::uint32_t position = 0;
    for (const TraceEvent& event : trace.events()) {
      ++position;
      if (event.operation == TraceOperation::kAcquire || event.operation == TraceOperation::kRelease) threads_[event.thread].push_back({event, position});
    }
  }

  [[nodiscard]] bool deadlock() {
    seen_.clear();
    return reach(std::vector<std::uint32_t>(threads_.size(), 0));
  }

 private:
  struct At {
    TraceEvent event;
    std::uint32_t position;
  };
  struct Held {
    std::uint32_t lock, position;
    LockMode mode;
  };

  [[nodiscard]] std::vector<Held> held(std::uint32_t thread, std::uint32_t done) const {
    std::vector<Held> result;
    for (std::uint32_t i = 0; i < done; ++i) {
      const At& at = threads_[thread][i];
      if (at.event.operation == TraceOperation::kAcquire) {
        result.push_back({at.event.lock, at.position, at.event.mode});
        continue;
      }
      for (std::size_t h = result.size(); h-- > 0;) {
        if (result[h].lock != at.event.lock) continue;
        result.erase(result.begin() + static_cast<std::ptrdiff_t>(h));
        break;
      }
    }
    return result;
  }

  [[nodiscard]] const At* next(std::uint32_t thread, const std::vector<std::uint32_t>& done) const {
    return done[thread] < threads_[thread].size() ? &threads_[thread][done[thread]] : nullptr;
  }

  [[nodiscard]] bool may_acquire(std::uint32_t thread, const At& at, const std::vector<std::uint32_t>& done) const {
    const LockRule rule = trace_.names().locks[at.event.lock].rule();
    for (std::uint32_t other = 0; other < threads_.size(); ++other) {
      for (const Held& hold : held(other, done[other])) {
        if (hold.lock == at.event.lock && hold_blocks(rule, at.event.mode, hold.mode, other == thread)) return false;
      }
      for (std::uint32_t i = 0; i < done[other]; ++i) {
        const At& before = threads_[other][i];
        const bool excludes = before.event.mode == LockMode::kExclusive || at.event.mode == LockMode::kExclusive;
        const bool section = before.event.operation == TraceOperation::kAcquire && before.event.lock == at.event.lock;
        if (section && excludes && before.position > at.position) return false;
      }
    }
    return true;
  }

  /// Waits for a thread of `stuck`: for a hold, or behind a write that it asks for.
  [[nodiscard]] bool waits_for(std::uint32_t thread, std::uint32_t other, const std::vector<std::uint32_t>& done) const {
    const At &mine = *next(thread, done), &theirs = *next(other, done);
    const LockRule rule = trace_.names().locks[mine.event.lock].rule();
    for (const Held& hold : held(other, done[other])) {
      if (hold.lock == mine.event.lock && hold_blocks(rule, mine.event.mode, hold.mode, other == thread)) return true;
    }
    if (other == thread || theirs.event.lock != mine.event.lock || theirs.event.mode != LockMode::kExclusive || mine.event.mode != LockMode::kShared) return false;
    bool own = false;
    for (const Held& hold : held(thread, done[thread])) own = own || hold.lock == mine.event.lock;
    return waiting_writer_blocks(rule, own);
  }

  [[nodiscard]] bool stuck(const std::vector<std::uint32_t>& done) const {
    std::vector<bool> in(threads_.size());
    for (std::uint32_t i = 0; i < in.size(); ++i) in[i] = next(i, done) != nullptr && next(i, done)->event.operation == TraceOperation::kAcquire;
    for (bool changed = true; changed;) {
      changed = false;
      for (std::uint32_t i = 0; i < in.size(); ++i) {
        if (!in[i]) continue;
        bool blocked = false;
        for (std::uint32_t other = 0; other < in.size(); ++other) blocked = blocked || (in[other] && waits_for(i, other, done));
        if (!blocked) in[i] = false, changed = true;
      }
    }
    for (const bool one : in) {
      if (one) return true;
    }
    return false;
  }

  bool reach(const std::vector<std::uint32_t>& done) {
    if (!seen_.insert(done).second) return false;
    if (stuck(done)) return true;
    for (std::uint32_t thread = 0; thread < threads_.size(); ++thread) {
      const At* at = next(thread, done);
      if (at == nullptr || (at->event.operation == TraceOperation::kAcquire && !may_acquire(thread, *at, done))) continue;
      std::vector<std::uint32_t> after = done;
      ++after[thread];
      if (reach(after)) return true;
    }
    return false;
  }

  const Trace& trace_;
  std::vector<std::vector<At>> threads_;
  std::set<std::vector<std::uint32_t>> seen_;
};

}  // namespace tailback::replay
