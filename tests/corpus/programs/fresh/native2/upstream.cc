// truth: {"kind":["stalled_holder"],"waiting":["get","stats"],"holder":["get","fetch","refresh"]}
// A cache that fetches from its upstream under its lock; the upstream accepts and says nothing.
#include <arpa/inet.h>
#include <cstring>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

class Upstream {
 public:
  explicit Upstream(int port) {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) _exit(1);
  }
  std::string fetch(const std::string& key) {
    send(fd_, key.data(), key.size(), MSG_NOSIGNAL);
    char buffer[512];
    ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    return std::string(buffer, got > 0 ? got : 0);
  }

 private:
  int fd_;
};
class Cache {
 public:
  explicit Cache(int port) : upstream_(port) {}
  std::string get(const std::string& key) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = values_.find(key);
    return found != values_.end() ? found->second : refresh(key);
  }
  size_t stats() {
    std::lock_guard<std::mutex> lock(mutex_);
    return values_.size();
  }

 private:
  std::string refresh(const std::string& key) { return values_[key] = upstream_.fetch(key); }
  Upstream upstream_;
  std::mutex mutex_;
  std::map<std::string, std::string> values_;
};

int main() {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at);
  listen(listener, 4);
  getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  Cache cache(ntohs(at.sin_port));
  std::vector<std::thread> threads;
  for (int i = 0; i < 9; ++i) threads.emplace_back([&, i] { cache.get("k" + std::to_string(i)); });
  threads.emplace_back([&] { cache.stats(); });
  for (auto& thread : threads) thread.join();
}
