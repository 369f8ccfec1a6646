// Stands in for the C library's lock functions, and does the same with a note to the registry.
//
// A lock is tried first, so that one that is free costs no more than the note; then the wait is published and the real function called,
// with the arguments that it came with: the program's lock behaves as it always did. Whether a ring has closed is the watch's business.
//
// Layouts of glibc (sysdeps/nptl/bits/struct_mutex.h, struct_rwlock.h) tell kinds and owners; both are part of its ABI.
// Safe before constructors run, in allocators (see real.h), and after fork (thread_table.cc).
#include <cerrno>
#include <cstdlib>

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <tailback/thread.h>

#include "runtime/locks/event_log.h"
#include "runtime/locks/holding.h"
#include "runtime/locks/waiting.h"
#include "runtime/preload/address_table.h"
#include "runtime/preload/real.h"

extern "C" {
int __pthread_mutex_lock(pthread_mutex_t*);
int __pthread_mutex_trylock(pthread_mutex_t*);
int __pthread_mutex_unlock(pthread_mutex_t*);
}

#define TAILBACK_EXPORT extern "C" __attribute__((visibility("default")))

namespace tailback::preload {
namespace {

using namespace locks;

// Not while the registry itself is at work on this thread: what it calls may lock.
constinit thread_local bool inside __attribute__((tls_model("initial-exec"))) = false;

class Inside {
 public:
  Inside() noexcept { inside = true; }
  ~Inside() { inside = false; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
};

/// The calling thread, or null when it is not to be observed now.
ThreadSlot* observed_thread() noexcept {
  if (inside) return nullptr;
  const Inside guard;
  return this_thread();
}

lock_kind kind_of(const pthread_mutex_t* mutex) noexcept {
  return (mutex->__data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE_NP ? lock_kind::recursive_mutex : lock_kind::mutex;
}

// glibc's trylock of a robust mutex that is lost (ENOTRECOVERABLE) leaves it taken, and its unlock then follows a null pointer: lock() doesn't.
bool may_be_tried(const pthread_mutex_t* mutex) noexcept {
  constexpr int kRobust = 16;  // PTHREAD_MUTEX_ROBUST_NORMAL_NP
  return (mutex->__data.__kind & kRobust) == 0;
}

lock_policy policy_of(const pthread_rwlock_t* lock) noexcept {
  // Kind 1, "prefer writer", differs in the hand-over between writers only: readers pass a waiting writer.
  return lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP ? lock_policy::prefer_writers : lock_policy::prefer_readers;
}

std::uint64_t id_of(const pthread_mutex_t* mutex) noexcept { return preload::id_of(mutex, kind_of(mutex), lock_policy::none); }
std::uint64_t id_of(const pthread_rwlock_t* lock) noexcept { return preload::id_of(lock, lock_kind::rwlock, policy_of(lock)); }
std::uint64_t id_of(const pthread_cond_t* condition) noexcept { return preload::id_of(condition, lock_kind::condition, lock_policy::none); }

// A wait that lasts for a call; also when the call is cancelled, which unwinds.
class Waiting {
 public:
  Waiting(ThreadSlot* thread, const WaitRequest& request) noexcept : thread_(request.lock == 0 ? nullptr : thread) {
    if (thread_ != nullptr) begin_wait(thread_, request);
  }
  ~Waiting() {
    if (thread_ != nullptr) end_wait(thread_);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  ThreadSlot* thread_;
};

constexpr bool is_held(int result) noexcept { return result == 0 || result == EOWNERDEAD; }

/// Tries, waits with a note, notes the hold. `attempt` and `wait` are the real functions.
template <class Lock, class Attempt, class Wait>
int take(Lock* lock, bool shared, bool timed, const void* place, Attempt attempt, Wait wait) noexcept {
  ThreadSlot* thread = observed_thread();
  if (thread == nullptr) return wait();
  const std::uint64_t id = id_of(lock);
  int result = attempt();
  if (result == EBUSY || result == EAGAIN) {
    const Waiting waiting(thread, {id, shared, timed, place});
    result = wait();
  }
  if (is_held(result)) note_acquired(thread, EventLock(id), shared, place, timed);
  return result;
}

template <class Lock, class Attempt>
int try_take(Lock* lock, bool shared, const void* place, Attempt attempt) noexcept {
  const int result = attempt();
  if (!is_held(result)) return result;
  if (ThreadSlot* thread = observed_thread()) note_acquired(thread, EventLock(id_of(lock)), shared, place, true);
  return result;
}

std::uint32_t own_tid() noexcept {
  ThreadSlot* thread = observed_thread();
  return thread != nullptr ? thread->tid.load(std::memory_order_relaxed) : 0;
}

void note_mutex_release(pthread_mutex_t* mutex, const void* place) noexcept {
  ThreadSlot* thread = observed_thread();
  if (thread == nullptr) return;
  // A mutex that checks its owner refuses the others; then nothing is released.
  const int kind = mutex->__data.__kind & 3;
  const bool checks = kind == PTHREAD_MUTEX_RECURSIVE_NP || kind == PTHREAD_MUTEX_ERRORCHECK_NP;
  if (checks && static_cast<std::uint32_t>(mutex->__data.__owner) != own_tid()) return;
  note_releasing(thread, EventLock(find_id(mutex)), false, place);
}

template <class Wait>
int wait_condition(pthread_cond_t* condition, pthread_mutex_t* mutex, const void* place, Wait wait) {
  ThreadSlot* thread = observed_thread();
  if (thread == nullptr) return wait();
  const std::uint64_t id = id_of(condition), held = find_id(mutex);
  event_condition_wait(EventLock(id), EventLock(held), place);
  erase_hold(thread, hold_key(held, false));
  int result = 0;
  {
    // Timed, for the ring check: it may always be notified. Cancelled, it holds the mutex again, and nobody notes so: its cleanup releases it.
    const Waiting waiting(thread, {id, false, true, place});
    result = wait();
  }
  event_condition_woken(EventLock(id));
  note_acquired(thread, EventLock(held), false, place);
  return result;
}

void note_notify(pthread_cond_t* condition, bool all, const void* place) noexcept {
  if (events_on() && observed_thread() != nullptr) event_notify(EventLock(id_of(condition)), all, place);
}

struct Start {
  void* (*routine)(void*);
  void* argument;
  hooks::spawn_point parent;
  bool detached;
};

void* run_thread(void* argument) {
  const Start start = *static_cast<Start*>(argument);
  std::free(argument);
  if (observed_thread() != nullptr) {
    hooks::spawned(start.parent);
    if (start.detached) hooks::detaching(::pthread_self());
  }
  return start.routine(start.argument);
}

template <class Join>
int join_thread(pthread_t thread, Join join) {
  if (observed_thread() == nullptr) return join();
  hooks::joining scope(thread);
  const int result = join();
  if (result == 0) scope.joined();
  return result;
}

}  // namespace
}  // namespace tailback::preload

using namespace tailback::preload;

TAILBACK_EXPORT int pthread_mutex_lock(pthread_mutex_t* m) noexcept {
  const Real* r = real();
  if (r == nullptr) return __pthread_mutex_lock(m);
  return take(m, false, false, TAILBACK_PLACE(), [=] { return may_be_tried(m) ? r->mutex_trylock(m) : EBUSY; }, [=] { return r->mutex_lock(m); });
}
TAILBACK_EXPORT int pthread_mutex_trylock(pthread_mutex_t* m) noexcept {
  const Real* r = real();
  if (r == nullptr) return __pthread_mutex_trylock(m);
  return try_take(m, false, TAILBACK_PLACE(), [=] { return r->mutex_trylock(m); });
}
TAILBACK_EXPORT int pthread_mutex_timedlock(pthread_mutex_t* m, const timespec* until) noexcept {
  const Real* r = real();
  return take(m, false, true, TAILBACK_PLACE(), [=] { return may_be_tried(m) ? r->mutex_trylock(m) : EBUSY; }, [=] { return r->mutex_timedlock(m, until); });
}
TAILBACK_EXPORT int pthread_mutex_clocklock(pthread_mutex_t* m, clockid_t clock, const timespec* until) noexcept {
  const Real* r = real();
  return take(m, false, true, TAILBACK_PLACE(), [=] { return may_be_tried(m) ? r->mutex_trylock(m) : EBUSY; }, [=] { return r->mutex_clocklock(m, clock, until); });
}
TAILBACK_EXPORT int pthread_mutex_unlock(pthread_mutex_t* m) noexcept {
  const Real* r = real();
  if (r == nullptr) return __pthread_mutex_unlock(m);
  note_mutex_release(m, TAILBACK_PLACE());
  return r->mutex_unlock(m);
}
TAILBACK_EXPORT int pthread_mutex_destroy(pthread_mutex_t* m) noexcept {
  forget(m);
  const Real* r = real();
  return r->mutex_destroy(m);
}

TAILBACK_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t* l) noexcept {
  const Real* r = real();
  return take(l, true, false, TAILBACK_PLACE(), [=] { return r->rwlock_tryrdlock(l); }, [=] { return r->rwlock_rdlock(l); });
}
TAILBACK_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t* l) noexcept {
  const Real* r = real();
  return try_take(l, true, TAILBACK_PLACE(), [=] { return r->rwlock_tryrdlock(l); });
}
TAILBACK_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t* l, const timespec* until) noexcept {
  const Real* r = real();
  return take(l, true, true, TAILBACK_PLACE(), [=] { return r->rwlock_tryrdlock(l); }, [=] { return r->rwlock_timedrdlock(l, until); });
}
TAILBACK_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t* l, clockid_t clock, const timespec* until) noexcept {
  const Real* r = real();
  return take(l, true, true, TAILBACK_PLACE(), [=] { return r->rwlock_tryrdlock(l); }, [=] { return r->rwlock_clockrdlock(l, clock, until); });
}
TAILBACK_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t* l) noexcept {
  const Real* r = real();
  return take(l, false, false, TAILBACK_PLACE(), [=] { return r->rwlock_trywrlock(l); }, [=] { return r->rwlock_wrlock(l); });
}
TAILBACK_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t* l) noexcept {
  const Real* r = real();
  return try_take(l, false, TAILBACK_PLACE(), [=] { return r->rwlock_trywrlock(l); });
}
TAILBACK_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t* l, const timespec* until) noexcept {
  const Real* r = real();
  return take(l, false, true, TAILBACK_PLACE(), [=] { return r->rwlock_trywrlock(l); }, [=] { return r->rwlock_timedwrlock(l, until); });
}
TAILBACK_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t* l, clockid_t clock, const timespec* until) noexcept {
  const Real* r = real();
  return take(l, false, true, TAILBACK_PLACE(), [=] { return r->rwlock_trywrlock(l); }, [=] { return r->rwlock_clockwrlock(l, clock, until); });
}
TAILBACK_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t* l) noexcept {
  const Real* r = real();
  if (tailback::locks::ThreadSlot* thread = observed_thread()) {
    // glibc decides by the same word which of the two it is.
    const bool exclusive = static_cast<std::uint32_t>(l->__data.__cur_writer) == own_tid();
    tailback::locks::note_releasing(thread, tailback::locks::EventLock(find_id(l)), !exclusive, TAILBACK_PLACE());
  }
  return r->rwlock_unlock(l);
}
TAILBACK_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t* l) noexcept {
  forget(l);
  return real()->rwlock_destroy(l);
}

