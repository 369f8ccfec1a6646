// The graph of a deadlock check, and the search for rings in it. Used by one thread at a time; keeps its memory.
//
// Nodes are the threads that wait, and for each lock waited for three more that stand for "what keeps an exclusive request out", "… a
// shared one" and "… a shared one of a thread that holds the lock already". A request points to one of these, and they to the threads:
// so 47,841 writers and 50 readers of one lock make 47,891 + 50 edges, not their product.
#pragma once

#include <cstdint>

#include "runtime/locks/deadlock.h"
#include "runtime/locks/pages.h"

namespace tailback::locks {

class RingSearch {
 public:
  /// Reads all threads' records; forgets what was found before.
  void collect() noexcept;
  /// The next ring that shares no thread with those before it, looked at twice. False when there is none.
  bool next_ring(DeadlockReport& report) noexcept;

  // Of the ring found last.
  [[nodiscard]] bool ring_contains(const ThreadSlot* record) noexcept;
  /// The same for the same threads in the same waits, whichever of them is first.
  [[nodiscard]] std::uint64_t ring_signature() noexcept;

 private:
  struct Waiter {
    const ThreadSlot* record;
    std::uint64_t sequence, key, wait_place;
    std::int64_t since_ns;
    std::uint32_t ticket, group;
    bool in_ring;
  };
  struct Held {
    std::uint64_t key, place;
    std::uint32_t waiter;
  };
  struct Group {  // the waiters of one lock
    std::uint64_t lock;
    lock_policy policy;
    std::uint32_t held_begin, held_end;  // in held_, by whatever threads wait for anything
    std::uint32_t writer;                // a waiter that wants it exclusively; kNone
  };
  struct Step {
    std::uint32_t node, cursor;
  };
  enum Color : std::uint8_t { kWhite, kGray, kBlack };
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kNodesOfGroup = 3;

  void collect_thread(const ThreadSlot& record) noexcept;
  bool collect_holds(const ThreadSlot& record, std::uint32_t waiter) noexcept;
  bool sort() noexcept;
  [[nodiscard]] std::uint32_t request_node(std::uint32_t waiter) noexcept;
  std::uint32_t next_edge(Step& step) noexcept;
  std::uint32_t next_of_waiter(Step& step) noexcept;
  std::uint32_t next_of_group(Step& step) noexcept;
  bool search() noexcept;
  bool take_ring(std::uint32_t entry) noexcept;
  void fill(DeadlockReport& report) noexcept;
  void fill_hold(RingMember& member, std::uint32_t waiter, std::uint64_t lock) noexcept;

  MappedList<Waiter> waiters_;
  MappedList<Held> held_;
  MappedList<Group> groups_;
  MappedList<std::uint8_t> colors_;
  MappedList<Step> path_;
  MappedList<std::uint32_t> ring_;  // waiters, each waits for the next
  std::uint32_t next_start_ = 0;
};

}  // namespace tailback::locks
