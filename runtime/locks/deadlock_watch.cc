#include "runtime/locks/deadlock_watch.h"

#include <algorithm>
#include <atomic>

#include <unistd.h>

#include "runtime/locks/deadlock.h"
#include "runtime/locks/futex.h"
#include "runtime/metrics/helper_thread.h"

namespace tailback::locks {
namespace {

constexpr std::int64_t kPause = 10'000'000;
constinit std::atomic<pid_t> watched_process{0};

// Whether a thread has waited for `delay` that began to wait after `checked_ns`, when the last check began.
bool somebody_new(std::int64_t now, std::int64_t delay, std::int64_t checked_ns) noexcept {
  const std::uint32_t count = record_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    const ThreadSlot* thread = record_at(i);
    if (thread == nullptr || thread->wait_sequence.load(std::memory_order_acquire) % 2 == 0) continue;
    const std::int64_t since = thread->wait_since_ns.load(std::memory_order_relaxed);
    if (since >= checked_ns && since <= now - delay && (thread->wait_flags.load(std::memory_order_relaxed) & kWaitTimed) == 0) return true;
  }
  return false;
}

void watch() noexcept {
  std::int64_t checked_ns = 0;
  const std::atomic<std::uint32_t> never{0};
  for (std::int64_t pause = kPause;;) {
    futex_wait(never, 0, monotonic_ns() + pause);
    const std::int64_t begin = monotonic_ns(), delay = deadlock_delay();
    if (delay > 0 && somebody_new(begin, delay, checked_ns)) {
      checked_ns = begin;
      check_deadlocks();
    }
    pause = std::max(kPause, 50 * (monotonic_ns() - begin));
  }
}

}  // namespace

bool start_deadlock_watch() noexcept {
  const pid_t self = ::getpid();
  if (watched_process.exchange(self) == self) return true;
  try {
    if (start_detached_thread("tailback-locks", [] { watch(); })) return true;
  } catch (...) {
  }
  watched_process.store(0);
  return false;
}

}  // namespace tailback::locks
