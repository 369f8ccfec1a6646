// truth: {"kind":["none"]}
// An echo server: one acceptor, four epoll loops, a client of its own that keeps them busy.
#include <arpa/inet.h>
#include <mutex>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <vector>

class Loop {
 public:
  Loop() : epoll_(epoll_create1(0)) {}
  void add(int fd) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      seen_[fd] = 0;
    }
    epoll_event event{EPOLLIN, {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  void run() {
    epoll_event events[16];
    for (;;) {
      int ready = epoll_wait(epoll_, events, 16, 500);
      for (int i = 0; i < ready; ++i) serve(events[i].data.fd);
    }
  }

 private:
  void serve(int fd) {
    char buffer[256];
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
      close(fd);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      seen_[fd] += got;
    }
    send(fd, buffer, got, MSG_NOSIGNAL);
  }
  int epoll_;
  std::mutex mutex_;
  std::unordered_map<int, long> seen_;
};

int main() {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at);
  listen(listener, 16);
  getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  std::vector<Loop> loops(4);
  std::vector<std::thread> threads;
  for (Loop& loop : loops) threads.emplace_back([&] { loop.run(); });
  threads.emplace_back([&] {
    for (size_t next = 0;; ++next) loops[next % 4].add(accept(listener, nullptr, nullptr));
  });
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([at] {
      int fd = socket(AF_INET, SOCK_STREAM, 0);
      connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
      char buffer[64] = "ping";
      for (;;) {
        send(fd, buffer, 4, MSG_NOSIGNAL);
        recv(fd, buffer, sizeof buffer, 0);
        usleep(20000);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}
