#include "replay/schedule/policy.h"

#include <array>

namespace tailback::replay {
namespace {

// Probed with one reader that reads again while a writer waits, and one reader that arrives then, unless marked (d):
// taken from the implementation's documentation.
constexpr std::array<ImplementationPolicy, 17> kImplementations{{
    {"glibc", LockPolicy::kPreferReaders, "pthread_rwlock_t, default and PREFER_WRITER kind"},
    {"glibc-nonrecursive", LockPolicy::kPreferWriters, "pthread_rwlock_t, PREFER_WRITER_NONRECURSIVE kind"},
    {"musl", LockPolicy::kPreferReaders, "pthread_rwlock_t"},
    {"libstdc++", LockPolicy::kPreferReaders, "std::shared_mutex on glibc"},
    {"libc++", LockPolicy::kPreferWriters, "std::shared_mutex"},
    {"boost", LockPolicy::kPreferWriters, "boost::shared_mutex"},
    {"absl", LockPolicy::kPreferWriters, "absl::Mutex"},
    {"tbb", LockPolicy::kPreferWriters, "tbb::rw_mutex, tbb::spin_rw_mutex"},
    {"go", LockPolicy::kPreferWriters, "sync.RWMutex"},
    {"java", LockPolicy::kReentrant, "ReentrantReadWriteLock"},
    {"java-stamped", LockPolicy::kEither, "StampedLock"},
    {"rust", LockPolicy::kPreferWriters, "std::sync::RwLock"},
    {"parking_lot", LockPolicy::kPreferWriters, "parking_lot::RwLock (d)"},
    {"srwlock", LockPolicy::kEither, "SRWLOCK and MSVC's std::shared_mutex (d)"},
    {"folly", LockPolicy::kPreferWriters, "folly::SharedMutex (d)"},
    {"linux-rwsem", LockPolicy::kFifo, "rw_semaphore (d)"},
    {"folly-read-priority", LockPolicy::kPreferReaders, "folly::SharedMutexReadPriority (d)"},
}};

}  // namespace

LockRule rule_of(LockKind kind, LockPolicy policy) {
  switch (kind) {
    case LockKind::kRwlock:
      return {true, false, policy == LockPolicy::kUnknown ? LockPolicy::kEither : policy};
    case LockKind::kRecursiveMutex:
    case LockKind::kMonitor:
      return {false, true, policy};
    default:
      return {false, false, policy};
  }
}

bool hold_blocks(const LockRule& rule, LockMode asked, LockMode held, bool own) {
  if (own && rule.recursive) return false;
  // Java: the writer may write and read again, the reader read again; read to write never succeeds.
  if (own && rule.rwlock && rule.policy == LockPolicy::kReentrant && held == LockMode::kExclusive) return false;
  return asked == LockMode::kExclusive || held == LockMode::kExclusive;
}

bool waiting_writer_blocks(const LockRule& rule, bool own_hold) {
  if (!rule.rwlock) return false;
  switch (rule.policy) {
    case LockPolicy::kPreferReaders:
      return false;
    case LockPolicy::kReentrant:
      return !own_hold;
    default:
      return true;
  }
}

Admission admit(const LockRule& rule, LockMode asked, const Meeting& meeting) {
  constexpr LockMode kWrite = LockMode::kExclusive;
  constexpr LockMode kRead = LockMode::kShared;
  // The writer of a reentrant lock is granted whatever it asks for, also a write while it reads too.
  if (rule.rwlock && rule.policy == LockPolicy::kReentrant && meeting.own_writes) return Admission::kGranted;
  if ((meeting.own_writes && hold_blocks(rule, asked, kWrite, true)) ||
      (meeting.own_reads && hold_blocks(rule, asked, kRead, true)) ||
      (meeting.other_writes && hold_blocks(rule, asked, kWrite, false)) ||
      (meeting.other_reads && hold_blocks(rule, asked, kRead, false))) {
    return Admission::kBlocked;
  }
  const bool own_hold = meeting.own_reads || meeting.own_writes;
  if (rule.policy == LockPolicy::kFifo && meeting.anyone_ahead && !(own_hold && rule.recursive)) return Admission::kBlocked;
  if (asked == kWrite || !meeting.writer_waits || meeting.own_writes) return Admission::kGranted;
  if (!waiting_writer_blocks(rule, own_hold)) return Admission::kGranted;
  return rule.policy == LockPolicy::kEither ? Admission::kMayBlock : Admission::kBlocked;
}

std::span<const ImplementationPolicy> implementation_policies() { return kImplementations; }

std::optional<LockPolicy> policy_from_word(std::string_view word) {
  for (const ImplementationPolicy& known : kImplementations) {
    if (known.word == word) return known.policy;
  }
  return from_string<LockPolicy>(word);
}

}  // namespace tailback::replay
