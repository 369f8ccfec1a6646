// The slow path's part of the registry: a thread that waits says so, and looks for a ring once it has waited a few milliseconds.
#pragma once

#include <tailback/lock_identity.h>

#include "runtime/locks/futex.h"
#include "runtime/locks/thread_table.h"

namespace tailback::locks {

struct WaitRequest {
  std::uint64_t lock = 0;  ///< id
  bool shared = false;
  bool timed = false;
  const void* place = nullptr;
};

/// Publishes that the calling thread waits; returns when it began to. For waits that are not this library's own, as those of hooks are:
/// nobody looks for rings then but the watch (deadlock_watch.h).
std::int64_t begin_wait(ThreadSlot* thread, const WaitRequest& request) noexcept;
void end_wait(ThreadSlot* thread) noexcept;

/// Publishes that the calling thread waits, for as long as it lives.
class WaitScope {
 public:
  WaitScope(ThreadSlot* record, const WaitRequest& request) noexcept;
  ~WaitScope();
  WaitScope(const WaitScope&) = delete;
  WaitScope& operator=(const WaitScope&) = delete;

  /// The request's place in the queue; before the first sleep.
  void set_ticket(std::uint32_t ticket) noexcept;

  enum class Woken { kMaybe, kDeadline, kDeadlock };
  /// Sleeps while `word` is `expected`. kDeadlock: a ring was found, the caller is in it, and the policy is to throw.
  Woken sleep(const std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline_ns = kNoDeadline) noexcept;

  [[nodiscard]] std::int64_t since_ns() const noexcept { return since_ns_; }

 private:
  bool look_for_rings() noexcept;

  ThreadSlot* record_;
  std::int64_t since_ns_;
  std::int64_t look_at_ns_ = kNoDeadline;  // when to look; kNoDeadline: no need any more
  std::int64_t delay_ns_ = 0;
  std::uint64_t checks_before_ = 0;
};

}  // namespace tailback::locks
