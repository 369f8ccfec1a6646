// truth: {"kind":["stalled_holder"],"waiting":["put"],"holder":["put","compact","sync"]}
#include <fcntl.h>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>
class Store { std::shared_mutex m_; std::string path_; int n_ = 0; void compact() { int fd = ::open(path_.c_str(), O_WRONLY); if (fd >= 0) ::close(fd); }
 public: explicit Store(std::string p) : path_(std::move(p)) { ::mkfifo(path_.c_str(), 0600); } void put(int v) { std::unique_lock l(m_); n_ += v; if (n_ > 3) compact(); } int get() { std::shared_lock l(m_); return n_; } };
int main() { Store s("/tmp/held_fifo_" + std::to_string(::getpid())); std::vector<std::thread> t; for (int i = 0; i < 12; ++i) t.emplace_back([&, i] { i % 3 ? s.put(i) : (void)s.get(); if (i == 0) for (;;) s.put(1); }); for (auto& x : t) x.join(); }
