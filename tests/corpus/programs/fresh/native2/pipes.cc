// truth: {"kind":["channel_deadlock","deadlock_cycle","stalled_holder"],"waiting":["send_frame","write"],"unsure":true}
// Two peers write to each other over sockets that nobody reads.
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  void exchange() {
    for (;;) {
      for (int i = 0; i < 1000; ++i) send_frame(i);
      read_frame();
    }
  }

 private:
  void send_frame(int) {
    char frame[4096] = {};
    if (write(fd_, frame, sizeof frame) < 0) _exit(1);
  }
  void read_frame() {
    char frame[4096];
    if (read(fd_, frame, sizeof frame) < 0) _exit(1);
  }
  int fd_;
};

int main() {
  int ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  Peer left(ends[0]), right(ends[1]);
  std::thread one([&] { left.exchange(); });
  std::thread two([&] { right.exchange(); });
  one.join();
}
