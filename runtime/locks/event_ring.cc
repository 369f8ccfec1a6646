#include "runtime/locks/event_ring.h"

#include <algorithm>
#include <utility>

#include "runtime/locks/futex.h"

namespace tailback::locks {

constinit std::atomic<EventMode> event_mode{EventMode::kOff};
constinit std::atomic<std::uint64_t> lost_events{0};

namespace {

constinit MappedList<EventRing::Words> words;  // the reader's: records copied before they can be overwritten

constexpr std::uint64_t block_end(std::uint64_t index) noexcept { return (index / EventRing::kBlock + 1) * EventRing::kBlock; }

}  // namespace

EventRing* EventRing::make(std::uint32_t records) noexcept {
  // Zeroed pages are a free ring.
  auto* ring = static_cast<EventRing*>(map_pages(sizeof(EventRing) + records * sizeof(Record)));
  if (ring != nullptr) ring->mask_ = records - 1;
  return ring;
}

// The clock stays: it may only grow, and another thread's will do. What the last owner left goes with it, up to a new block.
void EventRing::adopt(std::uint64_t thread) noexcept {
  std::uint64_t head = head_.load(std::memory_order_relaxed);
  while (head % kBlock != 0) {
    put(head++, kFiller << 1, 0);
    head_.store(head, std::memory_order_release);
  }
  limit_ = head;
  tail_.store(head, std::memory_order_relaxed);
  thread_.store(thread, std::memory_order_release);
}

void EventRing::clear() noexcept {
  tail_.store(head_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  state.store(State::kFree, std::memory_order_relaxed);
}

void EventRing::write_slow(std::uint64_t word, std::uint64_t lock, std::uint64_t to, std::uint64_t other, bool timed) noexcept {
  const EventMode mode = event_mode.load(std::memory_order_relaxed);
  mode_.store(mode, std::memory_order_release);
  std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::uint64_t needed = other != 0 ? 3 : 2;
  const std::uint64_t filler = block_end(head) - head < needed ? block_end(head) - head : 0;
  // Acquire: records that the reader gave back have been read.
  const std::uint64_t room_until = mode == EventMode::kFull ? tail_.load(std::memory_order_acquire) + capacity() : UINT64_MAX;
  if (head + filler + needed > room_until) {
    lost_events.fetch_add(1, std::memory_order_relaxed);
    limit_ = head;
    return;
  }
  for (std::uint64_t i = 0; i < filler; ++i) put(head++, kFiller << 1, 0);
  const bool wants_time = timed || next_timed_ || head % kTimed == 0;
  put(head++, (to - 1) << kPlaceShift | kMark << 1, wants_time ? static_cast<std::uint64_t>(monotonic_ns()) : 0);
  if (other != 0) put(head++, kOther << 1, other);
  put(head++, word | std::uint64_t{1} << kStepShift, lock);
  clock_ = to;
  next_timed_ = timed;
  head_.store(head, std::memory_order_release);
  if (timed) {
    limit_ = head;
    return;
  }
  prefetch(head);
  limit_ = std::min(head % kBlock == 0 ? head : block_end(head), room_until);
}

// The first record that can be read, given that the owner may have overwritten all but the newest, and is at work on those after `head`.
std::uint64_t EventRing::first_whole(std::uint64_t from, std::uint64_t head) const noexcept {
  const std::uint64_t oldest = head + kMaxGroup > capacity() ? head + kMaxGroup - capacity() : 0;
  return from >= oldest ? from : (oldest + kBlock - 1) / kBlock * kBlock;
}

void EventRing::read(MappedList<RawEvent>& into) noexcept {
  const std::uint64_t thread = thread_.load(std::memory_order_acquire);
  const bool overwrites = mode_.load(std::memory_order_acquire) == EventMode::kLast;
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed), head = head_.load(std::memory_order_acquire);
  const std::uint64_t from = overwrites || head - tail > capacity() ? first_whole(tail, head) : tail;
  std::uint64_t end = from;
  words.clear();
  for (; end != head; ++end) {
    const Record& here = record(end);
    if (!words.push_back({here.what.load(std::memory_order_acquire), here.subject.load(std::memory_order_acquire)})) break;
  }
  // Meanwhile the owner may have gone on overwriting, or have ended and left the ring to another thread.
  const bool overwrote = overwrites || mode_.load(std::memory_order_relaxed) == EventMode::kLast;
  const std::uint64_t begin = overwrote ? first_whole(from, head_.load(std::memory_order_relaxed)) : from;
  if (thread_.load(std::memory_order_relaxed) != thread) return;
  if (begin != tail) clock_at_tail_ = 0;  // a block's mark will tell
  for (std::uint64_t i = begin; i < end; ++i) decode(words[i - from], thread, into);
  tail_.store(std::max(begin, end), std::memory_order_release);
}

void EventRing::decode(const Words& record, std::uint64_t thread, MappedList<RawEvent>& into) noexcept {
  const std::uint64_t operation = record.what >> 1 & 0xf;
  if (operation == kFiller) return;
  if (operation == kMark) {
    clock_at_tail_ = record.what >> kPlaceShift;
    time_at_tail_ = static_cast<std::int64_t>(record.subject);
    return;
  }
  if (operation == kOther) {
    other_at_tail_ = record.subject;
    return;
  }
  clock_at_tail_ += record.what >> kStepShift & kMaxStep;
  RawEvent event;
  event.order = clock_at_tail_ << kOrderThreadBits | (thread & ((1u << kOrderThreadBits) - 1));
  event.mono_ns = std::exchange(time_at_tail_, 0);
  event.thread = thread;
  event.lock = record.subject;
  event.other = std::exchange(other_at_tail_, 0);
  event.place = record.what >> kPlaceShift;
  event.operation = static_cast<LockOperation>(operation);
  event.mode = (record.what & 1) != 0 ? LockMode::kShared : LockMode::kExclusive;
  if (!into.push_back(event)) lost_events.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace tailback::locks
