// Requests and the rings among them: which orders of the same operations can end in a deadlock.
//
// A request is a point at which a thread may block, with what it holds there. Request u is blocked by request v of another thread
//   - when v's thread holds u's lock in a conflicting mode, or
//   - when u reads, v writes, both want the same read-write lock and its policy lets a waiting writer keep readers out.
// A pattern is a ring of requests of pairwise different threads, each blocked by the next, whose holds can exist side by side
// (that excludes gate locks; two read holds of one lock are fine). On straight-line programs this rule agrees with exhaustive search; see
// tests/unit/schedule/random_programs_test.cc.
//
// A thread's end counts as a lock that the thread holds all its life and a join asks for: index locks + thread.
//
// Thread safety: pure functions of values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "replay/schedule/program.h"

namespace tailback::replay {

struct HeldLock {
  std::uint32_t lock = kNone;
  LockMode mode = LockMode::kExclusive;  ///< the strongest that it is held in
  std::uint32_t step = kNone;            ///< that took it first (Program), or its site (trace)

  friend bool operator==(const HeldLock&, const HeldLock&) = default;
  friend auto operator<=>(const HeldLock&, const HeldLock&) = default;
};

struct Request {
  std::uint32_t lock = kNone;
  LockMode mode = LockMode::kExclusive;
  std::vector<HeldLock> held;          ///< by lock, each once
  std::vector<std::uint32_t> threads;  ///< different threads that make it; as many as a ring can use, at most
  std::uint32_t thread = kNone, step = kNone;  ///< Program: where it is; trace: kNone and the request's site

  [[nodiscard]] const HeldLock* holds(std::uint32_t wanted) const;
};

/// How one request of a ring is blocked by the next.
enum class Blocking : std::uint8_t { kHolder, kWaitingWriter };

struct Pattern {
  std::vector<std::uint32_t> requests;  ///< indices; each blocked by the next, the last by the first
  std::vector<Blocking> blocking;       ///< the same length
};

struct PatternLimits {
  std::uint32_t length = 5;         ///< of a ring
  std::uint32_t patterns = 1'000;
  std::uint64_t steps = 20'000'000; ///< of the search
};

struct PatternSearch {
  std::vector<Pattern> patterns;
  bool truncated = false;  ///< a limit was reached: there may be more
};

/// Rules by lock; what is beyond the span (the ends of threads) is a plain mutex.
[[nodiscard]] std::optional<Blocking> blocked_by(std::span<const LockRule> rules, const Request& u, const Request& v);

/// A request that waits for its own thread.
[[nodiscard]] bool blocks_itself(std::span<const LockRule> rules, const Request& request);

/// A lock that keeps the two requests from being pending at once, or kNone.
[[nodiscard]] std::uint32_t gate_between(const Request& a, const Request& b);

/// All minimal rings (no ring within a ring), and the requests that block themselves as rings of one.
[[nodiscard]] PatternSearch find_patterns(std::span<const LockRule> rules, std::span<const Request> requests, const PatternLimits& limits = {});

/// A request that is granted whatever the others do: its thread owns the lock (`own`, or null) and may take it again.
[[nodiscard]] bool granted_anyway(const LockRule& rule, const HeldLock* own, LockMode asked);

/// Every request of the program's threads.
[[nodiscard]] std::vector<Request> requests_of(const Program& program, const PatternLimits& limits = {});
[[nodiscard]] std::vector<LockRule> rules_of(const Program& program);

}  // namespace tailback::replay
