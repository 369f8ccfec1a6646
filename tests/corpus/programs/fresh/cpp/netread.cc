// truth: {"kind":["stalled_holder"],"waiting":["call","stats"],"holder":["call","roundtrip"]}
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>
class Client { std::mutex m_; int fd_; long calls_ = 0;
  std::string roundtrip(const std::string& q) { if (::write(fd_, q.data(), q.size()) < 0) return {}; char b[256]; ssize_t n = ::recv(fd_, b, sizeof b, 0); return n > 0 ? std::string(b, n) : std::string(); }
 public: explicit Client(int fd) : fd_(fd) {} std::string call(const std::string& q) { std::lock_guard<std::mutex> g(m_); ++calls_; return roundtrip(q); }
  long stats() { std::lock_guard<std::mutex> g(m_); return calls_; } };
int main() { int p[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, p); Client c(p[0]); std::vector<std::thread> t;
  for (int i = 0; i < 14; ++i) t.emplace_back([&c, i] { if (i % 4) c.call("ping"); else c.stats(); }); for (auto& x : t) x.join(); }
