// From waits to locks: which of the threads that wait in a lock's functions wait for the same one.
//
// By the lock's address where the dump prints one; else by the object that the caller is a method of (its receiver), whose lock lies at an
// offset that other waiters have shown; else by the receiver's class alone; else by the function that waits. Each step down is weaker, and a
// lock without an address (Lock::address == 0) says so: nothing that stands on it is ever `certain`.
// Words that may be stale (Go's `0xc000…?`) count only where they agree with exact ones.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyze/classify/runtime_rules.h"

namespace tailback::analyze {

class LockBinder {
 public:
  LockBinder(Recording& recording, Dump& dump, const RuntimeRules& rules);

  /// A thread that waits and has no wait on record yet.
  void add(ThreadIndex thread, const WaitSite& site);
  /// Adds locks and waits to the dump.
  void bind();

 private:
  struct Pending {
    ThreadIndex thread;
    WaitSite site;
    std::uint64_t address = 0;  ///< of the lock; 0: not told
    Receiver receiver;          ///< of the function that called the lock
    std::uint32_t type = 0;     ///< of the receiver; 0: none
    std::uint64_t object = 0;   ///< receiver's value once it is trusted
  };
  using TypeKey = std::uint64_t;  ///< type and kind

  void learn_offsets();
  void trust_objects();
  void use_objects();
  LockId lock_of(const Pending& pending);
  LockId by_address(const Pending& pending);
  LockId by_type(const Pending& pending);
  LockId by_site(const Pending& pending);
  LockId add_lock(const Pending& pending, std::uint64_t address, std::string name);
  [[nodiscard]] std::string name_of(const Pending& pending) const;
  [[nodiscard]] static TypeKey key(std::uint32_t type, LockKind kind) { return (TypeKey{type} << 8) | static_cast<TypeKey>(kind); }

  Recording& recording_;
  Dump& dump_;
  const RuntimeRules& rules_;
  std::vector<Pending> pending_;
  std::map<std::string, std::uint32_t, std::less<>> types_;
  std::unordered_map<TypeKey, std::vector<std::uint64_t>> offsets_;       ///< of the lock in objects of a type, as exact words show it
  std::unordered_map<std::uint64_t, LockId> address_locks_;               ///< by address and kind
  std::map<std::pair<TypeKey, std::uint64_t>, LockId> object_locks_;      ///< of an object; 0: of the type
  std::map<std::string, LockId, std::less<>> site_locks_;
  std::unordered_map<TypeKey, std::vector<LockId>> locks_of_type_;
};

}  // namespace tailback::analyze
