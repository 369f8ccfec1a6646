#include "runtime/locks/ring_search.h"

#include <algorithm>

#include "runtime/locks/futex.h"

namespace tailback::locks {

void RingSearch::collect() noexcept {
  waiters_.clear();
  held_.clear();
  groups_.clear();
  colors_.clear();
  path_.clear();
  ring_.clear();
  next_start_ = 0;
  const std::uint32_t count = record_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    const ThreadSlot* record = record_at(i);
    if (record != nullptr && record->status.load(std::memory_order_acquire) == ThreadStatus::kLive) collect_thread(*record);
  }
  if (!sort()) waiters_.clear();  // no memory: no rings rather than half a graph
}

// Only threads that wait without a limit: the others go on by themselves, and so does whoever waits for them.
void RingSearch::collect_thread(const ThreadSlot& record) noexcept {
  const std::uint64_t sequence = record.wait_sequence.load(std::memory_order_seq_cst);  // pairs with WaitScope
  if (sequence % 2 == 0) return;
  constexpr auto kAcquire = std::memory_order_acquire;
  if ((record.wait_flags.load(kAcquire) & kWaitTimed) != 0) return;
  Waiter waiter{&record,
                sequence,
                record.wait_key.load(kAcquire),
                record.wait_place.load(kAcquire),
                record.wait_since_ns.load(kAcquire),
                record.wait_ticket.load(kAcquire),
                0,
                false};
  const auto index = static_cast<std::uint32_t>(waiters_.size());
  const std::size_t held_before = held_.size();
  const bool whole = waiters_.push_back(waiter) && collect_holds(record, index);
  if (!whole || record.wait_sequence.load(std::memory_order_relaxed) != sequence) {
    while (held_.size() > held_before) held_.pop_back();
    if (waiters_.size() > index) waiters_.pop_back();
  }
}

bool RingSearch::collect_holds(const ThreadSlot& record, std::uint32_t waiter) noexcept {
  const std::uint32_t top = std::min(record.top.load(std::memory_order_acquire), kMaxHolds);
  for (std::uint32_t i = 0; i < top; ++i) {
    const std::uint64_t key = record.holds[i].key.load(std::memory_order_acquire);
    if (key != 0 && !held_.push_back({key, record.holds[i].place.load(std::memory_order_acquire), waiter})) return false;
  }
  return true;
}

bool RingSearch::sort() noexcept {
  // Waiters stay where they are, for held_ points to them; groups_ is made from a sorted list of (lock, waiter).
  std::sort(held_.begin(), held_.end(), [](const Held& a, const Held& b) { return a.key < b.key; });
  for (const Waiter& waiter : waiters_) {
    const std::uint64_t lock = lock_of(waiter.key);
    if (groups_.size() > 0 && groups_.back().lock == lock) continue;
    if (!groups_.push_back({lock, lock_policy::none, 0, 0, kNone})) return false;
  }
  const auto by_lock = [](const Group& a, const Group& b) { return a.lock < b.lock; };
  std::sort(groups_.begin(), groups_.end(), by_lock);
  Group* end = std::unique(groups_.begin(), groups_.end(), [](const Group& a, const Group& b) { return a.lock == b.lock; });
  while (groups_.end() != end) groups_.pop_back();
  for (Group& group : groups_) {
    if (const LockSlot* slot = live_slot(group.lock)) group.policy = slot->policy.load(std::memory_order_relaxed);
    const auto key_less = [](const Held& held, std::uint64_t key) { return held.key < key; };
    group.held_begin = static_cast<std::uint32_t>(std::lower_bound(held_.begin(), held_.end(), hold_key(group.lock, false), key_less) - held_.begin());
    group.held_end = static_cast<std::uint32_t>(std::lower_bound(held_.begin(), held_.end(), hold_key(group.lock + 1, false), key_less) - held_.begin());
  }
  for (std::uint32_t i = 0; i < waiters_.size(); ++i) {
    Waiter& waiter = waiters_[i];
    const Group* group = std::lower_bound(groups_.begin(), groups_.end(), Group{lock_of(waiter.key), {}, 0, 0, 0}, by_lock);
    waiter.group = static_cast<std::uint32_t>(group - groups_.begin());
    if (!is_shared(waiter.key)) groups_[waiter.group].writer = i;
  }
  for (std::size_t i = 0; i < waiters_.size() + kNodesOfGroup * groups_.size(); ++i) {
    if (!colors_.push_back(kWhite)) return false;
  }
  return true;
}

std::uint32_t RingSearch::request_node(std::uint32_t index) noexcept {
  const Waiter& waiter = waiters_[index];
  const auto first = static_cast<std::uint32_t>(waiters_.size()) + waiter.group * kNodesOfGroup;
  if (!is_shared(waiter.key)) return first;
  return holds_lock(waiter.record, lock_of(waiter.key)) ? first + 2 : first + 1;
}

std::uint32_t RingSearch::next_of_waiter(Step& step) noexcept {
  if (step.cursor == 0) {
    step.cursor = 1;
    return request_node(step.node);
  }
  const Waiter& waiter = waiters_[step.node];
  if (step.cursor == 1 && groups_[waiter.group].policy == lock_policy::fair && waiter.ticket != 0) {
    step.cursor = 2;
    // The request before it in the queue. Fair locks are few and a check is rare: a look at all waiters is good enough.
    std::uint32_t before = kNone;
    for (std::uint32_t i = 0; i < waiters_.size(); ++i) {
      const Waiter& other = waiters_[i];
      if (other.group != waiter.group || other.ticket == 0 || other.ticket >= waiter.ticket) continue;
      if (before == kNone || other.ticket > waiters_[before].ticket) before = i;
    }
    return before;
  }
  return kNone;
}

