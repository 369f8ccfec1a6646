#include "runtime/locks/thread_table.h"

#include <cstring>

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/locks/event_log.h"
#include "runtime/locks/pages.h"
#include "runtime/locks/thread_lives.h"

namespace tailback::locks {

constinit thread_local ThreadSlot* current_record = nullptr;
constinit std::atomic<std::uint32_t> features{0};

namespace {

constinit ChunkedArray<ThreadSlot, 128, kMaxThreads / 128> records;
constinit std::atomic<std::uint32_t> used{0};
constinit std::atomic<std::uint64_t> free_head{0};  // index + 1 in the low half, a count against ABA above
constinit std::atomic<std::uint64_t> next_logical{1};
constinit std::atomic<std::uint64_t> live{0}, exited_holding{0}, overflow{0}, hold_overflow{0}, foreign_releases{0};
constinit thread_local bool attaching = false;

constexpr std::uint64_t kIndexMask = 0xffffffffu;

ThreadSlot* pop_free() noexcept {
  std::uint64_t head = free_head.load(std::memory_order_acquire);
  while ((head & kIndexMask) != 0) {
    ThreadSlot* record = records.find((head & kIndexMask) - 1);
    const std::uint64_t next = record->next_free.load(std::memory_order_relaxed);
    if (free_head.compare_exchange_weak(head, ((head & ~kIndexMask) + kIndexMask + 1) | next, std::memory_order_acquire)) {
      return record;
    }
  }
  return nullptr;
}

void push_free(ThreadSlot* record, std::uint32_t index) noexcept {
  std::uint64_t head = free_head.load(std::memory_order_relaxed);
  do {
    record->next_free.store(static_cast<std::uint32_t>(head & kIndexMask), std::memory_order_relaxed);
  } while (!free_head.compare_exchange_weak(head, ((head & ~kIndexMask) + kIndexMask + 1) | (index + 1), std::memory_order_release));
}

std::uint32_t index_of(const ThreadSlot* record) noexcept {
  for (std::uint32_t i = 0;; i += 128) {  // chunks of 128; a thread's end is no hot path
    const ThreadSlot* chunk = records.find(i);
    if (chunk != nullptr && record >= chunk && record < chunk + 128) return i + static_cast<std::uint32_t>(record - chunk);
  }
}

ThreadSlot* take_record() noexcept {
  if (ThreadSlot* record = pop_free()) return record;
  std::uint32_t fresh = used.load(std::memory_order_relaxed);
  while (fresh < kMaxThreads) {
    // The chunk must be there before others count up to it, or they would skip the record.
    ThreadSlot* record = records.make(fresh);
    if (record == nullptr) return nullptr;
    if (used.compare_exchange_weak(fresh, fresh + 1, std::memory_order_acq_rel)) return record;
  }
  return nullptr;
}

bool holds_anything(const ThreadSlot* record) noexcept {
  const std::uint32_t top = record->top.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < top; ++i) {
    if (record->holds[i].key.load(std::memory_order_relaxed) != 0) return true;
  }
  return false;
}

void release_record(ThreadSlot* record) noexcept {
  record->status.store(ThreadStatus::kFree, std::memory_order_release);
  push_free(record, index_of(record));
}

void detach(void* pointer) noexcept {
  auto* record = static_cast<ThreadSlot*>(pointer);
  if (record != current_record) return;  // a child's copy, after fork
  life_ended(event_thread_end());
  current_record = nullptr;
  live.fetch_sub(1, std::memory_order_relaxed);
  if (holds_anything(record)) {
    exited_holding.fetch_add(1, std::memory_order_relaxed);
    record->status.store(ThreadStatus::kExited, std::memory_order_release);
  } else {
    release_record(record);
  }
}

// In a child only the thread that forked lives. Its locks stay its own, those of the others stay held for ever and so do
// their holders' records: exactly what POSIX says of a lock that another thread held at fork().
void after_fork_in_child() noexcept {
  for (std::uint32_t i = 0; i < used.load(std::memory_order_relaxed); ++i) {
    ThreadSlot* record = records.find(i);
    if (record == nullptr || record->status.load(std::memory_order_relaxed) != ThreadStatus::kLive) continue;
    if (record == current_record) {
      record->tid.store(static_cast<std::uint32_t>(::syscall(SYS_gettid)), std::memory_order_relaxed);
      continue;
    }
    record->wait_key.store(0, std::memory_order_relaxed);
    record->wait_sequence.store((record->wait_sequence.load(std::memory_order_relaxed) + 1) & ~std::uint64_t{1},
                                std::memory_order_relaxed);
    record->status.store(ThreadStatus::kExited, std::memory_order_relaxed);
  }
  live.store(current_record != nullptr ? 1 : 0, std::memory_order_relaxed);
  event_after_fork_in_child();
  lives_after_fork_in_child();
}

pthread_key_t exit_key;
pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;

void make_exit_key() {
  ::pthread_key_create(&exit_key, &detach);
  ::pthread_atfork(nullptr, nullptr, &after_fork_in_child);
}

}  // namespace

