// What the reordering of a trace needs to know of a stretch of it: each thread's critical sections, what it inherited from other threads, and
// where it makes the requests of interest.
//
// Events of a thread are numbered from 1. Everything before the window counts as having happened, in the recorded order. A thread's event may need events of
// other threads to have happened: its start, the ends of those that it joins, the notification that woke it. A trace without any join has its threads' ends counted as
// joined by their parents: without that knowledge two threads that never met would be called able to meet.
//
// Only the direct needs are kept, one for each start, join and wake-up: vector clocks would cost threads squared (47,905 of them that one thread starts
// and outlives: gigabytes). Locks that one thread alone uses keep nobody out, and are passed over.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "replay/schedule/request_tracker.h"
#include "replay/schedule/trace.h"

namespace tailback::replay {

/// From its event `from` on, a thread needs the first `events` of another to have happened.
struct Need {
  std::uint32_t from = 0;
  std::uint32_t thread = kNone, events = 0;
};

struct TraceSection {
  std::uint32_t lock = kNone;
  LockMode mode = LockMode::kExclusive;
  std::uint32_t acquired = 0;           ///< number of the thread's event
  std::uint32_t released = kNone;       ///< kNone: not in the window
  std::uint64_t position = 0;           ///< of the acquire in the whole trace
};

struct TraceThread {
  std::uint32_t events = 0;
  std::uint32_t floor = 0;              ///< events before the window
  std::vector<Need> needs;              ///< by `from`
  std::vector<TraceSection> sections;   ///< by acquire
  std::vector<std::size_t> open;        ///< indices into sections
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> requests;  ///< request → numbers of the asking events
};

class TraceWindow {
 public:
  struct Options {
    std::uint64_t sections = 4'000'000;  ///< in memory at once
    bool ends_are_joins = false;
  };

  /// `threads`: how many there are. `threads_kept`: of one request, as the RequestTracker that numbered them.
  TraceWindow(std::vector<LockRule> rules, std::uint32_t threads, std::uint32_t threads_kept, Options options);

  /// `wanted` by request: whether its instances are kept. `contended` by lock: whether more than one thread uses it.
  void want(std::vector<bool> wanted, std::vector<bool> contended) {
    wanted_ = std::move(wanted);
    contended_ = std::move(contended);
  }
  void event(const TraceEvent& event);
  void finish();  ///< completes requests that were never granted
  [[nodiscard]] bool full() const { return kept_ >= options_.sections; }
  /// Forgets all but what is still open: the window goes on from here.
  void restart();

  [[nodiscard]] const std::vector<TraceThread>& threads() const { return threads_; }
  /// Threads that make the request within the window.
  [[nodiscard]] const std::vector<std::uint32_t>& threads_of(std::uint32_t request) const;
  [[nodiscard]] std::size_t lock_count() const { return rules_.size(); }

 private:
  void need(std::uint32_t thread, std::uint32_t other, std::uint32_t events);
  void acquire(const TraceEvent& event, TraceThread& thread);
  void release(std::uint32_t lock, TraceThread& thread);
  void made(std::uint32_t thread, std::uint32_t request, std::uint32_t number);
  void assume_joins(std::uint32_t parent);
  void ended(std::uint32_t thread);

  std::vector<LockRule> rules_;
  Options options_;
  RequestTracker tracker_;
  std::vector<bool> wanted_, contended_;
  std::vector<TraceThread> threads_;
  struct Running {
    std::uint32_t parent = kNone;
    std::uint32_t asked = 0;        // number of the pending request's event
    std::uint32_t woken_by = kNone; // lock given up
    std::uint32_t condition = kNone;
    std::vector<std::uint32_t> ended_children;
  };
  std::vector<Running> running_;
  // One thread more that nobody is: its events are the ends of threads without a known parent, and whoever begins without one needs those before.
  const std::uint32_t ends_;
  struct Notified {
    std::uint32_t thread = kNone, number = 0;
  };
  std::unordered_map<std::uint32_t, Notified> notified_;  // by condition, the last
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> threads_of_;
  std::uint64_t position_ = 0, kept_ = 0;  // kept_: sections and needs
};

}  // namespace tailback::replay
