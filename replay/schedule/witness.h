// Replays a reordered trace step by step: the proof that a predicted deadlock can be reached.
//
// Walks the whole trace and does the events that are in the reordering, each of which must be possible where it comes: a lock is granted by the rules of policy.h, a thread
// runs only after its start and is joined only at its end. Then the requests are made, and each must be kept out by another one of them: by
// its hold, or by its waiting write.
//
// Memory: what is held at one time, and the open sections of the threads of the ring. Thread safety: none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "replay/schedule/closure.h"
#include "replay/schedule/trace.h"

namespace tailback::replay {

class Witness {
 public:
  Witness(const TraceNames& names, const Reordering& reordering);

  void event(const TraceEvent& event);
  /// Makes the requests. Empty: the reordering is a deadlock; else what contradicts it.
  [[nodiscard]] std::string finish();

  [[nodiscard]] std::uint64_t events() const { return done_; }
  /// The threads of the ring (same order) with what they did since they last held nothing, the request, and assumed unlocks.
  [[nodiscard]] Program program() const;

 private:
  struct Held {
    std::uint32_t lock;
    LockMode mode;
  };
  struct ThreadState {
    std::uint32_t seen = 0;             // events of the thread in the whole trace
    std::uint32_t limit = 0;            // so many are in the reordering
    std::uint32_t ring = kNone;         // index of its request
    std::uint32_t request_number = 0;
    std::vector<Held> held;
    std::vector<TraceEvent> section;    // only of the ring's threads: since it held nothing
    TraceEvent request;
    bool has_request = false, waits_for_start = false, ended = false;
  };

  ThreadState& thread(std::uint32_t index);
  void step(const TraceEvent& event, ThreadState& state);
  [[nodiscard]] Meeting meeting(std::uint32_t thread, std::uint32_t lock) const;
  void grant(const TraceEvent& event, ThreadState& state);
  void release(const TraceEvent& event, std::uint32_t lock, ThreadState& state);
  void contradict(const TraceEvent& event, std::string_view what);
  [[nodiscard]] bool kept_out(std::uint32_t member) const;

  const TraceNames& names_;
  Reordering reordering_;
  std::vector<ThreadState> threads_;
  struct Holder {
    std::uint32_t thread;
    LockMode mode;
  };
  std::vector<std::vector<Holder>> holders_;  // by lock
  std::uint64_t done_ = 0;
  std::string contradiction_;
};

}  // namespace tailback::replay
