// The different requests of a trace, collected in one pass with memory bounded by how many different ones there are.
//
// Requests are merged over threads: 47,841 threads that do the same make one. Not kept are requests that can't be part of any ring: of a mutex, by a thread
// that holds nothing. In these Requests `step` is the place's index, for the request as for its holds.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "replay/schedule/requests.h"
#include "replay/schedule/trace.h"

namespace tailback::replay {

class RequestTracker {
 public:
  /// `threads_kept`: different threads remembered for each request.
  RequestTracker(std::vector<LockRule> rules, std::uint32_t threads_kept)
      : rules_(std::move(rules)), threads_kept_(threads_kept), users_(rules_.size(), kNone), contended_(rules_.size(), false) {}

  /// The request that this event completes (it was granted), or kNone. A request that is never granted is completed by finish().
  std::uint32_t event(const TraceEvent& event);
  /// (thread, request) of each thread that was still waiting at the end.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> finish();

  [[nodiscard]] const std::vector<Request>& requests() const { return requests_; }
  /// By lock: whether more than one thread has used it so far.
  [[nodiscard]] const std::vector<bool>& contended() const { return contended_; }
  /// How many threads the requests come from: at most threads_kept are known by name.
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  struct Held {
    std::uint32_t lock, place;
    LockMode mode;
  };
  struct ThreadState {
    std::vector<Held> held;
    TraceEvent pending;
    bool asks = false;
    std::uint32_t woken_by = kNone;  ///< the lock that a wait gave up
  };

  ThreadState& thread(std::uint32_t index);
  void use(const TraceEvent& event);
  std::uint32_t record(const ThreadState& state, const TraceEvent& event);
  std::uint32_t find_or_add(const TraceEvent& event);

  std::vector<LockRule> rules_;
  std::uint32_t threads_kept_;
  std::vector<ThreadState> threads_;
  std::vector<Request> requests_;
  std::unordered_map<std::uint64_t, std::uint32_t> known_;  // by hash of key_
  std::vector<HeldLock> held_;                              // scratch
  std::vector<std::uint32_t> users_;                        // by lock: the first thread
  std::vector<bool> contended_;
  std::uint64_t total_ = 0;
};

}  // namespace tailback::replay
