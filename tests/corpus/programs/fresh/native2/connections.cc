// truth: {"kind":["pool_exhaustion","lost_signal","orphaned_lock"],"waiting":["acquire","lease","audit","checkout"]}
// Every request holds one connection of the pool and asks for a second.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

struct Connection {
  int id;
};
class ConnectionPool {
 public:
  explicit ConnectionPool(int size) {
    for (int i = 0; i < size; ++i) free_.push_back(std::make_unique<Connection>(Connection{i}));
  }
  std::unique_ptr<Connection> acquire() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (free_.empty()) returned_.wait(lock);
    auto connection = std::move(free_.back());
    free_.pop_back();
    return connection;
  }
  void release(std::unique_ptr<Connection> connection) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      free_.push_back(std::move(connection));
    }
    returned_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> free_;
};
class Repository {
 public:
  explicit Repository(ConnectionPool& pool) : pool_(pool) {}
  void save(int order) {
    auto connection = pool_.acquire();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    audit(order);
    pool_.release(std::move(connection));
  }

 private:
  void audit(int) {
    auto connection = pool_.acquire();
    pool_.release(std::move(connection));
  }
  ConnectionPool& pool_;
};

int main() {
  ConnectionPool pool(4);
  Repository repository(pool);
  std::vector<std::thread> requests;
  for (int i = 0; i < 10; ++i) requests.emplace_back([&, i] { repository.save(i); });
  for (auto& request : requests) request.join();
}
