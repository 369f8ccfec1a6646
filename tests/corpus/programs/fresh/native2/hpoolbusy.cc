// truth: {"kind":["none"],"no_deadlock":true}
// A connection pool under load: all connections out, in poll for an answer that takes 30 ms; the rest wait, for a second at most.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <poll.h>
#include <thread>
#include <unistd.h>
#include <vector>

class Pool {
 public:
  std::optional<int> lease(std::chrono::milliseconds limit) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!returned_.wait_for(lock, limit, [this] { return !free_.empty(); })) return std::nullopt;
    int connection = free_.back();
    free_.pop_back();
    return connection;
  }
  void give_back(int connection) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      free_.push_back(connection);
    }
    returned_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<int> free_{0, 1, 2, 3};
};
class Orders {
 public:
  explicit Orders(Pool& pool) : pool_(pool) {}
  void handle() {
    auto connection = pool_.lease(std::chrono::milliseconds(1000));
    if (!connection) return;
    query(*connection);
    pool_.give_back(*connection);
  }

 private:
  void query(int) {
    pollfd none{-1, POLLIN, 0};
    poll(&none, 1, 30);
  }
  Pool& pool_;
};

int main() {
  Pool pool;
  Orders orders(pool);
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) threads.emplace_back([&] { for (;;) orders.handle(); });
  for (auto& thread : threads) thread.join();
}
