// Threads that wait at known places, for tests of the capture.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

#include "runtime/capture/task_directory.h"

namespace tailback::test {

/// True under ThreadSanitizer, which never delivers a signal to a thread that is blocked in a pthread call.
constexpr bool kThreadSanitizer =
#if defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

/// Waits until the thread sits in `call` (a system call's number): no sleep, the kernel is asked.
inline void wait_until_in_call(pid_t tid, int call) {
  TaskDirectory tasks;
  for (;;) {
    const SystemCall now = CallFile(tasks.fd(), tid).read();
    if (now.reading == CallReading::kInCall && now.number == call) return;
    if (now.reading == CallReading::kGone || now.reading == CallReading::kClosed) return;
    std::this_thread::yield();
  }
}

/// A thread that tells its id before it runs `body`.
class KnownThread {
 public:
  explicit KnownThread(std::function<void()> body) {
    thread_ = std::thread([this, body = std::move(body)] {
      tid_.store(::gettid());
      tid_.notify_all();
      body();
    });
    tid_.wait(0);
  }
  ~KnownThread() { if (thread_.joinable()) thread_.join(); }
  KnownThread(const KnownThread&) = delete;
  KnownThread& operator=(const KnownThread&) = delete;

  [[nodiscard]] pid_t tid() const { return tid_.load(); }
  void join() { thread_.join(); }

 private:
  std::atomic<pid_t> tid_{0};
  std::thread thread_;
};

/// A gate of our own that threads stand at: pthread mutexes and the like leave their waiters' places to libc.
class Gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    open_changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    open_changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable open_changed_;
  bool open_ = false;
};

}  // namespace tailback::test
