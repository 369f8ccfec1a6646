// Deadlocks that the same operations in another order would end in.
//
// Patterns (requests.h) propose; the model decides: nothing is called a deadlock that the explorer has not reached, step by step. What has the
// shape of one and can't happen is reported under other words:
//   hazard     would deadlock if a writer came that nothing here sends
//   inversion  locks taken in both orders that can't meet: one thread, a gate lock, readers only, start and join
//
// Thread safety: pure functions of values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replay/schedule/explorer.h"
#include "replay/schedule/requests.h"

namespace tailback::replay {

enum class PredictionKind : std::uint8_t { kDeadlock, kHazard, kInversion };
[[nodiscard]] std::string_view to_string(PredictionKind);

/// One thread of the ring: what it holds, what it asks for, and where.
struct RingMember {
  struct Held {
    std::string lock;
    LockMode mode = LockMode::kExclusive;
    std::string place;
  };

  std::string thread;
  std::uint64_t others = 0;            ///< further threads that make the same request
  std::string lock;                    ///< asked for; "end of worker" for a join
  LockMode mode = LockMode::kExclusive;
  std::string place;
  Blocking blocking = Blocking::kHolder;  ///< by the next member
  std::vector<Held> held;
};

struct Prediction {
  PredictionKind kind = PredictionKind::kDeadlock;
  bool may = false;                    ///< hangs on a lock whose policy promises nothing
  bool lost_signal = false;            ///< not a ring: somebody waits for a notification that nobody is left to send
  std::vector<RingMember> ring;
  std::string needs;                   ///< "a writer waiting on mu between Values and Size"; empty: no writer needed
  std::vector<std::string> writers;    ///< that fit: "worker AddOne"
  std::string reason;                  ///< hazard, inversion: why it is none
  std::vector<std::string> inversion_locks;
  Program program;                     ///< kDeadlock: what `way` is about
  std::vector<Happened> way;           ///< kDeadlock: the shortest interleaving, replayed in the model
  std::vector<std::uint32_t> stuck;    ///< kDeadlock: instances of program's model
  std::uint64_t states = 0;            ///< looked at to find it
  std::uint64_t trace_events = 0;      ///< of the reordered trace that was replayed up to the ring; 0: no trace

  /// The same for the same mistake in another run or after a fix: locks, modes and places of the ring, without threads that only write.
  [[nodiscard]] std::string key() const;
};

struct PredictOptions {
  PatternLimits patterns;
  ExploreLimits explore;
};

struct PredictReport {
  std::vector<Prediction> deadlocks, hazards, inversions;
  std::vector<std::string> bounds;  ///< what was not looked at, one line each; empty: everything was
  std::uint64_t threads = 0, requests = 0, patterns = 0, events = 0;
};

/// Of a program whose threads may interleave in any way.
[[nodiscard]] PredictReport predict(const Program& program, const PredictOptions& options = {});

/// "HashSet::Size", else "step 2, line 3".
[[nodiscard]] std::string place_of(const Program& program, std::uint32_t thread, std::uint32_t step);

}  // namespace tailback::replay
