// A pool whose tasks hand sub-tasks to the same pool and wait for them: once every worker waits, no worker is left.
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

class ThreadPool {
 public:
  explicit ThreadPool(std::size_t workers) {
    spawn_many(workers, [this] { work(); });
  }

  std::future<int> submit(std::function<int()> task) {
    auto packaged = std::make_shared<std::packaged_task<int()>>(std::move(task));
    const std::lock_guard hold(mutex_);
    queue_.push_back([packaged] { (*packaged)(); });
    not_empty_.notify_one();
    return packaged->get_future();
  }

 private:
  [[gnu::noinline]] void work() {
    while (true) {
      std::function<void()> task;
      {
        std::unique_lock hold(mutex_);
        not_empty_.wait(hold, [this] { return !queue_.empty(); });
        task = std::move(queue_.front());
        queue_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable not_empty_;
  std::deque<std::function<void()>> queue_;
};

ThreadPool* pool = nullptr;
std::latch* all_busy = nullptr;

[[gnu::noinline]] int render_page() {
  all_busy->arrive_and_wait();  // each worker has a page before any of them asks for a fragment
  return pool->submit([] { return 1; }).get();
}

void start(std::size_t threads) {
  all_busy = new std::latch(static_cast<std::ptrdiff_t>(threads));
  pool = new ThreadPool(threads);
  for (std::size_t i = 0; i < threads; ++i) pool->submit(render_page);
  all_busy->wait();
}

}  // namespace

const Scenario kPool{"pool", "pool_exhaustion", "every worker waits for a task that only a worker can run", 16, start, nullptr};

}  // namespace goes_wrong
