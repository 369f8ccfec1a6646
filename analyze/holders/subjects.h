// The locks whose holder is to be looked for, and by what a holder would be known.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyze/analysis.h"
#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {

/// A place in the program from which threads wait for a lock.
struct WaitPlace {
  StringId function, file;
  std::uint32_t line = 0;
  std::uint64_t address = 0;  ///< of the call; orders the places of a function of which no lines are known
  LockMode mode = LockMode::kExclusive;
};

/// A lock with waiters of which nobody is recorded as the holder.
struct Subject {
  LockId lock;
  LockKind kind = LockKind::kUnknown;
  std::uint64_t address = 0;
  std::vector<WaitPlace> places;          ///< distinct
  std::vector<std::string_view> types;    ///< of the objects whose methods wait
  std::vector<std::uint64_t> objects;     ///< those objects' addresses, as far as trusted
  bool pending_writer = false;            ///< a writer is known to wait for readers: somebody reads
  bool writers_wait = false, readers_wait = false;
  bool only_of_type = true;               ///< no other lock of this kind belongs to one of the types

  [[nodiscard]] bool has_object(std::uint64_t value) const;
  [[nodiscard]] bool has_type(std::string_view type) const;
};

[[nodiscard]] std::vector<Subject> find_subjects(const Recording& recording, const Dump& dump, const std::vector<Activity>& activities, const RuntimeRules& rules);

}  // namespace tailback::analyze
