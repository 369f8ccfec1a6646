// truth: {"kind":["none"]}
// At rest: a pool without work, a scheduler that waits for its next timer, a signal thread, a logger.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

class WorkQueue {
 public:
  void push(std::function<void()> work) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      work_.push_back(std::move(work));
    }
    changed_.notify_one();
  }
  void work() {
    for (;;) {
      std::function<void()> next;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return !work_.empty(); });
        next = std::move(work_.front());
        work_.pop_front();
      }
      next();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
};
class Scheduler {
 public:
  explicit Scheduler(WorkQueue& queue) : queue_(queue) {}
  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      auto due = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      if (changed_.wait_until(lock, due) == std::cv_status::timeout) queue_.push([] {});
    }
  }

 private:
  WorkQueue& queue_;
  std::mutex mutex_;
  std::condition_variable changed_;
};
class AsyncLog {
 public:
  void drain() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      while (lines_.empty()) ready_.wait(lock);
      lines_.clear();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<std::string> lines_;
};

int main() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  WorkQueue queue;
  Scheduler scheduler(queue);
  AsyncLog log;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { queue.work(); });
  threads.emplace_back([&] { scheduler.run(); });
  threads.emplace_back([&] { log.drain(); });
  int got;
  sigwait(&set, &got);
}
