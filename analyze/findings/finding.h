// One conclusion of the analyzer, with its evidence.
//
// A finding is a value: what is wrong, how sure that is, on which locks, through which threads,
// since when, and what would help. No finding is stated with more confidence than its weakest hold.
//
// Units: `_ns` nanoseconds; wall times since the epoch, 0 unknown; durations -1 unknown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::analyze {

enum class FindingKind : std::uint8_t {
  kDeadlockCycle,      ///< threads and locks in a ring, any length
  kRecursiveLock,      ///< one thread, the same exclusive lock twice
  kRecursiveReadLock,  ///< a read lock re-taken behind a waiting writer
  kStalledHolder,      ///< the holder itself waits for something that is no lock
  kOrphanedLock,       ///< held, and no living thread can release it
  kLockConvoy,         ///< the lock moves, the queue grows
  kChannelDeadlock,    ///< senders and receivers that can't meet
  kLostSignal,         ///< a condition or wait group that nobody left can signal
  kPoolExhaustion,     ///< every worker waits for work that only a worker can do
  kLeak,               ///< threads that wait for ever, one group growing
  kContention,         ///< many waiters, holder running
};

/// Declared in the order in which findings are ranked.
enum class FindingSeverity : std::uint8_t {
  kDeadlock,  ///< never ends by itself
  kStall,     ///< ends when something outside happens
  kSlow,      ///< moves, too slowly
  kInfo,
};

enum class Confidence : std::uint8_t {
  kPossible,  ///< by pattern only
  kLikely,    ///< a hold inferred from evidence in its frame
  kCertain,   ///< all holds observed
};

/// One thread of the ring or chain: what it holds, and what it waits for.
struct ChainLink {
  ThreadIndex thread;
  std::string function;          ///< of the frame that took `holds`; else the thread's first own frame
  std::string place;             ///< "file:line" of that frame; empty: unknown
  LockId holds;                  ///< none: holds nothing of this chain
  LockMode mode = LockMode::kExclusive;
  LockId waits_for;              ///< none: does not wait for a lock of this chain
  std::string wait_function;     ///< own frame that called the wait
  std::string wait_place;
  LockMode wait_mode = LockMode::kExclusive;
  std::string note;              ///< "behind the queued writer", "sleeps in nanosleep"; may be empty
  std::uint64_t others = 0;      ///< further threads in the same position, not listed
};

/// A metric that moved with the group that a finding blocks.
struct Correlation {
  std::string metric, unit;
  double from = 0, to = 0;
  double r = 0;                       ///< Pearson's coefficient
  std::optional<double> per_thread;   ///< growth of the metric for each thread added
};

/// Earlier incidents with the same finding, or with the most similar one.
struct SeenBefore {
  std::size_t incidents = 0;
  std::int64_t first_wall_ns = 0;      ///< of the earliest of them
  double similarity = 0;               ///< 1: the same signature
  std::vector<std::string> files;
};

struct Finding {
  FindingKind kind = FindingKind::kContention;
  FindingSeverity severity = FindingSeverity::kInfo;
  Confidence confidence = Confidence::kPossible;
  std::size_t dump = 0;               ///< index into Recording::dumps; ids below refer to that dump
  std::vector<LockId> locks;
  std::vector<ChainLink> chain;
  std::uint64_t blocked_directly = 0;
  std::uint64_t blocked_in_all = 0;   ///< directly and behind those
  std::string title, explanation, fix;
  std::string refuted_by;             ///< what would show that this finding is wrong
  std::vector<std::string> evidence;  ///< one line each
  std::int64_t first_seen_wall_ns = 0;
  std::int64_t oldest_wait_ns = -1;
  std::optional<double> growth_per_second;
  std::vector<Correlation> correlations;
  std::vector<std::uint64_t> over_time;  ///< threads in this position, by index into Recording::dumps
  std::string signature;              ///< stable across builds, addresses and line shifts
  std::optional<SeenBefore> seen_before; ///< in recordings analysed together with this one
};

/// A rule that lacked the data to decide.
struct NotEvaluated {
  FindingKind kind;
  std::string reason;
};

/// The words of the JSON report: "recursive_read_lock", "deadlock", "likely", …
[[nodiscard]] std::string_view to_string(FindingKind);
[[nodiscard]] std::string_view to_string(FindingSeverity);
[[nodiscard]] std::string_view to_string(Confidence);

}  // namespace tailback::analyze
