// Which id the lock at an address has: pthread locks have no room for one of their own.
//
// Looked up without locks; entries are added and removed under one. An address stands for one lock until it is destroyed: std::mutex
// is never destroyed in glibc's eyes, so that two of them at one address, one after the other, are one lock here.
//
// Thread safety: all. Signal safety: find.
#pragma once

#include <cstdint>

#include <tailback/lock_identity.h>

namespace tailback::preload {

/// The id; 0: unknown.
std::uint64_t find_id(const void* address) noexcept;
/// The id, made if it is new; 0 when there is no room.
std::uint64_t id_of(const void* address, lock_kind kind, lock_policy policy) noexcept;
void forget(const void* address) noexcept;

}  // namespace tailback::preload
