// The keys that have been asked for, behind a read-write lock that prefers writers: the hand-written class that the incident was about.
//
// Values() holds the read lock and calls Size(), which takes it again. While no writer comes in between, that works; once one
// has queued, Size() waits for the writer, the writer for Values(), and Values() for Size().
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include <tailback/shared_mutex.h>
#include <tailback/thread_safety.h>

namespace deadlock_service {

/// glibc's read-write lock of the kind that lets no reader pass a waiting writer, with the members that std's guards need.
/// (The default kind, which std::shared_mutex is made of, lets them pass, and never deadlocks here.)
class WriterPreferringMutex {
 public:
  WriterPreferringMutex();
  ~WriterPreferringMutex() { pthread_rwlock_destroy(&lock_); }
  WriterPreferringMutex(const WriterPreferringMutex&) = delete;
  WriterPreferringMutex& operator=(const WriterPreferringMutex&) = delete;

  void lock() { pthread_rwlock_wrlock(&lock_); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { pthread_rwlock_rdlock(&lock_); }
  bool try_lock_shared() { return pthread_rwlock_tryrdlock(&lock_) == 0; }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
};

/// The same policy in an instrumented lock, which testifies, and obeys a schedule (tailback/schedule.h): the regression test builds the class with it.
class InstrumentedMutex : public tailback::shared_mutex {
 public:
  InstrumentedMutex() : tailback::shared_mutex("HashSet.mu", tailback::lock_policy::prefer_writers) {}
};

#ifdef DEADLOCK_SERVICE_INSTRUMENTED
inline constexpr bool kInstrumented = true;
#else
inline constexpr bool kInstrumented = false;
#endif

/// One or the other, as the command line says; which, clang's analysis of the two does not follow.
class KeySetMutex {
 public:
  explicit KeySetMutex(bool instrumented) : instrumented_(instrumented) {}

  void lock() TAILBACK_THREAD_ATTRIBUTE(no_thread_safety_analysis) { instrumented_ ? testifying_.lock() : plain_.lock(); }
  void unlock() TAILBACK_THREAD_ATTRIBUTE(no_thread_safety_analysis) { instrumented_ ? testifying_.unlock() : plain_.unlock(); }
  void lock_shared() TAILBACK_THREAD_ATTRIBUTE(no_thread_safety_analysis) { instrumented_ ? testifying_.lock_shared() : plain_.lock_shared(); }
  bool try_lock_shared() { return instrumented_ ? testifying_.try_lock_shared() : plain_.try_lock_shared(); }
  void unlock_shared() TAILBACK_THREAD_ATTRIBUTE(no_thread_safety_analysis) { instrumented_ ? testifying_.unlock_shared() : plain_.unlock_shared(); }

 private:
  const bool instrumented_;
  WriterPreferringMutex plain_;
  InstrumentedMutex testifying_;
};

/// The members keep the names that they had on the night: AddOne, Values, Size.
class HashSet {
 public:
  /// `fixed`: Values() counts the items itself instead of calling Size().
  explicit HashSet(bool fixed, bool instrumented = kInstrumented) : mutex_(instrumented), fixed_(fixed) {}

  void AddOne(const std::string& key);

  /// All keys. `walking` is called once, in the middle, with the read lock held.
  std::vector<std::string> Values(const std::function<void()>& walking);

  std::size_t Size();

  /// True when a reader that came now would have to wait behind a writer. For a thread that holds the read lock.
  bool writer_waits();

 private:
  std::unordered_set<std::string> items_;
  KeySetMutex mutex_;
  const bool fixed_;
};

}  // namespace deadlock_service
