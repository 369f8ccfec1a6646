// truth: {"kind":["orphaned_lock"],"waiting":["add","total","lock"]}
// A worker is ended by pthread_exit while it holds a lock that is no guard's.
#include <map>
#include <mutex>
#include <pthread.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

class Counters {
 public:
  void add(const std::string& name, int by) {
    mutex_.lock();
    counts_[name] += by;
    if (by < 0) pthread_exit(nullptr);
    mutex_.unlock();
  }
  long total() {
    std::lock_guard<std::mutex> lock(mutex_);
    long sum = 0;
    for (auto& [name, count] : counts_) sum += count;
    return sum;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, long> counts_;
};
static Counters counters;

static void* worker(void* argument) {
  counters.add("jobs", static_cast<int>(reinterpret_cast<long>(argument)));
  return nullptr;
}

int main() {
  pthread_t thread;
  pthread_create(&thread, nullptr, worker, reinterpret_cast<void*>(-1L));
  pthread_join(thread, nullptr);
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) threads.emplace_back([i] { counters.add("http", i); });
  threads.emplace_back([] { counters.total(); });
  for (auto& each : threads) each.join();
}
