// Puts what the registry knows into a dump of the same moment: names, policies, waits and holds, all of them observed.
//
// The dump's threads are matched by tid. What the capture saw of an instrumented lock's futex (a wait for a word of no known kind)
// is replaced by the wait that it was; a lock that both know (a pthread lock under the preload) becomes one.
//
// The snapshot is taken right after the capture. A thread that went on in between may be in the one with a wait and not in the other:
// its wait is then left out, because a wait that the stack does not show is no fact of this dump.
//
// What the snapshot had no room for is said in the dump's statements.
//
// Thread safety: none. Pure but for `names`.
#pragma once

#include <functional>
#include <vector>

#include "runtime/incident/model.h"
#include "runtime/locks/registry.h"

namespace tailback::locks {

/// The frames of a call address (a return address minus one), innermost inlined one first; empty: unknown.
using PlaceNames = std::function<std::vector<FrameId>(std::uint64_t address)>;

struct AnnotateStats {
  std::uint32_t locks = 0, waits = 0, holds = 0, labels = 0;
  std::uint32_t replaced_waits = 0;    ///< anonymous ones that became these
  std::uint32_t unmatched_threads = 0; ///< of the snapshot, not in the dump
};

AnnotateStats annotate(Dump& dump, Recording& recording, const Snapshot& snapshot, const PlaceNames& names = {});

/// The model's words for the public ones.
[[nodiscard]] LockKind to_model(lock_kind kind) noexcept;
[[nodiscard]] LockPolicy to_model(lock_policy policy) noexcept;

/// "function file:line" of a call address; none where there are no names.
[[nodiscard]] StringId place_text(StackTable& table, std::uint64_t address, const PlaceNames& names);

}  // namespace tailback::locks
