// truth: {"kind":["pool_exhaustion","lost_signal","orphaned_lock"],"waiting":["acquire","upload","enter"]}
// Permits of a semaphore that the error path does not give back.
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

class Limiter {
 public:
  void enter() { permits_.acquire(); }
  void leave() { permits_.release(); }

 private:
  std::counting_semaphore<64> permits_{4};
};
class Uploader {
 public:
  void upload(int part) {
    limiter_.enter();
    if (part < 4) throw std::runtime_error("checksum");
    limiter_.leave();
  }

 private:
  Limiter limiter_;
};

int main() {
  Uploader uploader;
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      usleep(10000 * i);
      for (;;) {
        try {
          uploader.upload(i);
        } catch (const std::exception&) {
          i < 4 ? (void)sleep(3600) : (void)0;
        }
        usleep(1000);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}
