// Which member of a class is the lock: read from the debug information (DWARF) of an executable or library.
//
// For a function HashSet::AddOne at an address, the class that it is a member of, and in that class each data member that is, or
// contains, a lock: HashSet has mutex_, an rwlock. A lock that a thread waits for in HashSet::AddOne can so be named HashSet::mutex_ though
// nothing in the process knew a name for it.
//
// Errors: none; what can't be opened or has no debug information has no members. Never goes to the network.
// Thread safety: none.
// Source: DWARF 5, sections 3.3 (subroutines), 5.7 (structure and class types); libdw.h of elfutils.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/incident/model.h"

namespace tailback::analyze {

struct LockMember {
  std::string class_name;    ///< without its namespaces: "HashSet"
  std::string member;        ///< "mutex_"
  std::uint64_t offset = 0;  ///< of the lock in an object of the class, in bytes
  LockKind kind = LockKind::kUnknown;
  bool whole = false;        ///< the class is nothing but this lock: a wrapper, such as std::mutex
};

class LockMembers {
 public:
  LockMembers();
  ~LockMembers();

  /// Members of the class whose function `function` (last name only, e.g. "AddOne") stands at `offset` (an address in the file's own terms)
  /// of the module at `path`. Empty also where `build_id` (hexadecimal, empty: not known) is not the file's.
  [[nodiscard]] std::vector<LockMember> of_function(const std::string& path, const std::string& build_id, std::uint64_t offset,
                                                    std::string_view function);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tailback::analyze
