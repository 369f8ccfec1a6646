// A busy service in good health: workers with short critical sections, a pool without work, a poller, a timer.
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

std::mutex sessions_lock;
std::map<int, long> sessions;
std::mutex queue_lock;
std::condition_variable queue_not_empty;
std::deque<int> queue;

[[gnu::noinline]] void serve() {
  for (int key = 0;; key = (key + 1) % 1000) {
    {
      const std::lock_guard hold(sessions_lock);
      ++sessions[key];
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

[[gnu::noinline]] void idle_worker() {
  std::unique_lock hold(queue_lock);
  while (true) {
    queue_not_empty.wait(hold, [] { return !queue.empty(); });
    queue.pop_front();
  }
}

[[gnu::noinline]] void poll_forever() {
  int ends[2];
  (void)!::pipe(ends);
  pollfd fd{ends[0], POLLIN, 0};
  while (true) (void)::poll(&fd, 1, 1000);
}

[[gnu::noinline]] void timer() {
  while (true) std::this_thread::sleep_for(std::chrono::seconds(1));
}

void start(std::size_t threads) {
  spawn_many(threads, serve);
  spawn_many(threads, idle_worker);
  spawn(poll_forever);
  spawn(timer);
}

/// A job now and then, which some worker takes.
void tick() {
  const std::lock_guard hold(queue_lock);
  queue.push_back(1);
  queue_not_empty.notify_one();
}

}  // namespace

const Scenario kHealthy{"healthy", "none", "nothing is wrong: short locks, an idle pool, a poller, a timer", 10, start, tick};

}  // namespace goes_wrong
