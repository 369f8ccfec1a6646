// truth: {"kind":["recursive_lock","deadlock_cycle","recursive_read_lock"],"waiting":["resolve","insert"],"holder":["resolve"]}
// A reader that finds nothing writes while it still holds the read lock.
#include <chrono>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

class Resolver {
 public:
  std::string resolve(const std::string& host) {
    std::shared_lock<std::shared_mutex> lock(mutex_);
    if (auto found = addresses_.find(host); found != addresses_.end()) return found->second;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return insert(host, "10.0.0.1");
  }
  std::string insert(const std::string& host, std::string address) {
    std::unique_lock<std::shared_mutex> lock(mutex_);
    return addresses_[host] = std::move(address);
  }

 private:
  std::shared_mutex mutex_;
  std::map<std::string, std::string> addresses_;
};

int main() {
  Resolver resolver;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&, i] { resolver.resolve("host" + std::to_string(i)); });
  for (auto& thread : threads) thread.join();
}
