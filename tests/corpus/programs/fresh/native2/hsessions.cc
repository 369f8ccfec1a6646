// truth: {"kind":["none"]}
// A thread a connection, each in recv with its own session's lock held, as many old servers do.
#include <memory>
#include <mutex>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

class Session {
 public:
  explicit Session(int fd) : fd_(fd) {}
  void run() {
    std::lock_guard<std::recursive_mutex> lock(mutex_);
    while (read_request() > 0) answer();
  }

 private:
  ssize_t read_request() { return recv(fd_, buffer_, sizeof buffer_, 0); }
  void answer() {
    std::lock_guard<std::recursive_mutex> lock(mutex_);
    send(fd_, buffer_, 1, MSG_NOSIGNAL);
  }
  int fd_;
  std::recursive_mutex mutex_;
  char buffer_[128];
};

int main() {
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::thread> threads;
  std::vector<int> peers;
  for (int i = 0; i < 20; ++i) {
    int ends[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    peers.push_back(ends[0]);
    sessions.push_back(std::make_unique<Session>(ends[1]));
    threads.emplace_back([session = sessions.back().get()] { session->run(); });
  }
  for (size_t next = 0;; ++next) {
    char byte = 'x';
    send(peers[next % peers.size()], &byte, 1, 0);
    recv(peers[next % peers.size()], &byte, 1, 0);
    usleep(100000);
  }
}
