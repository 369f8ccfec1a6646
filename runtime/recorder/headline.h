// The one line that a breach is announced with: how many threads there are and what most of them stand in.
//
//   "1,204 threads, 1,140 of them waiting for the write lock of HashSet.mu in HashSet::AddOne"
//
// Only counting: which thread holds the lock and why it does not end is the analyzer's to say.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "runtime/incident/model.h"

namespace tailback {

/// `ringing`: registry ids of the locks of a deadlock; where one of them is in the dump, the queue named is one of theirs.
[[nodiscard]] std::string headline(const Dump& dump, const StackTable& table, std::span<const std::uint64_t> ringing = {});

/// "1,204"
[[nodiscard]] std::string with_thousands(std::uint64_t number);

}  // namespace tailback
