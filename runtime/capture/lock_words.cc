#include "runtime/capture/lock_words.h"

#include <cstring>

namespace tailback {
namespace {

// struct __pthread_mutex_s
constexpr int kMutexOwner = 8, kMutexKind = 16;
constexpr std::uint32_t kTypeMask = 3, kRecursive = 1, kPriorityInherit = 32, kTidMask = 0x3fffffff;
// struct __pthread_rwlock_arch_t
constexpr int kReaders = 0, kWriters = 4, kPhaseFutex = 8, kWritersFutex = 12, kCurrentWriter = 24, kFlags = 48;
constexpr std::uint32_t kWritePhase = 1, kWriteLocked = 2, kReaderShift = 3;
constexpr std::uint32_t kPreferWriterNonrecursive = 2;
// struct __pthread_cond_s
constexpr int kConditionReferences = 36, kConditionSignals = 40;

/// The 32-bit words around a lock's base.
class Words {
 public:
  Words(const LockPiece& piece, std::uint64_t base) : piece_(piece), base_(base) {}

  bool has(int offset) const {
    const std::int64_t at = position(offset);
    const auto before = static_cast<std::int64_t>(LockPiece::kBefore);
    return at >= before - piece_.readable_before && at + 4 <= before + piece_.readable_after;
  }
  std::uint32_t at(int offset) const {
    if (!has(offset)) return 0;
    std::uint32_t word = 0;
    std::memcpy(&word, piece_.words + position(offset), sizeof word);
    return word;
  }

 private:
  std::int64_t position(int offset) const {
    return static_cast<std::int64_t>(base_ - piece_.futex) + offset + static_cast<std::int64_t>(LockPiece::kBefore);
  }
  const LockPiece& piece_;
  std::uint64_t base_;
};

void read_mutex(const LockPiece& piece, LockWords& lock) {
  const Words words(piece, lock.base = piece.futex);
  const std::uint32_t kind = words.at(kMutexKind);
  lock.kind = (kind & kTypeMask) == kRecursive ? LockKind::kRecursiveMutex : LockKind::kMutex;
  // A priority-inheriting mutex keeps its owner in the futex itself.
  const bool in_futex = (kind & kPriorityInherit) != 0;
  lock.owner = in_futex ? words.at(0) & kTidMask : words.at(kMutexOwner);
  lock.owner_word = lock.base + (in_futex ? 0 : kMutexOwner);
  if (words.at(0) == 0) lock.owner = 0;
}

/// A reader waits at __wrphase_futex, where it expects 3 (write phase, waited for), or, behind a preferred writer, at __readers, which
/// then holds readers; a writer waits at __wrphase_futex expecting 2 once it is next in line, and at __writers_futex before that.
std::uint64_t rwlock_base(const LockPiece& piece, LockApi api, std::uint32_t expected) {
  if (api == LockApi::kWriteLock) return piece.futex - static_cast<std::uint64_t>(expected == 2 ? kPhaseFutex : kWritersFutex);
  const bool at_readers = (expected >> kReaderShift) > 0;
  return piece.futex - static_cast<std::uint64_t>(at_readers ? kReaders : kPhaseFutex);
}

void read_rwlock(const LockPiece& piece, LockApi api, std::uint32_t expected, LockWords& lock) {
  lock.base = rwlock_base(piece, api, expected);
  const Words words(piece, lock.base);
  const std::uint32_t state = words.at(kReaders), flags = words.at(kFlags);
  lock.kind = LockKind::kRwlock;
  if (words.has(kFlags) && flags <= kPreferWriterNonrecursive) {
    lock.policy = flags == kPreferWriterNonrecursive ? LockPolicy::kPreferWriters : LockPolicy::kPreferReaders;
  }
  if (!words.has(kReaders) || !words.has(kCurrentWriter)) return;
  // In a write phase the readers counted wait for it to end.
  const bool writing = (state & kWritePhase) != 0;
  const bool locked = (state & kWriteLocked) != 0;
  const std::int64_t counted = state >> kReaderShift;
  lock.readers = writing ? 0 : counted;
  if (writing && locked) lock.owner = words.at(kCurrentWriter);
  lock.owner_word = lock.base + kCurrentWriter;
  lock.queued = static_cast<std::int64_t>(words.at(kWriters)) + (writing ? counted : 0) + (locked && !writing ? 1 : 0);
  lock.front = api == LockApi::kWriteLock && piece.futex == lock.base + kPhaseFutex;
}

void read_condition(const LockPiece& piece, LockWords& lock) {
  // Two groups of waiters, a word each; the object is aligned to 8.
  lock.base = piece.futex - static_cast<std::uint64_t>(kConditionSignals + (piece.futex % 8 == 0 ? 0 : 4));
  lock.kind = LockKind::kCondition;
  const Words words(piece, lock.base);
  if (words.has(kConditionReferences)) lock.queued = words.at(kConditionReferences) >> 3;
}

}  // namespace

LockWords read_lock_words(const LockPiece& piece, LockApi api, std::uint32_t expected) {
  LockWords lock;
  lock.base = piece.futex;
  lock.mode = mode_of(api);
  switch (api) {
    case LockApi::kMutex: read_mutex(piece, lock); break;
    case LockApi::kReadLock:
    case LockApi::kWriteLock: read_rwlock(piece, api, expected, lock); break;
    case LockApi::kCondition: read_condition(piece, lock); break;
    case LockApi::kSemaphore: lock.kind = LockKind::kSemaphore; break;
    case LockApi::kJoin:
      lock.kind = LockKind::kJoin;
      lock.owner = Words(piece, lock.base).at(0);
      lock.owner_word = lock.base;
      break;
    case LockApi::kBarrier: lock.kind = LockKind::kBarrier; break;
    case LockApi::kOnce: lock.kind = LockKind::kOnce; break;
    case LockApi::kFuture: lock.kind = LockKind::kFuture; break;
    case LockApi::kLatch: lock.kind = LockKind::kWaitGroup; break;
    case LockApi::kAtomicWait:
    case LockApi::kLowLevelLock:
    case LockApi::kOtherMutex:
    case LockApi::kOtherReadLock:
    case LockApi::kOtherWriteLock:
    case LockApi::kOtherCondition:
    case LockApi::kNone: break;  // a futex word: what it means is its library's own
  }
  return lock;
}

bool owner_changed(const LockPiece& piece, const LockWords& lock) {
  const std::uint64_t word = (lock.owner_word - piece.futex) / sizeof(std::uint32_t);
  return lock.owner_word >= piece.futex && word < 32 && ((piece.changed >> word) & 1) != 0;
}

}  // namespace tailback
