// truth: {"kind":["none"],"no_deadlock":true}
// A dictionary that eight threads read all the time and one refreshes twice a second.
#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

class Dictionary {
 public:
  size_t find(const std::string& word) const {
    std::shared_lock lock(mutex_);
    auto found = words_.find(word);
    return found == words_.end() ? 0 : found->second.size();
  }
  void refresh(int round) {
    std::map<std::string, std::string> fresh;
    for (int i = 0; i < 2000; ++i) fresh[std::to_string(i)] = std::to_string(round);
    std::unique_lock lock(mutex_);
    words_.swap(fresh);
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::string> words_;
};

int main() {
  Dictionary dictionary;
  std::atomic<size_t> hits{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&, i] {
      for (int n = i;; ++n) {
        hits += dictionary.find(std::to_string(n % 3000));
        if (n % 50 == 0) usleep(500);
      }
    });
  }
  for (int round = 0;; ++round) {
    dictionary.refresh(round);
    usleep(500000);
  }
}
