// Whether some threads of a trace can be brought to their requests at once, without changing the order of critical sections.
//
// The set of events that must have happened is grown from what precedes the requests: with a section that is in it, every earlier section of the same lock
// that excludes it must be over, and so on until nothing changes. If the set then contains one of the requests itself, those can't be pending
// together, and a later instance of that request is tried; the set only ever grows. (Sync-preserving deadlocks: Tunç, Mathur, Pavlogiannis,
// Viswanathan, PLDI 2023; extended here to read locks, whose sections exclude each other only where one writes.)
//
// Sound: what it finds can be replayed (and is: witness.h). Not complete: an order that needs two sections of one lock exchanged is not found.
//
// Linear: a need is met once, a section is taken up once and ended once, in one find(). Thread safety: none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "replay/schedule/trace_window.h"

namespace tailback::replay {

/// One thread's place at its request: everything before event `number` has happened.
struct AtRequest {
  std::uint32_t thread = kNone;
  std::uint32_t number = 0;
};

struct Reordering {
  std::vector<AtRequest> requests;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> events;  ///< thread → how many of its events are in the set; the others none
};

class Closure {
 public:
  explicit Closure(const TraceWindow& window);

  /// The first instances of the requests (one a thread, same order) that can be pending at once.
  [[nodiscard]] std::optional<Reordering> find(std::span<const std::uint32_t> threads, std::span<const std::uint32_t> requests);

  /// Events and sections looked at so far: what the searching has cost.
  [[nodiscard]] std::uint64_t work() const { return work_; }

 private:
  void reset();
  void touch(std::uint32_t thread);
  void advance(std::uint32_t thread, std::uint32_t number);
  void drain();
  void meet_needs(std::uint32_t thread, std::uint32_t number);
  void take_sections(std::uint32_t thread);
  [[nodiscard]] bool close();
  [[nodiscard]] bool close_lock(std::uint32_t lock);

  struct Open {
    std::uint64_t position;
    std::uint32_t thread, released;
  };
  /// Sections of the set that nothing in it has ended yet. One that must end is taken out: its thread has been told to go on.
  struct LockState {
    std::vector<Open> reads, writes, new_reads;
    std::uint64_t last = 0, last_write = 0;  // positions of the last sections in the set
    std::uint64_t closed_writes = 0;         // last_write when the reads were looked at
    bool touched = false, dirty = false;
  };
  [[nodiscard]] bool end_before(std::vector<Open>& sections, std::uint64_t position);

  const TraceWindow& window_;
  std::vector<std::uint32_t> reached_;          // by thread: events in the set
  std::vector<std::uint32_t> next_section_;     // by thread: first not looked at
  std::vector<std::uint32_t> next_need_;        // by thread: first not met
  std::vector<bool> touched_;                   // by thread
  std::vector<std::uint32_t> touched_threads_, touched_locks_, dirty_locks_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pending_;
  std::vector<std::uint32_t> carried_;          // threads that were in a section when the window began
  std::vector<LockState> locks_;
  std::uint64_t work_ = 0;
};

}  // namespace tailback::replay
