// truth: {"kind":["pool_exhaustion"],"waiting":["render","resize","get","wait"]}
// Tasks of a pool wait for futures of tasks of the same pool.
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

class Executor {
 public:
  explicit Executor(int count) {
    for (int i = 0; i < count; ++i) workers_.emplace_back([this] { run(); });
  }
  ~Executor() {
    for (auto& worker : workers_) worker.join();
  }
  template <class F> auto submit(F work) {
    auto task = std::make_shared<std::packaged_task<decltype(work())()>>(std::move(work));
    auto result = task->get_future();
    {
      std::lock_guard lock(mutex_);
      tasks_.emplace_back([task] { (*task)(); });
    }
    available_.notify_one();
    return result;
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      available_.wait(lock, [this] { return !tasks_.empty(); });
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
  }
  std::mutex mutex_;
  std::condition_variable available_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> workers_;
};

class Thumbnailer {
 public:
  explicit Thumbnailer(Executor& pool) : pool_(pool) {}
  int resize(int width) { return width / 2; }
  int render(int image) {
    auto small = pool_.submit([this, image] { return resize(image); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return small.get();
  }

 private:
  Executor& pool_;
};

int main() {
  Executor pool(4);
  Thumbnailer thumbnailer(pool);
  std::vector<std::future<int>> results;
  for (int i = 0; i < 8; ++i) results.push_back(pool.submit([&, i] { return thumbnailer.render(i); }));
  int sum = 0;
  for (auto& result : results) sum += result.get();
  return sum;
}
