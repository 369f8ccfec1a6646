// truth: {"kind":["recursive_read_lock"],"waiting":["count","purge"],"holder":["visit","snapshot"]}
// The same with boost's shared mutex, which lets no reader pass a waiting writer.
#define BOOST_THREAD_DONT_PROVIDE_INTERRUPTIONS  // else it needs boost's library
#include <boost/thread/shared_mutex.hpp>
#include <boost/thread/locks.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

class SessionStore {
 public:
  size_t count() const {
    boost::shared_lock<boost::shared_mutex> lock(mutex_);
    return sessions_.size();
  }
  std::vector<std::string> snapshot() const {
    boost::shared_lock<boost::shared_mutex> lock(mutex_);
    std::vector<std::string> names;
    for (auto& [name, hits] : sessions_) names.push_back(visit(name, hits));
    return names;
  }
  void purge() {
    boost::unique_lock<boost::shared_mutex> lock(mutex_);
    sessions_.clear();
  }

 private:
  std::string visit(const std::string& name, int hits) const {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    return name + "=" + std::to_string(hits * 100 / static_cast<int>(count() + 1));
  }
  mutable boost::shared_mutex mutex_;
  std::unordered_map<std::string, int> sessions_{{"ann", 3}, {"bob", 4}};
};

int main() {
  SessionStore store;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { store.snapshot(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  threads.emplace_back([&] { store.purge(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  for (int i = 0; i < 7; ++i) threads.emplace_back([&] { store.count(); });
  for (auto& thread : threads) thread.join();
}
