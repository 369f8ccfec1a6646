// truth: {"kind":["pool_exhaustion"],"waiting":["get","compile","wait"]}
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
class ThreadPool { std::mutex m_; std::condition_variable cv_; std::deque<std::function<void()>> q_; std::vector<std::thread> w_;
  void work() { for (;;) { std::function<void()> f; { std::unique_lock<std::mutex> l(m_); cv_.wait(l, [&] { return !q_.empty(); }); f = std::move(q_.front()); q_.pop_front(); } f(); } }
 public: explicit ThreadPool(int n) { for (int i = 0; i < n; ++i) w_.emplace_back([this] { work(); }); }
  template <class F> auto async(F f) { auto t = std::make_shared<std::packaged_task<decltype(f())()>>(std::move(f)); auto r = t->get_future(); { std::lock_guard<std::mutex> g(m_); q_.push_back([t] { (*t)(); }); } cv_.notify_one(); return r; } };
int compile(ThreadPool& p, int depth) { if (!depth) return 1; std::this_thread::sleep_for(std::chrono::milliseconds(20)); auto a = p.async([&p, depth] { return compile(p, depth - 1); }); auto b = p.async([&p, depth] { return compile(p, depth - 1); }); return a.get() + b.get(); }
int main() { ThreadPool p(4); std::vector<std::future<int>> r; for (int i = 0; i < 4; ++i) r.push_back(p.async([&p] { return compile(p, 3); })); for (auto& f : r) f.get(); }
