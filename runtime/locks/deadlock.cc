#include "runtime/locks/deadlock.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/locks/futex.h"
#include "runtime/locks/ring_search.h"

namespace tailback::locks {
namespace {

constinit std::atomic<DeadlockPolicy> policy{DeadlockPolicy::kReport};
constinit std::atomic<std::int64_t> delay_ns{3'000'000};
constinit std::atomic<std::uint64_t> begun{0}, ended{0}, reported_count{0};
constinit std::atomic<int> event_fd{-1};

constinit FutexLock checking;  // guards what follows
constinit RingSearch search;
constinit std::uint64_t reported[256] = {};  // signatures of the rings reported last
constinit std::size_t next_reported = 0;

constinit FutexLock telling;  // guards what follows
constinit DeadlockHandler handler = nullptr;
constinit void* handler_context = nullptr;
constinit DeadlockReport last{};

bool is_new(std::uint64_t signature) noexcept {
  if (std::find(std::begin(reported), std::end(reported), signature) != std::end(reported)) return false;
  reported[next_reported++ % std::size(reported)] = signature;
  return true;
}

void tell(const DeadlockReport& report) noexcept {
  telling.lock();
  last = report;
  reported_count.fetch_add(1, std::memory_order_release);
  if (handler != nullptr) handler(report, handler_context);
  telling.unlock();
  const int fd = event_fd.load(std::memory_order_acquire);
  const std::uint64_t one = 1;
  if (fd >= 0 && ::write(fd, &one, sizeof one) < 0) {  // full: it is readable already
  }
  if (policy.load(std::memory_order_relaxed) == DeadlockPolicy::kAbort) {
    const std::string text = describe(report);
    std::fputs(text.c_str(), stderr);
    std::abort();
  }
}

// With `checking` held.
std::uint32_t check(const ThreadSlot* caller, bool& member) noexcept {
  // Pairs with WaitScope's count and sequence.
  const std::uint64_t number = begun.fetch_add(1, std::memory_order_seq_cst) + 1;
  search.collect();
  std::uint32_t rings = 0;
  DeadlockReport report;
  while (search.next_ring(report)) {
    ++rings;
    member = member || (caller != nullptr && search.ring_contains(caller));
    if (is_new(search.ring_signature())) tell(report);
  }
  // The number above, the rings below, so that both are of one check.
  ended.store(number << 16 | std::min<std::uint32_t>(rings, 0xffff), std::memory_order_release);
  return rings;
}

}  // namespace

void set_deadlock_policy(DeadlockPolicy value) noexcept { policy.store(value, std::memory_order_relaxed); }
DeadlockPolicy deadlock_policy() noexcept { return policy.load(std::memory_order_relaxed); }
void set_deadlock_delay(std::int64_t value) noexcept { delay_ns.store(value, std::memory_order_relaxed); }
std::int64_t deadlock_delay() noexcept { return delay_ns.load(std::memory_order_relaxed); }

void set_deadlock_handler(DeadlockHandler value, void* context) noexcept {
  telling.lock();
  handler = value;
  handler_context = context;
  telling.unlock();
}

int deadlock_event_fd() noexcept {
  int known = event_fd.load(std::memory_order_acquire);
  if (known >= 0) return known;
  const int fresh = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fresh >= 0 && !event_fd.compare_exchange_strong(known, fresh, std::memory_order_acq_rel)) {
    ::close(fresh);
    return known;
  }
  return fresh;
}

std::uint32_t check_deadlocks() noexcept {
  bool member = false;
  checking.lock();
  const std::uint32_t rings = check(nullptr, member);
  checking.unlock();
  return rings;
}

bool try_check(const ThreadSlot* caller, bool& member) noexcept {
  if (!checking.try_lock()) return false;
  check(caller, member);
  checking.unlock();
  return true;
}

std::uint64_t checks_begun() noexcept { return begun.load(std::memory_order_seq_cst); }
bool checked_since(std::uint64_t number) noexcept { return last_check().number > number; }
CheckResult last_check() noexcept {
  const std::uint64_t both = ended.load(std::memory_order_acquire);
  return {both >> 16, static_cast<std::uint32_t>(both & 0xffff)};
}
std::uint64_t deadlocks_reported() noexcept { return reported_count.load(std::memory_order_acquire); }

bool last_deadlock(DeadlockReport& report) noexcept {
  if (deadlocks_reported() == 0) return false;
  telling.lock();
  report = last;
  telling.unlock();
  return true;
}

namespace {

std::string name_of(std::uint64_t lock_id) {
  LockView lock;
  char text[96];
  if (!find_lock(lock_id, lock)) {
    std::snprintf(text, sizeof text, "lock %llu", static_cast<unsigned long long>(lock_id));
  } else {
    std::snprintf(text, sizeof text, "%s%slock %llu at 0x%llx", lock.name_bytes, lock.name().empty() ? "" : ", ",
                  static_cast<unsigned long long>(lock_id), static_cast<unsigned long long>(lock.address));
  }
  return text;
}

const char* word(bool shared) { return shared ? "shared" : "exclusive"; }

}  // namespace

std::string describe(const DeadlockReport& report) {
  std::string text = "tailback: deadlock of " + std::to_string(report.length) + (report.length == 1 ? " thread\n" : " threads\n");
  for (std::uint32_t i = 0; i < report.named; ++i) {
    const RingMember& member = report.members[i];
    text += "  thread " + std::to_string(member.tid);
    char place[32];
    if (member.held != 0) {
      std::snprintf(place, sizeof place, " (taken at %#llx)", static_cast<unsigned long long>(member.hold_place));
      text += " holds " + name_of(member.held) + " " + word(member.held_shared) + place;
    } else {
      text += " stands before the thread above in the queue";
    }
    std::snprintf(place, sizeof place, " (at %#llx)\n", static_cast<unsigned long long>(member.wait_place));
    text += ", waits for " + name_of(member.waits_for) + " " + word(member.waits_shared) + place;
  }
  if (report.named < report.length) text += "  and " + std::to_string(report.length - report.named) + " more\n";
  return text;
}

}  // namespace tailback::locks
