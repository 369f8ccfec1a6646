// truth: {"kind":["stalled_holder","contention","lock_convoy"],"waiting":["route","pthread_spin_lock"],"holder":["update","load_file"],"no_deadlock":true}
// A spin lock is held while a file is read from a slow pipe.
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <vector>

class PacketTable {
 public:
  PacketTable() { pthread_spin_init(&spin_, PTHREAD_PROCESS_PRIVATE); }
  __attribute__((noinline)) int route(int packet) {
    pthread_spin_lock(&spin_);
    int port = ports_[packet % 4];
    pthread_spin_unlock(&spin_);
    return port;
  }
  __attribute__((noinline)) void update(int fd) {
    pthread_spin_lock(&spin_);
    load_file(fd);
    pthread_spin_unlock(&spin_);
  }

 private:
  __attribute__((noinline)) void load_file(int fd) {
    for (int& port : ports_) {
      if (read(fd, &port, sizeof port) != sizeof port) return;
    }
  }
  pthread_spinlock_t spin_;
  int ports_[4] = {1, 2, 3, 4};
};

int main() {
  PacketTable table;
  int ends[2];
  if (pipe(ends) != 0) return 1;
  std::thread loader([&] { table.update(ends[0]); });
  usleep(50000);
  std::vector<std::thread> cores;
  for (int i = 0; i < 6; ++i) cores.emplace_back([&, i] { for (;;) table.route(i); });
  loader.join();
}