ThreadSlot* attach_thread() noexcept {
  // What is called below may allocate, and an allocator may take locks.
  if (attaching) return nullptr;
  attaching = true;
  ::pthread_once(&exit_key_once, &make_exit_key);
  ThreadSlot* record = take_record();
  if (record == nullptr) {
    overflow.fetch_add(1, std::memory_order_relaxed);
  } else {
    record->tid.store(static_cast<std::uint32_t>(::syscall(SYS_gettid)), std::memory_order_relaxed);
    record->logical.store(next_logical.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
    record->top.store(0, std::memory_order_relaxed);
    record->unnamed_holds.store(0, std::memory_order_relaxed);
    record->wait_key.store(0, std::memory_order_relaxed);
    set_label(record, "", 0);
    record->status.store(ThreadStatus::kLive, std::memory_order_release);
    live.fetch_add(1, std::memory_order_relaxed);
    current_record = record;
    ::pthread_setspecific(exit_key, record);
  }
  attaching = false;
  return record;
}

bool make_room(ThreadSlot* record) noexcept {
  std::uint32_t kept = 0;
  for (HoldEntry& entry : record->holds) {
    const std::uint64_t key = entry.key.load(std::memory_order_relaxed);
    if (key == 0) continue;
    HoldEntry& place = record->holds[kept++];
    if (&place == &entry) continue;
    // First there, then gone from here: a reader may see the hold twice, never miss it.
    place.place.store(entry.place.load(std::memory_order_relaxed), std::memory_order_relaxed);
    place.key.store(key, std::memory_order_release);
    entry.key.store(0, std::memory_order_release);
  }
  record->top.store(kept, std::memory_order_release);
  if (kept < kMaxHolds) return true;
  record->unnamed_holds.fetch_add(1, std::memory_order_relaxed);
  hold_overflow.fetch_add(1, std::memory_order_relaxed);
  return false;
}

namespace {

void shrink(ThreadSlot* record) noexcept {
  std::uint32_t top = record->top.load(std::memory_order_relaxed);
  while (top > 0 && record->holds[top - 1].key.load(std::memory_order_relaxed) == 0) --top;
  record->top.store(top, std::memory_order_relaxed);
}

// Another thread's hold: allowed by no standard, done by programs that use a lock as a semaphore. The entry is freed where it
// stands; its thread gets over the gap by itself.
bool erase_foreign(std::uint64_t key) noexcept {
  const std::uint32_t count = record_count();
  for (std::uint32_t i = 0; i < count; ++i) {
    ThreadSlot* record = record_at(i);
    if (record == nullptr || record->status.load(std::memory_order_acquire) == ThreadStatus::kFree) continue;
    const std::uint32_t top = record->top.load(std::memory_order_acquire);
    for (std::uint32_t h = 0; h < top; ++h) {
      std::uint64_t expected = key;
      if (record->holds[h].key.compare_exchange_strong(expected, 0, std::memory_order_acq_rel)) return true;
    }
  }
  return false;
}

}  // namespace

void erase_slow(ThreadSlot* record, std::uint64_t key) noexcept {
  for (std::uint32_t i = record->top.load(std::memory_order_relaxed); i-- > 0;) {
    if (record->holds[i].key.load(std::memory_order_relaxed) == key) {
      record->holds[i].key.store(0, std::memory_order_relaxed);
      shrink(record);
      return;
    }
  }
  if (record->unnamed_holds.load(std::memory_order_relaxed) > 0) {
    record->unnamed_holds.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  shrink(record);
  if (erase_foreign(key)) foreign_releases.fetch_add(1, std::memory_order_relaxed);
}

bool holds_lock(const ThreadSlot* record, std::uint64_t lock_id) noexcept {
  const std::uint32_t top = record->top.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < top && i < kMaxHolds; ++i) {
    if (lock_of(record->holds[i].key.load(std::memory_order_relaxed)) == lock_id) return true;
  }
  return false;
}

std::uint32_t record_count() noexcept { return used.load(std::memory_order_acquire); }
ThreadSlot* record_at(std::uint32_t index) noexcept { return records.find(index); }

void set_label(ThreadSlot* record, const char* text, std::size_t length) noexcept {
  std::uint64_t words[kLabelBytes / 8] = {};
  std::memcpy(words, text, length < kLabelBytes ? length : kLabelBytes - 1);
  const std::uint64_t sequence = record->label_sequence.load(std::memory_order_relaxed);
  record->label_sequence.store(sequence + 1, std::memory_order_relaxed);
  // Release on each word: who reads one of them finds the odd sequence, or a later one, at its second look.
  for (std::size_t i = 0; i < kLabelBytes / 8; ++i) record->label[i].store(words[i], std::memory_order_release);
  record->label_sequence.store(sequence + 2, std::memory_order_release);
}

bool read_label(const ThreadSlot* record, char (&text)[kLabelBytes]) noexcept {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::uint64_t before = record->label_sequence.load(std::memory_order_acquire);
    std::uint64_t words[kLabelBytes / 8];
    for (std::size_t i = 0; i < kLabelBytes / 8; ++i) words[i] = record->label[i].load(std::memory_order_acquire);
    if (before % 2 == 0 && record->label_sequence.load(std::memory_order_relaxed) == before) {
      std::memcpy(text, words, kLabelBytes);
      return true;
    }
  }
  text[0] = '\0';
  return false;
}

ThreadTableCounts thread_table_counts() noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {live.load(kRelaxed), exited_holding.load(kRelaxed), overflow.load(kRelaxed), hold_overflow.load(kRelaxed),
          foreign_releases.load(kRelaxed)};
}

}  // namespace tailback::locks
