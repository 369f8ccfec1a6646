// truth: {"kind":["none"]}
// Bounded queues between three stages; a slow source keeps all of them waiting.
#include <condition_variable>
#include <mutex>
#include <queue>
#include <semaphore>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

template <class T> class Bounded {
 public:
  explicit Bounded(size_t most) : most_(most) {}
  void push(T item) {
    std::unique_lock<std::mutex> lock(mutex_);
    not_full_.wait(lock, [this] { return items_.size() < most_; });
    items_.push(std::move(item));
    not_empty_.notify_one();
  }
  T pop() {
    std::unique_lock<std::mutex> lock(mutex_);
    not_empty_.wait(lock, [this] { return !items_.empty(); });
    T item = std::move(items_.front());
    items_.pop();
    not_full_.notify_one();
    return item;
  }

 private:
  size_t most_;
  std::mutex mutex_;
  std::condition_variable not_full_, not_empty_;
  std::queue<T> items_;
};

class Pipeline {
 public:
  void read() {
    for (int i = 0;; ++i) {
      usleep(700000);
      raw_.push(std::to_string(i));
    }
  }
  void parse() {
    for (;;) parsed_.push(std::stoi(raw_.pop()));
  }
  void store() {
    for (;;) total_ += parsed_.pop();
  }

 private:
  Bounded<std::string> raw_{8};
  Bounded<int> parsed_{8};
  long total_ = 0;
};

int main() {
  Pipeline pipeline;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { pipeline.read(); });
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { pipeline.parse(); });
  threads.emplace_back([&] { pipeline.store(); });
  for (auto& thread : threads) thread.join();
}
