// The names L1, L2, … that a report gives to locks, and what it knows of each.
//
// Locks of findings come first, in the order of the findings; then those most waited for. A lock that nobody waits for or holds is not in the report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyze/analysis.h"
#include "analyze/group/lock_directory.h"

namespace tailback::analyze {

/// How many wait for a lock, in each mode.
struct Queue {
  std::uint64_t shared = 0, exclusive = 0;
  [[nodiscard]] std::uint64_t total() const { return shared + exclusive; }
};

/// A lock as one dump shows it.
struct LockInDump {
  std::size_t dump = 0;  ///< index into Recording::dumps
  LockId lock;
  Queue waiting;
  std::vector<const Hold*> holds;
};

class LockIds {
 public:
  /// `dumps`: indices into Recording::dumps that the report shows. The recording outlives this.
  LockIds(const Recording& recording, const Analysis& analysis, const std::vector<std::size_t>& dumps);

  /// "L1", or empty for a lock that has no name here.
  [[nodiscard]] std::string id(std::size_t dump, LockId lock) const;

  struct Entry {
    std::string id;
    std::vector<LockInDump> seen;  ///< in the dumps shown and those of findings, in time order; never empty
    [[nodiscard]] const LockInDump& latest() const { return seen.back(); }
  };
  /// In the order of their ids.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  LockDirectory directory_;
  std::vector<std::uint32_t> number_;  // by identity; 0: none
  std::vector<Entry> entries_;
};

}  // namespace tailback::analyze
