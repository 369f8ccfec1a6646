// truth: {"kind":["deadlock_cycle","stalled_holder"],"waiting":["rebuild","shard_size","get","search"],"holder":["rebuild"]}
// An index rebuilds its shards by std::async under the lock that each shard's task takes.
#include <future>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

class Index {
 public:
  size_t rebuild() {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::future<size_t>> parts;
    for (size_t shard = 0; shard < shards_.size(); ++shard) parts.push_back(std::async(std::launch::async, [this, shard] { return shard_size(shard); }));
    size_t total = 0;
    for (auto& part : parts) total += part.get();
    return total;
  }
  bool search(int key) {
    std::lock_guard<std::mutex> lock(mutex_);
    return !shards_.empty() && shards_[0].size() > static_cast<size_t>(key);
  }

 private:
  size_t shard_size(size_t shard) {
    std::lock_guard<std::mutex> lock(mutex_);
    return shards_[shard].size();
  }
  std::mutex mutex_;
  std::vector<std::vector<int>> shards_{{1, 2}, {3}, {4, 5}};
};

int main() {
  Index index;
  std::thread indexer([&] { index.rebuild(); });
  usleep(50000);
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back([&, i] { index.search(i); });
  indexer.join();
}
