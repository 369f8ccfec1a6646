// Who may enter a lock beside whom: the rules of every policy that the model knows, in one place.
//
// The explorer, the prediction and the checks ask here and nowhere else, so that a verdict can't depend on which of
// them gave it. Facts about real implementations (which library follows which rule) are in implementation_policies().
//
// Thread safety: pure functions of values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "runtime/incident/model.h"

namespace tailback::replay {

/// What of a lock decides admission.
struct LockRule {
  bool rwlock = false;     ///< distinguishes readers and writers
  bool recursive = false;  ///< its owner may take it again
  LockPolicy policy = LockPolicy::kUnknown;
};

/// Monitors count as recursive mutexes; an unknown policy of a read-write lock as `either`.
[[nodiscard]] LockRule rule_of(LockKind kind, LockPolicy policy);

/// Whether a hold in mode `held` keeps a request for `asked` out. `own`: the requester itself has that hold, so that
/// a "yes" means it waits for itself.
[[nodiscard]] bool hold_blocks(const LockRule& rule, LockMode asked, LockMode held, bool own);

/// Whether a writer that already waits keeps a new reader out. `own_hold`: the reader holds the lock already.
/// `either` answers yes: it may.
[[nodiscard]] bool waiting_writer_blocks(const LockRule& rule, bool own_hold);

/// What a request meets.
struct Meeting {
  bool other_writes = false, other_reads = false;  ///< holds of other threads
  bool own_writes = false, own_reads = false;      ///< holds of the requester
  bool writer_waits = false;                       ///< for `fifo`: ahead of the requester
  bool anyone_ahead = false;                       ///< only counts for `fifo`
};

enum class Admission : std::uint8_t { kGranted, kBlocked, kMayBlock /**< the policy promises neither */ };

[[nodiscard]] Admission admit(const LockRule& rule, LockMode asked, const Meeting& meeting);

/// A lock as a library ships it: `go` is sync.RWMutex, which prefers writers.
struct ImplementationPolicy {
  std::string_view word;
  LockPolicy policy;
  std::string_view what;
};
[[nodiscard]] std::span<const ImplementationPolicy> implementation_policies();

/// A policy's own word ("prefer-writers") or an implementation's ("libc++").
[[nodiscard]] std::optional<LockPolicy> policy_from_word(std::string_view word);

}  // namespace tailback::replay