TAILBACK_EXPORT int pthread_cond_wait(pthread_cond_t* c, pthread_mutex_t* m) {
  const Real* r = real();
  return wait_condition(c, m, TAILBACK_PLACE(), [=] { return r->cond_wait(c, m); });
}
TAILBACK_EXPORT int pthread_cond_timedwait(pthread_cond_t* c, pthread_mutex_t* m, const timespec* until) {
  const Real* r = real();
  return wait_condition(c, m, TAILBACK_PLACE(), [=] { return r->cond_timedwait(c, m, until); });
}
TAILBACK_EXPORT int pthread_cond_clockwait(pthread_cond_t* c, pthread_mutex_t* m, clockid_t clock, const timespec* until) {
  const Real* r = real();
  return wait_condition(c, m, TAILBACK_PLACE(), [=] { return r->cond_clockwait(c, m, clock, until); });
}
TAILBACK_EXPORT int pthread_cond_signal(pthread_cond_t* c) noexcept {
  note_notify(c, false, TAILBACK_PLACE());
  return real()->cond_signal(c);
}
TAILBACK_EXPORT int pthread_cond_broadcast(pthread_cond_t* c) noexcept {
  note_notify(c, true, TAILBACK_PLACE());
  return real()->cond_broadcast(c);
}
TAILBACK_EXPORT int pthread_cond_destroy(pthread_cond_t* c) noexcept {
  forget(c);
  return real()->cond_destroy(c);
}

