// truth: {"kind":["none"],"no_deadlock":true}
// A start: everybody waits on a latch for the one that loads its data from a file in small reads.
#include <latch>
#include <cstdio>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

class Service {
 public:
  void load() {
    for (int part = 0; part < 200; ++part) read_part(part);
    ready_.count_down();
  }
  void serve() {
    ready_.wait();
    for (;;) sleep(1);
  }

 private:
  void read_part(int) {
    FILE* file = std::fopen("/proc/self/maps", "r");
    char line[512];
    while (std::fgets(line, sizeof line, file)) size_ += line[0];
    std::fclose(file);
    usleep(20000);
  }
  std::latch ready_{1};
  long size_ = 0;
};

int main() {
  Service service;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&] { service.serve(); });
  service.load();
  for (auto& thread : threads) thread.join();
}
