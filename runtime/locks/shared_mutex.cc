// The read-write lock: one word that says all while nobody waits, and a queue of those who do.
//
// Own design, from parts that are well tried: a word with counts and flags as in Go's sync.RWMutex and folly::SharedMutex, an explicit
// queue as in WebKit's ParkingLot. The queue, rather than one futex that all wait on, is what makes the policies exact and lets a
// timed request leave from its midst.
//
// The word:
//   kWriter   held exclusively
//   kClosed   a new reader must queue even though others read: a writer waits (prefer_writers), or anyone does (fair)
//   kQueued   the queue is not empty: whoever gives the lock back must look at it
//   kWoken    a writer in the queue has been woken and will look at the word: no need to wake another
//   kReadersQueued  at least one of those in the queue is a reader
//   the rest  readers, in steps of kReader
//
// A reader enters by adding kReader, at once; when the word says that it may not, it takes that back under the queue's guard and
// queues. Between the two the count is too high by one, which can make others queue or fail a try, never let them in. Whoever
// takes a count back looks at the queue afterwards, so nobody is forgotten.
// All else about waiting happens under the guard, with compare-exchange against those who enter and leave without it.
//
// Writers are woken to try their luck (throughput) and are handed the lock when they have lost for a millisecond (no starvation), as
// in Go's mutex. Readers, and everybody under `fair`, are handed it.
//
// Memory order: taking is an acquire of the word, or of the waiter's signal when it was handed over; giving back is a release of
// the word, and the hand-over's signal a release by a thread that has acquired the word.
#include <tailback/shared_mutex.h>

#include <sched.h>

#include <system_error>

#include "runtime/locks/event_log.h"
#include "runtime/locks/holding.h"
#include "runtime/locks/waiting.h"
#include "runtime/schedule/hook.h"

namespace tailback {

using namespace locks;

namespace detail {

// On the stack of a thread that waits. All but `signal` is under the guard.
struct shared_waiter {
  static constexpr std::uint32_t kAsleep = 0, kTry = 1, kGranted = 2;

  shared_waiter* previous = nullptr;
  shared_waiter* next = nullptr;
  bool shared = false;
  bool granted = false;    // taken off the queue by another thread, which will signal
  bool overdue = false;    // has waited long enough to be handed the lock
  std::uint32_t ticket = 0;
  std::atomic<std::uint32_t> signal{kAsleep};
};

}  // namespace detail

namespace {

using Waiter = detail::shared_waiter;

constexpr std::uint32_t kWriter = 1, kClosed = 2, kQueued = 4, kWoken = 8, kReadersQueued = 16, kReader = 32;
constexpr std::int64_t kOverdueNs = 1'000'000;
constexpr int kSpins = 40, kYields = 8;

bool readers_in(std::uint32_t word) { return word >= kReader; }
bool free_for_writer(std::uint32_t word) { return (word & kWriter) == 0 && !readers_in(word); }
bool open_for_reader(std::uint32_t word) { return (word & (kWriter | kClosed)) == 0; }

/// Threads to wake once the guard is free.
struct WakeList {
  Waiter* granted = nullptr;                       // linked by `next`; each is told, and may be gone right after
  const std::atomic<std::uint32_t>* nudged = nullptr;  // told already; the address may be stale, which futex_wake allows

  void wake() const noexcept {
    for (Waiter* waiter = granted; waiter != nullptr;) {
      Waiter* const next = waiter->next;
      const std::atomic<std::uint32_t>* word = &waiter->signal;
      waiter->signal.store(Waiter::kGranted, std::memory_order_release);
      futex_wake(word);
      waiter = next;
    }
    if (nudged != nullptr) futex_wake(nudged);
  }
};

}  // namespace

// Readers and writers queue apart, each in a ring whose last member is known; `fair` compares tickets. One that lives on the stack of
// the thread that needs the queue.
struct shared_mutex_queue {
  explicit shared_mutex_queue(shared_mutex& mutex) noexcept : m(mutex), policy(mutex.identity_.policy()) {}

