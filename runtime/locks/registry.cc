#include "runtime/locks/registry.h"

#include <algorithm>
#include <ctime>

namespace tailback::locks {
namespace {

std::int64_t now_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

template <class T>
bool add(std::vector<T>& list, const T& value, Growth growth) {
  if (list.size() == list.capacity() && growth == Growth::kForbidden) return false;
  list.push_back(value);
  return true;
}

class SnapshotTaker {
 public:
  SnapshotTaker(Snapshot& snapshot, Growth growth) : out_(snapshot), growth_(growth) {}

  void take() {
    out_.mono_ns = now_ns();
    const std::uint32_t count = record_count();
    for (std::uint32_t i = 0; i < count; ++i) {
      const ThreadSlot* record = record_at(i);
      if (record != nullptr && record->status.load(std::memory_order_acquire) != ThreadStatus::kFree) take_thread(*record);
    }
    finish_locks();
    out_.thread_counts = thread_table_counts();
    out_.lock_counts = lock_table_counts();
  }

 private:
  void take_thread(const ThreadSlot& record) {
    ThreadView thread;
    thread.tid = record.tid.load(std::memory_order_relaxed);
    thread.logical = record.logical.load(std::memory_order_relaxed);
    thread.exited = record.status.load(std::memory_order_relaxed) == ThreadStatus::kExited;
    thread.unnamed_holds = record.unnamed_holds.load(std::memory_order_relaxed);
    read_label(&record, thread.label_bytes);
    const auto index = static_cast<std::uint32_t>(out_.threads.size());
    if (!add(out_.threads, thread, growth_)) {
      ++out_.missed;
      return;
    }
    const std::size_t waits = out_.waits.size();
    const std::uint64_t sequence = record.wait_sequence.load(std::memory_order_acquire);
    take_wait(record, index);
    take_holds(record, index);
    // It got what it waited for in between: that it holds it is newer.
    if (out_.waits.size() > waits && record.wait_sequence.load(std::memory_order_acquire) != sequence) out_.waits.pop_back();
  }

  void take_wait(const ThreadSlot& record, std::uint32_t thread) {
    const std::uint64_t sequence = record.wait_sequence.load(std::memory_order_acquire);
    if (sequence % 2 == 0) return;
    constexpr auto kAcquire = std::memory_order_acquire;  // so that the second look at the sequence comes last
    WaitView wait;
    wait.thread = thread;
    const std::uint64_t key = record.wait_key.load(kAcquire);
    wait.lock = lock_of(key);
    wait.shared = is_shared(key);
    wait.timed = (record.wait_flags.load(kAcquire) & kWaitTimed) != 0;
    wait.ticket = record.wait_ticket.load(kAcquire);
    wait.since_ns = record.wait_since_ns.load(kAcquire);
    wait.place = record.wait_place.load(kAcquire);
    if (record.wait_sequence.load(std::memory_order_relaxed) != sequence) return;
    if (!add(out_.waits, wait, growth_)) ++out_.missed;
    note_lock(wait.lock);
  }

  void take_holds(const ThreadSlot& record, std::uint32_t thread) {
    const std::uint32_t top = std::min(record.top.load(std::memory_order_acquire), kMaxHolds);
    const HoldStack* stacks = record.hold_stacks.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < top; ++i) {
      const HoldEntry& entry = record.holds[i];
      const std::uint64_t key = entry.key.load(std::memory_order_acquire);
      if (key == 0) continue;
      HoldView hold;
      hold.thread = thread;
      hold.lock = lock_of(key);
      hold.shared = is_shared(key);
      hold.place = entry.place.load(std::memory_order_acquire);
      for (std::uint32_t f = 0; stacks != nullptr && f < kHoldStackDepth; ++f) {
        hold.frames[f] = stacks[i].frames[f].load(std::memory_order_acquire);
      }
      // Another hold by now: the thread runs, and neither matters. (The same lock taken anew at another place passes: true, too.)
      if (entry.key.load(std::memory_order_relaxed) != key) continue;
      if (!add(out_.holds, hold, growth_)) ++out_.missed;
      note_lock(hold.lock);
    }
  }

  // Only the id for now. Threads gather at few locks: a look at the last ones saves most repetitions, finish_locks() the rest.
  void note_lock(std::uint64_t id) {
    const std::size_t look_back = std::min<std::size_t>(out_.locks.size(), 64);
    const auto end = out_.locks.rbegin() + static_cast<std::ptrdiff_t>(look_back);
    if (std::find_if(out_.locks.rbegin(), end, [id](const LockView& lock) { return lock.id == id; }) != end) return;
    LockView view;
    view.id = id;
    if (!add(out_.locks, view, growth_)) ++out_.missed;
  }

  void finish_locks() {
    auto& locks = out_.locks;
    std::sort(locks.begin(), locks.end(), [](const LockView& a, const LockView& b) { return a.id < b.id; });
    const auto same = [](const LockView& a, const LockView& b) { return a.id == b.id; };
    locks.erase(std::unique(locks.begin(), locks.end(), same), locks.end());
    std::erase_if(locks, [](LockView& lock) { return !find_lock(lock.id, lock); });
  }

  Snapshot& out_;
  Growth growth_;
};

}  // namespace

void Snapshot::reserve(std::size_t thread_count, std::size_t hold_count, std::size_t lock_count) {
  threads.reserve(thread_count);
  waits.reserve(thread_count);
  holds.reserve(hold_count);
  locks.reserve(lock_count);
}

const LockView* Snapshot::find(std::uint64_t lock_id) const noexcept {
  const auto found = std::lower_bound(locks.begin(), locks.end(), lock_id, [](const LockView& lock, std::uint64_t id) { return lock.id < id; });
  return found != locks.end() && found->id == lock_id ? &*found : nullptr;
}

void take_snapshot(Snapshot& snapshot, Growth growth) noexcept {
  snapshot.locks.clear();
  snapshot.threads.clear();
  snapshot.holds.clear();
  snapshot.waits.clear();
  snapshot.missed = 0;
  try {
    SnapshotTaker(snapshot, growth).take();
  } catch (...) {  // out of memory, only where growth is allowed
    ++snapshot.missed;
  }
}

LockMetrics lock_metrics() noexcept {
  LockMetrics metrics;
  const std::int64_t now = now_ns();
  const std::uint32_t count = record_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    const ThreadSlot* record = record_at(i);
    if (record == nullptr || record->status.load(std::memory_order_acquire) != ThreadStatus::kLive) continue;
    const std::uint64_t sequence = record->wait_sequence.load(std::memory_order_acquire);
    if (sequence % 2 == 0) continue;
    const LockSlot* slot = live_slot(lock_of(record->wait_key.load(std::memory_order_acquire)));
    const std::int64_t since = record->wait_since_ns.load(std::memory_order_acquire);
    if (slot == nullptr || slot->kind.load(std::memory_order_relaxed) == lock_kind::condition) continue;
    if (record->wait_sequence.load(std::memory_order_relaxed) != sequence) continue;
    ++metrics.blocked_threads;
    metrics.longest_wait_ns = std::max(metrics.longest_wait_ns, now - since);
  }
  return metrics;
}

}  // namespace tailback::locks
