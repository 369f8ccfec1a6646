#include "runtime/locks/waiting.h"

#include "runtime/locks/deadlock.h"
#include "runtime/locks/event_log.h"
#include "runtime/schedule/hook.h"

namespace tailback::locks {

std::int64_t begin_wait(ThreadSlot* thread, const WaitRequest& request) noexcept {
  const std::int64_t since_ns = monotonic_ns();
  const std::uint64_t key = hold_key(request.lock, request.shared);
  if (!request.timed) event_requested(request.lock, request.shared, request.place);
  constexpr auto kRelease = std::memory_order_release;  // a reader that meets one of them sees, at its second look, that the wait is new
  thread->wait_key.store(key, kRelease);
  thread->wait_since_ns.store(since_ns, kRelease);
  thread->wait_place.store(reinterpret_cast<std::uintptr_t>(request.place), kRelease);
  thread->wait_flags.store(request.timed ? kWaitTimed : 0u, kRelease);
  thread->wait_ticket.store(0, kRelease);
  // Sequentially consistent, as is the count of checks: either this thread reads a count from before a check began, and later sees
  // that one has begun since, or the check sees this wait. One of the two must hold, or a ring could close unseen.
  thread->wait_sequence.fetch_add(1, std::memory_order_seq_cst);
  return since_ns;
}

void end_wait(ThreadSlot* thread) noexcept { thread->wait_sequence.fetch_add(1, std::memory_order_release); }

WaitScope::WaitScope(ThreadSlot* record, const WaitRequest& request) noexcept : record_(request.lock == 0 ? nullptr : record) {
  if (record_ == nullptr) {
    since_ns_ = monotonic_ns();
    return;
  }
  since_ns_ = begin_wait(record_, request);
  checks_before_ = checks_begun();
  delay_ns_ = deadlock_delay();
  if (!request.timed && delay_ns_ > 0) look_at_ns_ = since_ns_ + delay_ns_;
}

WaitScope::~WaitScope() {
  if (record_ != nullptr) end_wait(record_);
}

void WaitScope::set_ticket(std::uint32_t ticket) noexcept {
  if (record_ != nullptr) record_->wait_ticket.store(ticket, std::memory_order_release);
}

WaitScope::Woken WaitScope::sleep(const std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline_ns) noexcept {
  schedule_parked();
  const std::int64_t until = look_at_ns_ < deadline_ns ? look_at_ns_ : deadline_ns;
  if (futex_wait(word, expected, until)) return Woken::kMaybe;
  if (until == look_at_ns_ && look_for_rings()) return Woken::kDeadlock;
  return until == deadline_ns ? Woken::kDeadline : Woken::kMaybe;
}

bool WaitScope::look_for_rings() noexcept {
  const bool must_throw = deadlock_policy() == DeadlockPolicy::kThrow;
  // A check by another thread does, but for a thread that would have to throw: only its own tells whether it is in a ring.
  if (!must_throw && checked_since(checks_before_)) {
    look_at_ns_ = kNoDeadline;
    return false;
  }
  bool member = false;
  if (!try_check(record_, member)) {
    look_at_ns_ = monotonic_ns() + delay_ns_;  // another one is at it
    return false;
  }
  look_at_ns_ = kNoDeadline;
  return member && must_throw;
}

}  // namespace tailback::locks