TAILBACK_EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*), void* argument) noexcept {
  const Real* r = real();
  auto* start = static_cast<Start*>(std::malloc(sizeof(Start)));
  if (start == nullptr) return r->create(thread, attributes, routine, argument);
  int kind = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) ::pthread_attr_getdetachstate(attributes, &kind);
  *start = {routine, argument, observed_thread() != nullptr ? tailback::hooks::before_spawn() : tailback::hooks::spawn_point{}, kind == PTHREAD_CREATE_DETACHED};
  const int result = r->create(thread, attributes, &run_thread, start);
  if (result != 0) std::free(start);
  return result;
}
TAILBACK_EXPORT int pthread_detach(pthread_t thread) noexcept {
  if (observed_thread() != nullptr) tailback::hooks::detaching(thread);
  return real()->detach(thread);
}
TAILBACK_EXPORT int pthread_join(pthread_t thread, void** value) {
  return join_thread(thread, [=, r = real()] { return r->join(thread, value); });
}
TAILBACK_EXPORT int pthread_tryjoin_np(pthread_t thread, void** value) noexcept {
  return join_thread(thread, [=, r = real()] { return r->tryjoin(thread, value); });
}
TAILBACK_EXPORT int pthread_timedjoin_np(pthread_t thread, void** value, const timespec* until) {
  return join_thread(thread, [=, r = real()] { return r->timedjoin(thread, value, until); });
}
TAILBACK_EXPORT int pthread_clockjoin_np(pthread_t thread, void** value, clockid_t clock, const timespec* until) {
  return join_thread(thread, [=, r = real()] { return r->clockjoin(thread, value, clock, until); });
}
