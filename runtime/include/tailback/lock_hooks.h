// For a service's own locks (spin locks, fibre locks, absl::Mutex, boost::shared_mutex in a wrapper): what they have to say so that dumps, the
// deadlock check and lock events know them as they know tailback's.
//
//   class SpinLock {
//     tailback::lock_identity identity_{tailback::lock_kind::mutex, "spin"};   // constant-initialised; its end is the lock's end
//    public:
//     void lock() {
//       if (!try_take()) {
//         TAILBACK_BEFORE_LOCK(identity_);        // only where it has to wait: this is what costs
//         take();
//         TAILBACK_GAVE_UP_OR_GOT_LOCK(identity_);
//       }
//       TAILBACK_AFTER_LOCK(identity_);
//     }
//     void unlock() {
//       TAILBACK_BEFORE_UNLOCK(identity_);        // before, so that it is never said to be held when it is another's already
//       give();
//     }
//   };
//
// The …_SHARED macros are for read locks; BEFORE_TIMED_LOCK for waits that end by themselves, and AFTER_TRY_LOCK for what these and tries were granted. A read-write lock says its policy in its identity.
// Such waits are not seen by the threads that wait, so a service that uses hooks calls tailback::watch_hooked_locks() once.
//
// Thread safety: all. They never throw, block or allocate (but for pages from the kernel at a thread's first use).
// Cost: AFTER_LOCK and BEFORE_UNLOCK 1 ns each, BEFORE_LOCK 30 ns.
#pragma once

#include <tailback/lock_identity.h>

namespace tailback {

/// Starts the thread that looks for rings among locks with hooks. False when no thread is to be had.
bool watch_hooked_locks() noexcept;

namespace hooks {
/// `place`: a return address or program counter in the caller, to be named in reports; null: the hook's own caller.
void waits(lock_identity& lock, bool shared, bool timed, const void* place = nullptr) noexcept;
void waits_no_more() noexcept;
/// `tried`: it would have given up rather than wait for ever; prediction needs to know.
void acquired(lock_identity& lock, bool shared, const void* place = nullptr, bool tried = false) noexcept;
void releasing(lock_identity& lock, bool shared) noexcept;
}  // namespace hooks

}  // namespace tailback

#define TAILBACK_BEFORE_LOCK(identity) ::tailback::hooks::waits((identity), false, false)
#define TAILBACK_BEFORE_LOCK_SHARED(identity) ::tailback::hooks::waits((identity), true, false)
#define TAILBACK_BEFORE_TIMED_LOCK(identity) ::tailback::hooks::waits((identity), false, true)
#define TAILBACK_BEFORE_TIMED_LOCK_SHARED(identity) ::tailback::hooks::waits((identity), true, true)
#define TAILBACK_GAVE_UP_OR_GOT_LOCK(identity) ((void)(identity), ::tailback::hooks::waits_no_more())
#define TAILBACK_AFTER_LOCK(identity) ::tailback::hooks::acquired((identity), false)
#define TAILBACK_AFTER_LOCK_SHARED(identity) ::tailback::hooks::acquired((identity), true)
#define TAILBACK_AFTER_TRY_LOCK(identity) ::tailback::hooks::acquired((identity), false, nullptr, true)
#define TAILBACK_AFTER_TRY_LOCK_SHARED(identity) ::tailback::hooks::acquired((identity), true, nullptr, true)
#define TAILBACK_BEFORE_UNLOCK(identity) ::tailback::hooks::releasing((identity), false)
#define TAILBACK_BEFORE_UNLOCK_SHARED(identity) ::tailback::hooks::releasing((identity), true)
