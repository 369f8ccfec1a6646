// One thread sleeps with a mutex held, six wait for it, one waits for a condition.
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>
#include <map>
struct Store {
  std::mutex mutex;
  std::map<int, int>* values = nullptr;
  void compact() { std::lock_guard<std::mutex> guard(mutex); sleep(600); }
  void put(int) { std::lock_guard<std::mutex> guard(mutex); }
};
int main() {
  static Store store; static std::condition_variable idle; static std::mutex queue;
  std::vector<std::thread> threads;
  threads.emplace_back([] { store.compact(); });
  sleep(1);
  for (int i = 0; i < 6; ++i) threads.emplace_back([i] { store.put(i); });
  threads.emplace_back([] { std::unique_lock<std::mutex> lock(queue); idle.wait(lock); });
  for (std::thread& thread : threads) thread.join();
}
