// One thread's ring of lock events: how they are packed, written by the thread and read by another one.
//
// A record has 16 bytes, and is one of
//   event    place << 16 | step << 5 | operation << 1 | shared     lock's id
//   mark     clock << 16 |             kMark << 1                  mono_ns of the event that follows; 0: no time was taken
//   other                              kOther << 1                 LockEvent::other of the event that follows
//   filler                             kFiller << 1
// An event's clock is the one before it plus its step; a mark says it outright. The first record of each block of 64 is a mark, so that
// a reader may begin there. Addresses of user space have 47 bits, and 48 bits of clock last for a year at ten million events a second.
//
// Time is taken where it does not count: once in four blocks, and where a thread waits or has waited.
//
// Thread safety: adopt, write and hear are the owner's; read is one thread's at a time, beside the owner.
// Cost: 2 to 3 ns an event. Memory: 16 bytes a record, never unmapped, used again.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/incident/model.h"
#include "runtime/locks/pages.h"

namespace tailback::locks {

enum class EventMode : std::uint8_t { kOff, kFull, kLast };

/// A LockEvent before its place has a name.
struct RawEvent {
  std::uint64_t order = 0;   ///< unique; ascends along every chain of cause and effect
  std::int64_t mono_ns = 0;  ///< 0: no time was taken
  std::uint64_t thread = 0, lock = 0, other = 0;
  std::uint64_t place = 0;   ///< return address; 0: none
  LockOperation operation = LockOperation::kAcquire;
  LockMode mode = LockMode::kExclusive;
};

class EventRing {
 public:
  enum class State : std::uint32_t { kFree, kLive, kFinished };
  static constexpr std::uint64_t kBlock = 64, kTimed = 4 * kBlock;  ///< the record at each kTimed has a time
  static constexpr std::uint64_t kOrderThreadBits = 20;  ///< of RawEvent::order, below the clock

  /// A new ring, free, or null. `records` is a power of two, and at least two blocks.
  static EventRing* make(std::uint32_t records) noexcept;
  /// The calling thread, whose number is `thread`, has made the ring its own by its state.
  void adopt(std::uint64_t thread) noexcept;

  /// The word that write() wants.
  static constexpr std::uint64_t word(LockOperation operation, bool shared, std::uint64_t place) noexcept {
    return place << kPlaceShift | static_cast<std::uint64_t>(operation) << 1 | (shared ? 1 : 0);
  }
  /// Appends an event of clock `to`, which is greater than clock(). One that finds no room is counted.
  void write(std::uint64_t word, std::uint64_t lock, std::uint64_t to) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint64_t step = to - clock_;
    if (head == limit_ || step > kMaxStep) [[unlikely]] return write_slow(word, lock, to, 0, false);
    put(head, word | step << kStepShift, lock);
    clock_ = to;
    head_.store(head + 1, std::memory_order_release);
  }
  /// The same, for an event that has a time, as the next one will: the beginning of a wait, or its end.
  void write_timed(std::uint64_t word, std::uint64_t lock, std::uint64_t to, std::uint64_t other = 0) noexcept {
    write_slow(word, lock, to, other, true);
  }

  /// Of the newest event, or of one that the thread has heard of.
  [[nodiscard]] std::uint64_t clock() const noexcept { return clock_; }
  void hear(std::uint64_t clock) noexcept {
    if (clock <= clock_) return;
    clock_ = clock;
    limit_ = head_.load(std::memory_order_relaxed);  // the next event says the clock outright
  }

  /// Adds what the ring holds to `into`, and empties it. What there is no memory for is counted as lost.
  void read(MappedList<RawEvent>& into) noexcept;
  /// Forgets what it holds. Nobody else may be at it.
  void clear() noexcept;

  [[nodiscard]] std::uint32_t capacity() const noexcept { return mask_ + 1; }

  /// A copied record.
  struct Words {
    std::uint64_t what, subject;
  };

  std::atomic<EventRing*> next;  ///< in the list of all
  std::atomic<State> state;

 private:
  struct Record {
    std::atomic<std::uint64_t> what, subject;
  };
  static constexpr unsigned kStepShift = 5, kPlaceShift = 16;
  static constexpr std::uint64_t kMaxStep = (1u << (kPlaceShift - kStepShift)) - 1;
  static constexpr std::uint64_t kFiller = 13, kOther = 14, kMark = 15;  // above all LockOperations
  static constexpr std::uint64_t kMaxGroup = 8;                          // records that one event may take, with filler

  // The records follow in the same mapping.
  Record& record(std::uint64_t index) noexcept { return reinterpret_cast<Record*>(this + 1)[index & mask_]; }
  // Release on each: a reader that meets one of these words in a record that is being overwritten sees, at its second look, a head that
  // tells so.
  void put(std::uint64_t index, std::uint64_t what, std::uint64_t subject) noexcept {
    Record& to = record(index);
    to.what.store(what, std::memory_order_release);
    to.subject.store(subject, std::memory_order_release);
  }
  void write_slow(std::uint64_t word, std::uint64_t lock, std::uint64_t to, std::uint64_t other, bool timed) noexcept;
  // The records are out of the first cache by the time they come round again, and a lock's atomic operation would wait for each line.
  void prefetch(std::uint64_t head) noexcept {
    constexpr std::uint64_t kRecordsOfALine = 64 / sizeof(Record);
    for (std::uint64_t i = kRecordsOfALine; i < kBlock; i += kRecordsOfALine) __builtin_prefetch(&record(head + i), 1);
  }
  std::uint64_t first_whole(std::uint64_t from, std::uint64_t head) const noexcept;
  void decode(const Words& record, std::uint64_t thread, MappedList<RawEvent>& into) noexcept;

  alignas(64) std::atomic<std::uint64_t> head_;  // records written
  std::uint64_t limit_;                          // the head at which write() has to look closer
  std::uint64_t clock_;
  std::uint32_t mask_;
  bool next_timed_;
  std::atomic<EventMode> mode_;                  // under which the owner writes
  alignas(64) std::atomic<std::uint64_t> tail_;  // records read
  std::atomic<std::uint64_t> thread_;
  // The reader's: what the records before the tail said.
  std::uint64_t clock_at_tail_;
  std::int64_t time_at_tail_;
  std::uint64_t other_at_tail_;
};

/// What all rings obey, and events that found no room.
extern std::atomic<EventMode> event_mode;
extern std::atomic<std::uint64_t> lost_events;

}  // namespace tailback::locks
