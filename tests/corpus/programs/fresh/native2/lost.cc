// truth: {"kind":["lost_signal"],"waiting":["await_leader","wait"]}
// The leader is announced before the followers wait, and no flag keeps it.
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

class Election {
 public:
  void announce() {
    std::lock_guard<std::mutex> lock(mutex_);
    elected_.notify_all();
  }
  void await_leader() {
    std::unique_lock<std::mutex> lock(mutex_);
    elected_.wait(lock);
  }

 private:
  std::mutex mutex_;
  std::condition_variable elected_;
};

int main() {
  Election election;
  std::thread leader([&] { election.announce(); });
  leader.join();
  std::vector<std::thread> followers;
  for (int i = 0; i < 5; ++i) followers.emplace_back([&] { election.await_leader(); });
  for (auto& follower : followers) follower.join();
}
