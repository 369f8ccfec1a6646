// truth: {"kind":["stalled_holder","lost_signal"],"waiting":["submit","size","flush","wait"],"holder":["flush"]}
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>
class Sink { std::mutex m_; std::condition_variable empty_; int inflight_ = 1; public: void drain() { std::unique_lock<std::mutex> l(m_); empty_.wait(l, [&] { return inflight_ == 0; }); } void done() { std::lock_guard<std::mutex> g(m_); if (--inflight_ == 0) empty_.notify_all(); } };
class Batcher { std::mutex m_; std::deque<int> q_; Sink& s_; public: explicit Batcher(Sink& s) : s_(s) {}
  void submit(int v) { std::lock_guard<std::mutex> g(m_); q_.push_back(v); } size_t size() { std::lock_guard<std::mutex> g(m_); return q_.size(); }
  void flush() { std::lock_guard<std::mutex> g(m_); q_.clear(); s_.drain(); } };
int main() { Sink s; Batcher b(s); std::vector<std::thread> t; t.emplace_back([&] { b.flush(); }); std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (int i = 0; i < 8; ++i) t.emplace_back([&, i] { b.submit(i); s.done(); }); for (auto& x : t) x.join(); }
