// truth: {"kind":["lock_convoy","contention"],"waiting":["record","observe"],"no_deadlock":true}
// Every request sorts a histogram under one lock.
#include <algorithm>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

class Histogram {
 public:
  void observe(double value) {
    std::lock_guard<std::mutex> lock(mutex_);
    values_.push_back(value);
    if (values_.size() > 200000) values_.resize(100000);
    std::sort(values_.begin(), values_.end());
  }

 private:
  std::mutex mutex_;
  std::vector<double> values_ = std::vector<double>(100000, 1.0);
};
class Endpoint {
 public:
  explicit Endpoint(Histogram& latency) : latency_(latency) {}
  void handle(unsigned seed) {
    std::mt19937 random(seed);
    for (;;) latency_.observe(random());
  }

 private:
  Histogram& latency_;
};

int main() {
  Histogram latency;
  Endpoint endpoint(latency);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 16; ++i) threads.emplace_back([&, i] { endpoint.handle(i); });
  for (auto& thread : threads) thread.join();
}
