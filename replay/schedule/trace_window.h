// What the reordering of a trace needs to know of a stretch of it: each thread's critical sections, what it inherited from other threads, and
// where it makes the requests of interest.
//
// Events of a thread are numbered from 1. Everything before the window counts as having happened, in the recorded order. Threads inherit what precedes
// their start, the threads they join, and the notification that woke them. A trace without any join has its threads' ends counted as joined by their
// parents: without that knowledge two threads that never met would be called able to meet.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "replay/schedule/request_tracker.h"
#include "replay/schedule/trace.h"

namespace tailback::replay {

/// Of other threads, how many events precede; ascending by thread.
using Inherited = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

struct TraceSection {
  std::uint32_t lock = kNone;
  LockMode mode = LockMode::kExclusive;
  std::uint32_t acquired = 0;           ///< number of the thread's event
  std::uint32_t released = kNone;       ///< kNone: not in the window
  std::uint64_t position = 0;           ///< of the acquire in the whole trace
};

struct TraceThread {
  struct Epoch {
    std::uint32_t from = 0;             ///< first event that has inherited it
    std::shared_ptr<const Inherited> inherited;
  };

  std::uint32_t events = 0;
  std::uint32_t floor = 0;              ///< events before the window
  std::vector<Epoch> epochs;
  std::vector<TraceSection> sections;   ///< by acquire
  std::vector<std::size_t> open;        ///< indices into sections
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> requests;  ///< request → numbers of the asking events

  [[nodiscard]] const Inherited* inherited(std::uint32_t event) const;
};

class TraceWindow {
 public:
  struct Options {
    std::uint64_t sections = 4'000'000;  ///< in memory at once
    bool ends_are_joins = false;
  };

  TraceWindow(std::vector<LockRule> rules, std::uint32_t threads_kept, Options options);

  /// `wanted` by request: whether its instances are kept.
  void want(std::vector<bool> wanted) { wanted_ = std::move(wanted); }
  void event(const TraceEvent& event);
  void finish();  ///< completes requests that were never granted
  [[nodiscard]] bool full() const { return sections_ >= options_.sections; }
  /// Forgets all but what is still open: the window goes on from here.
  void restart();

  [[nodiscard]] const std::vector<TraceThread>& threads() const { return threads_; }
  /// Threads that make the request within the window.
  [[nodiscard]] const std::vector<std::uint32_t>& threads_of(std::uint32_t request) const;
  [[nodiscard]] std::size_t lock_count() const { return rules_.size(); }

 private:
  TraceThread& thread(std::uint32_t index);
  void inherit(std::uint32_t thread, std::uint32_t from, std::uint32_t number);
  void acquire(const TraceEvent& event, TraceThread& thread);
  void release(std::uint32_t lock, TraceThread& thread);
  void made(std::uint32_t thread, std::uint32_t request, std::uint32_t number);
  void assume_joins(std::uint32_t parent);

  std::vector<LockRule> rules_;
  Options options_;
  RequestTracker tracker_;
  std::vector<bool> wanted_;
  std::vector<TraceThread> threads_;
  struct Running {
    std::uint32_t parent = kNone;
    std::uint32_t asked = 0;        // number of the pending request's event
    std::uint32_t woken_by = kNone; // lock given up
    std::uint32_t condition = kNone;
    std::vector<std::uint32_t> ended_children;
  };
  std::vector<Running> running_;
  std::vector<std::uint32_t> ended_;  // threads without known parent
  struct Notified {
    std::uint32_t thread = kNone, number = 0;
  };
  std::unordered_map<std::uint32_t, Notified> notified_;  // by condition, the last
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> threads_of_;
  std::uint64_t position_ = 0, sections_ = 0;
};

}  // namespace tailback::replay
