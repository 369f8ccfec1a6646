// truth: {"kind":["deadlock_cycle","stalled_holder"],"waiting":["stop","poll_once","join","status"],"holder":["stop"]}
// stop() joins the worker under the lock that the worker needs for its next round.
#include <atomic>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

class Monitor {
 public:
  void start() {
    thread_ = std::thread([this] { loop(); });
  }
  void stop() {
    std::lock_guard<std::mutex> lock(state_mutex_);
    running_ = false;
    usleep(120000);
    thread_.join();
  }
  bool status() {
    std::lock_guard<std::mutex> lock(state_mutex_);
    return healthy_;
  }

 private:
  void loop() {
    while (running_) poll_once();
  }
  void poll_once() {
    usleep(50000);
    std::lock_guard<std::mutex> lock(state_mutex_);
    healthy_ = !healthy_;
  }
  std::mutex state_mutex_;
  std::atomic<bool> running_{true};
  bool healthy_ = true;
  std::thread thread_;
};

int main() {
  Monitor monitor;
  monitor.start();
  usleep(80000);
  std::thread admin([&] { monitor.stop(); });
  usleep(20000);
  std::vector<std::thread> probes;
  for (int i = 0; i < 3; ++i) probes.emplace_back([&] { monitor.status(); });
  admin.join();
}
