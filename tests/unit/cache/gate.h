// What tests of the cache wait with.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace tailback {

template <class Condition>
void eventually(Condition condition) {
  while (!condition()) std::this_thread::yield();
}

/// A gate that loaders stand at until it is opened. Shared, because a loader may outlive the test's scope.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int inside = 0, most_inside = 0;

  void pass() {
    std::unique_lock hold(mutex);
    most_inside = std::max(most_inside, ++inside);
    changed.notify_all();
    changed.wait(hold, [this] { return open; });
    --inside;
    changed.notify_all();
  }
  void wait_for_inside(int count) {
    std::unique_lock hold(mutex);
    changed.wait(hold, [&] { return inside == count; });
  }
  void close() {
    const std::lock_guard hold(mutex);
    open = false;
  }
  int most() {
    const std::lock_guard hold(mutex);
    return most_inside;
  }
  void release() {
    const std::lock_guard hold(mutex);
    open = true;
    changed.notify_all();
  }
};

}  // namespace tailback
