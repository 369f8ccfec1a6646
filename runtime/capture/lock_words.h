// From the memory around a futex to the lock it is in: base address, kind, owner, readers, queue.
//
// Layouts of glibc 2.36 on x86-64 (sysdeps/nptl/bits/thread-shared-types.h, struct_mutex.h, struct_rwlock.h; nptl/pthread_rwlock_common.c),
// unchanged since 2.30. A pure function of bytes.
#pragma once

#include <cstdint>

#include "runtime/capture/lock_api.h"
#include "runtime/capture/spool_format.h"
#include "runtime/incident/model.h"

namespace tailback {

struct LockWords {
  std::uint64_t base = 0;          ///< of the object that the program knows; 0: not known
  LockKind kind = LockKind::kFutex;
  LockPolicy policy = LockPolicy::kUnknown;
  LockMode mode = LockMode::kExclusive;  ///< in which the waiter wants it
  bool front = false;              ///< the waiter is a writer that waits for the readers, not for the queue
  std::uint32_t owner = 0;         ///< thread id in the owner word; 0: none
  std::uint64_t owner_word = 0;    ///< its address; 0: none
  std::int64_t readers = -1, queued = -1;
};

/// `expected` is the value that the waiter told the kernel it saw (the call's third argument).
[[nodiscard]] LockWords read_lock_words(const LockPiece& piece, LockApi api, std::uint32_t expected);

/// Whether the owner word was another when the lock's first waiter was seen than when all threads had been: a thread seen to wait in
/// between may be the owner that is read now.
[[nodiscard]] bool owner_changed(const LockPiece& piece, const LockWords& lock);

}  // namespace tailback
