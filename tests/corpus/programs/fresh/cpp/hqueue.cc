// truth: {"kind":["none"]}
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>
template <class T> class BlockingQueue { std::mutex m_; std::condition_variable cv_; std::deque<T> q_; public: void push(T v) { { std::lock_guard g(m_); q_.push_back(std::move(v)); } cv_.notify_one(); } T pop() { std::unique_lock l(m_); cv_.wait(l, [&] { return !q_.empty(); }); T v = std::move(q_.front()); q_.pop_front(); return v; }
  std::optional<T> pop_for(int ms) { std::unique_lock l(m_); if (!cv_.wait_for(l, std::chrono::milliseconds(ms), [&] { return !q_.empty(); })) return std::nullopt; T v = std::move(q_.front()); q_.pop_front(); return v; } };
int main() { BlockingQueue<int> q, r; std::vector<std::thread> t; for (int i = 0; i < 6; ++i) t.emplace_back([&] { for (;;) r.push(q.pop()); }); for (int i = 0; i < 3; ++i) t.emplace_back([&] { for (;;) r.pop_for(500); });
  t.emplace_back([] { for (;;) sleep(60); }); int p[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, p); t.emplace_back([&] { char c; while (read(p[0], &c, 1) == 1) q.push(c); }); pollfd f{p[1], POLLIN, 0}; for (;;) { poll(&f, 1, 1000); } }