std::uint32_t RingSearch::next_of_group(Step& step) noexcept {
  const std::uint32_t relative = step.node - static_cast<std::uint32_t>(waiters_.size());
  const Group& group = groups_[relative / kNodesOfGroup];
  const std::uint32_t kind = relative % kNodesOfGroup;  // 0: exclusive, 1: shared, 2: shared by one who holds it already
  while (group.held_begin + step.cursor < group.held_end) {
    const Held& held = held_[group.held_begin + step.cursor++];
    if (kind == 0 || !is_shared(held.key)) return held.waiter;
  }
  const bool behind_writers = (kind != 0 && group.policy == lock_policy::prefer_writers) ||
                              (kind == 1 && group.policy == lock_policy::reentrant);
  if (behind_writers && group.held_begin + step.cursor == group.held_end) {
    ++step.cursor;
    return group.writer;
  }
  return kNone;
}

std::uint32_t RingSearch::next_edge(Step& step) noexcept {
  return step.node < waiters_.size() ? next_of_waiter(step) : next_of_group(step);
}

bool RingSearch::next_ring(DeadlockReport& report) noexcept {
  while (search()) {
    // The second look, without which a ring could be made of moments that never were together.
    const auto unchanged = [this](std::uint32_t i) {
      return waiters_[i].record->wait_sequence.load(std::memory_order_acquire) == waiters_[i].sequence;
    };
    if (!std::all_of(ring_.begin(), ring_.end(), unchanged)) continue;
    fill(report);
    return true;
  }
  return false;
}

// Depth first; goes on where it stopped. A gray node met again closes a ring.
bool RingSearch::search() noexcept {
  for (;;) {
    if (path_.size() == 0) {
      while (next_start_ < waiters_.size() && colors_[next_start_] != kWhite) ++next_start_;
      if (next_start_ == waiters_.size()) return false;
      colors_[next_start_] = kGray;
      if (!path_.push_back({next_start_, 0})) return false;
    }
    const std::uint32_t next = next_edge(path_.back());
    if (next == kNone) {
      colors_[path_.back().node] = kBlack;
      path_.pop_back();
    } else if (colors_[next] == kWhite) {
      colors_[next] = kGray;
      if (!path_.push_back({next, 0})) return false;
    } else if (colors_[next] == kGray && take_ring(next)) {
      return true;
    }
  }
}

bool RingSearch::take_ring(std::uint32_t entry) noexcept {
  ring_.clear();
  std::size_t i = path_.size();
  while (i > 0 && path_[i - 1].node != entry) --i;
  for (--i; i < path_.size(); ++i) {
    if (path_[i].node >= waiters_.size()) continue;
    if (waiters_[path_[i].node].in_ring || !ring_.push_back(path_[i].node)) return false;
  }
  for (const std::uint32_t waiter : ring_) waiters_[waiter].in_ring = true;
  return ring_.size() > 0;
}

void RingSearch::fill(DeadlockReport& report) noexcept {
  report = {};
  report.length = static_cast<std::uint32_t>(ring_.size());
  report.waiting = static_cast<std::uint32_t>(waiters_.size());
  report.found_ns = monotonic_ns();
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const Waiter& waiter = waiters_[ring_[i]];
    report.closed_ns = std::max(report.closed_ns, waiter.since_ns);
    if (i >= kMaxRing) continue;
    RingMember& member = report.members[report.named++];
    member.tid = waiter.record->tid.load(std::memory_order_relaxed);
    member.logical = waiter.record->logical.load(std::memory_order_relaxed);
    member.waits_for = lock_of(waiter.key);
    member.waits_shared = is_shared(waiter.key);
    member.wait_place = waiter.wait_place;
    member.since_ns = waiter.since_ns;
    const Waiter& before = waiters_[ring_[i == 0 ? ring_.size() - 1 : i - 1]];
    fill_hold(member, ring_[i], lock_of(before.key));
  }
}

void RingSearch::fill_hold(RingMember& member, std::uint32_t waiter, std::uint64_t lock) noexcept {
  const Group& group = groups_[static_cast<std::size_t>(
      std::lower_bound(groups_.begin(), groups_.end(), lock, [](const Group& g, std::uint64_t id) { return g.lock < id; }) - groups_.begin())];
  for (std::uint32_t i = group.held_begin; i < group.held_end; ++i) {
    if (held_[i].waiter != waiter) continue;
    member.held = lock;
    member.held_shared = is_shared(held_[i].key);
    member.hold_place = held_[i].place;
    return;
  }
}

bool RingSearch::ring_contains(const ThreadSlot* record) noexcept {
  return std::any_of(ring_.begin(), ring_.end(), [&](std::uint32_t i) { return waiters_[i].record == record; });
}

std::uint64_t RingSearch::ring_signature() noexcept {
  std::uint64_t signature = 0;
  for (const std::uint32_t i : ring_) {
    // The finaliser of MurmurHash3; adding makes the order of the threads not matter.
    std::uint64_t h = waiters_[i].record->logical.load(std::memory_order_relaxed) * 0x9e3779b97f4a7c15 + waiters_[i].sequence;
    h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
    signature += h ^ h >> 33;
  }
  return signature;
}

}  // namespace tailback::locks