  bool lock_slow(std::int64_t deadline_ns, const void* place);
  bool lock_shared_slow(std::int64_t deadline_ns, const void* place);
  void unlock_slow() noexcept;
  void last_reader_left() noexcept;

 private:
  [[nodiscard]] bool fair() const noexcept { return policy == lock_policy::fair; }

  // Before it queues a request spins, in case the holder runs, and then yields its processor some times, in case the holder is ready to run: readers that
  // were handed the lock asleep hold it until they get there. Without that a queue, once formed, would not dissolve: whoever runs meets sleeping
  // holders and queues behind them. Under `fair` it is the place in the queue that counts; where readers are preferred they hardly ever queue.
  [[nodiscard]] int yields() const noexcept { return policy == lock_policy::prefer_writers ? kYields : 0; }
  static void pause_at(int attempt) noexcept {
    if (attempt < kSpins) {
      pause_processor();
    } else {
      ::sched_yield();
    }
  }

  // The guard is Drepper's mutex2, as FutexLock, on a word that the public header can show.
  void lock_guard() noexcept {
    std::uint32_t expected = 0;
    for (int i = 0; i < kSpins; ++i, expected = 0) {
      if (m.guard_.compare_exchange_weak(expected, 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
      pause_processor();
    }
    while (m.guard_.exchange(2, std::memory_order_acquire) != 0) futex_wait(m.guard_, 2);
  }
  void unlock_guard() noexcept {
    if (m.guard_.exchange(0, std::memory_order_release) == 2) futex_wake(&m.guard_);
  }

  static Waiter* first(const Waiter* last) noexcept { return last == nullptr ? nullptr : last->next; }

  void append(Waiter& waiter) noexcept {
    const std::uint32_t last_reader = m.readers_ == nullptr ? 0 : m.readers_->ticket;
    const std::uint32_t last_writer = m.writers_ == nullptr ? 0 : m.writers_->ticket;
    waiter.ticket = (last_reader > last_writer ? last_reader : last_writer) + 1;
    Waiter*& last = waiter.shared ? m.readers_ : m.writers_;
    waiter.previous = last == nullptr ? &waiter : last;
    waiter.next = last == nullptr ? &waiter : last->next;
    waiter.previous->next = waiter.next->previous = &waiter;
    last = &waiter;
  }
  void remove(Waiter& waiter) noexcept {
    Waiter*& last = waiter.shared ? m.readers_ : m.writers_;
    if (last == &waiter) last = waiter.previous == &waiter ? nullptr : waiter.previous;
    waiter.previous->next = waiter.next;
    waiter.next->previous = waiter.previous;
    waiter.next = nullptr;
  }

  // The flags of the word that a queue demands which has readers, writers or both.
  static constexpr std::uint32_t kQueueFlags = kQueued | kReadersQueued | kClosed;
  [[nodiscard]] std::uint32_t flags(bool readers, bool writers) const noexcept {
    const bool closed = fair() ? readers || writers : policy == lock_policy::prefer_writers && writers;
    return (readers || writers ? kQueued : 0) | (readers ? kReadersQueued : 0) | (closed ? kClosed : 0);
  }
  [[nodiscard]] std::uint32_t flags() const noexcept { return flags(m.readers_ != nullptr, m.writers_ != nullptr); }

  // The readers that the policy admits now: none, all, or under `fair` those before the first writer. Counts them.
  [[nodiscard]] std::uint32_t readers_to_admit(std::uint32_t base, bool after_writer) const noexcept {
    if ((base & kWriter) != 0 || m.readers_ == nullptr) return 0;
    const Waiter* writer = first(m.writers_);
    if (policy == lock_policy::prefer_writers && writer != nullptr && !after_writer) return 0;
    std::uint32_t count = 0;
    const Waiter* reader = first(m.readers_);
    do {
      if (fair() && writer != nullptr && writer->ticket < reader->ticket) break;
      ++count;
      reader = reader->next;
    } while (reader != first(m.readers_));
    return count;
  }
  // The writer whose turn it is when no readers are admitted.
  [[nodiscard]] Waiter* writer_to_admit(std::uint32_t base) const noexcept { return free_for_writer(base) ? first(m.writers_) : nullptr; }

  Waiter* take_readers(std::uint32_t count) noexcept {
    Waiter* chain = nullptr;
    Waiter** link = &chain;
    for (; count > 0; --count) {
      Waiter* reader = first(m.readers_);
      remove(*reader);
      reader->granted = true;
      *link = reader;
      link = &reader->next;
    }
    return chain;
  }

  // Lets in whom the policy lets in now. `give_up`: the caller holds the lock exclusively, and gives it back hereby. Under the guard.
  WakeList dispatch(bool give_up) noexcept {
    std::uint32_t word = m.state_.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint32_t base = give_up ? word & ~kWriter : word;
      const std::uint32_t readers = readers_to_admit(base, give_up);
      Waiter* writer = readers > 0 ? nullptr : writer_to_admit(base);
      const bool hand_over = writer != nullptr && (fair() || writer->overdue);
      const bool nudge = writer != nullptr && !hand_over && (base & kWoken) == 0;

      const bool readers_left = readers > 0 ? fair() && m.readers_->ticket > last_admitted(readers)->ticket : m.readers_ != nullptr;
      const bool writers_left = hand_over ? writer->next != writer : m.writers_ != nullptr;
      std::uint32_t next = (base & ~kQueueFlags) | flags(readers_left, writers_left);
      next += readers * kReader;
      if (hand_over) next |= kWriter;
      if (nudge) next |= kWoken;
      if (!m.state_.compare_exchange_weak(word, next, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;

      WakeList wakes;
      if (readers > 0) wakes.granted = take_readers(readers);
      if (hand_over) {
        remove(*writer);
        writer->granted = true;
        wakes.granted = writer;
      } else if (nudge) {
        writer->signal.store(Waiter::kTry, std::memory_order_release);
        wakes.nudged = &writer->signal;
      }
      return wakes;
    }
  }
  [[nodiscard]] const Waiter* last_admitted(std::uint32_t count) const noexcept {
    const Waiter* reader = m.readers_;
    for (; count > 0; --count) reader = reader->next;
    return reader;
  }

  bool writer_enters_or_queues(Waiter& waiter) noexcept;
  bool reader_enters_or_queues(Waiter& waiter) noexcept;
  bool queued_writer_enters(Waiter& waiter) noexcept;
  bool leave(Waiter& waiter) noexcept;
  bool wait(WaitScope& scope, Waiter& waiter, std::int64_t deadline_ns, bool& deadlock) noexcept;

  shared_mutex& m;
  const lock_policy policy;
};

// Under the guard. True: entered.
bool shared_mutex_queue::writer_enters_or_queues(Waiter& waiter) noexcept {
  std::uint32_t word = m.state_.load(std::memory_order_relaxed);
  const bool in_order = !fair() || (m.readers_ == nullptr && m.writers_ == nullptr);
  for (;;) {
    const bool enters = free_for_writer(word) && in_order;
    // Queued, the flags speak of it before it is in the queue; only others under the guard act on them.
    const std::uint32_t next = enters ? word | kWriter : word | flags(m.readers_ != nullptr, true);
    if (m.state_.compare_exchange_weak(word, next, std::memory_order_acquire, std::memory_order_relaxed)) {
      if (!enters) append(waiter);
      return enters;
    }
  }
}

// Under the guard; the word still has the count that the reader added. True: entered, and the count stays.
bool shared_mutex_queue::reader_enters_or_queues(Waiter& waiter) noexcept {
  std::uint32_t word = m.state_.load(std::memory_order_relaxed);
  for (;;) {
    const bool enters = open_for_reader(word);
    const std::uint32_t next = enters ? word : (word - kReader) | flags(true, m.writers_ != nullptr);
    if (m.state_.compare_exchange_weak(word, next, std::memory_order_acquire, std::memory_order_relaxed)) {
      if (!enters) append(waiter);
      return enters;
    }
  }
}

// Under the guard: a writer in the queue, awake for whatever reason, tries its luck. It is the one that kWoken speaks of if it was told so.
bool shared_mutex_queue::queued_writer_enters(Waiter& waiter) noexcept {
  const bool nudged = waiter.signal.load(std::memory_order_relaxed) == Waiter::kTry;
  waiter.signal.store(Waiter::kAsleep, std::memory_order_relaxed);
  std::uint32_t word = m.state_.load(std::memory_order_relaxed);
  for (;;) {
    const bool enters = free_for_writer(word) && !fair();
    std::uint32_t next = nudged ? word & ~kWoken : word;
    if (enters) next = (next & ~kQueueFlags) | kWriter | flags(m.readers_ != nullptr, waiter.next != &waiter);
    if (m.state_.compare_exchange_weak(word, next, std::memory_order_acquire, std::memory_order_relaxed)) {
      if (enters) remove(waiter);
      return enters;
    }
  }
}

// Under the guard, by one that gives up. True: it was granted the lock meanwhile, and only the signal is still to come.
bool shared_mutex_queue::leave(Waiter& waiter) noexcept {
  if (waiter.granted) return true;
  remove(waiter);
  std::uint32_t word = m.state_.load(std::memory_order_relaxed);
  while (!m.state_.compare_exchange_weak(word, (word & ~kQueueFlags) | flags(), std::memory_order_relaxed)) {
  }
  return false;
}

// Until the lock is granted or the wait ends without it; entered without the guard, after queueing.
bool shared_mutex_queue::wait(WaitScope& scope, Waiter& waiter, std::int64_t deadline_ns, bool& deadlock) noexcept {
  for (;;) {
    WaitScope::Woken woken = WaitScope::Woken::kMaybe;
    if (waiter.signal.load(std::memory_order_acquire) == Waiter::kAsleep) woken = scope.sleep(waiter.signal, Waiter::kAsleep, deadline_ns);
    if (waiter.signal.load(std::memory_order_acquire) == Waiter::kGranted) return true;
    const bool gives_up = woken != WaitScope::Woken::kMaybe;
    if (!gives_up && waiter.shared) continue;

    lock_guard();
    bool entered = !waiter.shared && !waiter.granted && queued_writer_enters(waiter);
    WakeList wakes;
    bool granted = waiter.granted;
    if (!entered && !granted) {
      waiter.overdue = monotonic_ns() - scope.since_ns() > kOverdueNs;
      if (gives_up) {
        granted = leave(waiter);
        wakes = dispatch(false);  // the one behind it may have waited for it alone
      }
    }
    unlock_guard();
    wakes.wake();
    if (entered) return true;
    if (granted) {
      std::uint32_t signal = waiter.signal.load(std::memory_order_acquire);
      for (; signal != Waiter::kGranted; signal = waiter.signal.load(std::memory_order_acquire)) futex_wait(waiter.signal, signal);
      return true;
    }
    if (gives_up) {
      deadlock = woken == WaitScope::Woken::kDeadlock;
      return false;
    }
  }
}

bool shared_mutex_queue::lock_slow(std::int64_t deadline_ns, const void* place) {
  for (int i = 0; i < kSpins + yields(); ++i) {
    std::uint32_t word = m.state_.load(std::memory_order_relaxed);
    if (free_for_writer(word) && !(fair() && (word & kQueued) != 0) &&
        m.state_.compare_exchange_weak(word, word | kWriter, std::memory_order_acquire, std::memory_order_relaxed)) {
      return true;
    }
    pause_at(i);
  }
  Waiter waiter;
  WaitScope scope(this_thread(), {m.identity_.enter(&m), false, deadline_ns != kNoDeadline, place});
  lock_guard();
  bool taken = writer_enters_or_queues(waiter);
  unlock_guard();
  scope.set_ticket(waiter.ticket);
  bool deadlock = false;
  if (!taken) taken = wait(scope, waiter, deadline_ns, deadlock);
  if (deadlock) throw std::system_error(std::make_error_code(std::errc::resource_deadlock_would_occur), "tailback::shared_mutex");
  return taken;
}

bool shared_mutex_queue::lock_shared_slow(std::int64_t deadline_ns, const void* place) {
  // A writer that runs is soon done. The count is given back meanwhile, or it would keep the next writer out.
  const std::uint32_t before = m.state_.fetch_sub(kReader, std::memory_order_relaxed);
  if (before < 2 * kReader && (before & (kQueued | kWoken | kWriter)) == kQueued) last_reader_left();
  for (int i = 0; i < kSpins + yields(); ++i) {
    std::uint32_t word = m.state_.load(std::memory_order_relaxed);
    if (open_for_reader(word) &&
        m.state_.compare_exchange_weak(word, word + kReader, std::memory_order_acquire, std::memory_order_relaxed)) {
      return true;
    }
    pause_at(i);
  }
  if (open_for_reader(m.state_.fetch_add(kReader, std::memory_order_acquire))) return true;
  Waiter waiter;
  waiter.shared = true;
  WaitScope scope(this_thread(), {m.identity_.enter(&m), true, deadline_ns != kNoDeadline, place});
  lock_guard();
  bool taken = reader_enters_or_queues(waiter);
  // The count taken back may have been what kept a writer out.
  const WakeList wakes = taken ? WakeList{} : dispatch(false);
  unlock_guard();
  wakes.wake();
  scope.set_ticket(waiter.ticket);
  bool deadlock = false;
  if (!taken) taken = wait(scope, waiter, deadline_ns, deadlock);
  if (deadlock) throw std::system_error(std::make_error_code(std::errc::resource_deadlock_would_occur), "tailback::shared_mutex");
  return taken;
}

void shared_mutex_queue::unlock_slow() noexcept {
  // A writer is on its way already and no reader has a claim: nothing to do in the queue.
  std::uint32_t word = m.state_.load(std::memory_order_relaxed);
  while (!fair() && (word & (kWoken | kReadersQueued)) == kWoken) {
    if (m.state_.compare_exchange_weak(word, word & ~kWriter, std::memory_order_release, std::memory_order_relaxed)) return;
  }
  lock_guard();
  const WakeList wakes = dispatch(true);
  unlock_guard();
  wakes.wake();
}

void shared_mutex_queue::last_reader_left() noexcept {
  lock_guard();
  const WakeList wakes = dispatch(false);
  unlock_guard();
  wakes.wake();
}

// What lock() and the others do when they have more to do than usual. Out of their way, so that those need no stack (holding.h).
void shared_mutex::lock_observed(const void* place) {
  schedule_before(ScheduledOperation::kLock, identity_);
  if (!try_take()) shared_mutex_queue(*this).lock_slow(kNoDeadline, place);
  note_exclusive(place, false);
}

void shared_mutex::lock_shared_observed(const void* place) {
  schedule_before(ScheduledOperation::kLockShared, identity_);
  lock_shared_counted(place, state_.fetch_add(kReader, std::memory_order_acquire));
}

void shared_mutex::lock_shared_counted(const void* place, std::uint32_t before) {
  if (!open_for_reader(before)) shared_mutex_queue(*this).lock_shared_slow(kNoDeadline, place);
  note_acquired(identity_, this, true, place);
}

void shared_mutex::unlock_observed(const void* place) noexcept {
  schedule_before(ScheduledOperation::kUnlock, identity_);
  note_releasing(identity_, false, place);
  give();
}

void shared_mutex::unlock_shared_observed(const void* place) noexcept {
  schedule_before(ScheduledOperation::kUnlock, identity_);
  if (const std::uint64_t id = identity_.id(); id != 0) {
    if (events_on()) event_reader_leaves(id, readers_clock_, place);
    if (ThreadSlot* record = this_thread()) erase_hold(record, hold_key(id, true));
  }
  give_shared();
}

// A writer comes after all readers that have left; those that come after it need only know of it.
void shared_mutex::note_exclusive(const void* place, bool tried) noexcept {
  if (events_on()) event_readers_left(identity_.event_clock(), readers_clock_);
  note_acquired(identity_, this, false, place, tried);
}

inline bool shared_mutex::try_take() noexcept {
  std::uint32_t expected = 0;
  return state_.compare_exchange_strong(expected, kWriter, std::memory_order_acquire, std::memory_order_relaxed);
}

inline void shared_mutex::give() noexcept {
  std::uint32_t expected = kWriter;
  if (!state_.compare_exchange_strong(expected, 0, std::memory_order_release, std::memory_order_relaxed)) [[unlikely]] {
    shared_mutex_queue(*this).unlock_slow();
  }
}

inline void shared_mutex::give_shared() noexcept {
  const std::uint32_t before = state_.fetch_sub(kReader, std::memory_order_release);
  if (before < 2 * kReader && (before & (kQueued | kWoken | kWriter)) == kQueued) [[unlikely]] shared_mutex_queue(*this).last_reader_left();
}

void shared_mutex::lock() {
  const void* place = TAILBACK_PLACE();
  if ((features.load(std::memory_order_relaxed) & kReleaseFeatures) != 0 || !try_take()) [[unlikely]] return lock_observed(place);
  note_acquired(identity_, this, false, place);
}

bool shared_mutex::try_lock() noexcept { return try_lock_for_ns(0); }

void shared_mutex::unlock() noexcept {
  if (!note_releasing_fast(identity_, false)) [[unlikely]] return unlock_observed(TAILBACK_PLACE());
  give();
}

void shared_mutex::lock_shared() {
  const void* place = TAILBACK_PLACE();
  if (scheduled()) [[unlikely]] return lock_shared_observed(place);
  const std::uint32_t before = state_.fetch_add(kReader, std::memory_order_acquire);
  if (!open_for_reader(before)) [[unlikely]] return lock_shared_counted(place, before);
  note_acquired(identity_, this, true, place);
}

bool shared_mutex::try_lock_shared() noexcept { return try_lock_shared_for_ns(0); }

void shared_mutex::unlock_shared() noexcept {
  if (!note_releasing_fast(identity_, true)) [[unlikely]] return unlock_shared_observed(TAILBACK_PLACE());
  give_shared();
}

namespace {

std::int64_t deadline_after(std::int64_t ns) noexcept {
  const std::int64_t now = monotonic_ns();
  return ns > kNoDeadline - 1 - now ? kNoDeadline - 1 : now + ns;
}

}  // namespace

bool shared_mutex::try_lock_for_ns(std::int64_t ns) noexcept {
  const void* place = TAILBACK_PLACE();
  schedule_before(ScheduledOperation::kTry, identity_);
  std::uint32_t word = state_.load(std::memory_order_relaxed);
  const bool queue_first = identity_.policy() == lock_policy::fair && (word & kQueued) != 0;
  bool taken = free_for_writer(word) && !queue_first &&
               state_.compare_exchange_strong(word, word | kWriter, std::memory_order_acquire, std::memory_order_relaxed);
  if (!taken && ns > 0) taken = shared_mutex_queue(*this).lock_slow(deadline_after(ns), place);
  if (taken) {
    note_exclusive(place, true);
  } else {
    event_gave_up(identity_.enter(this), false, place);
  }
  return taken;
}

bool shared_mutex::try_lock_shared_for_ns(std::int64_t ns) noexcept {
  const void* place = TAILBACK_PLACE();
  schedule_before(ScheduledOperation::kTryShared, identity_);
  bool taken = false;
  std::uint32_t word = state_.load(std::memory_order_relaxed);
  while (!taken && open_for_reader(word)) {
    taken = state_.compare_exchange_weak(word, word + kReader, std::memory_order_acquire, std::memory_order_relaxed);
  }
  if (!taken && ns > 0) {
    taken = open_for_reader(state_.fetch_add(kReader, std::memory_order_acquire)) ||
            shared_mutex_queue(*this).lock_shared_slow(deadline_after(ns), place);
  }
  if (taken) {
    note_acquired(identity_, this, true, place, true);
  } else {
    event_gave_up(identity_.enter(this), true, place);
  }
  return taken;
}

}  // namespace tailback
