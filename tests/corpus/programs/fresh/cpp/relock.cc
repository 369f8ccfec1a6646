// truth: {"kind":["recursive_lock"],"waiting":["unsubscribe","subscribe"],"holder":["fire"]}
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>
class Signal { std::mutex m_; std::list<std::function<void()>> slots_;
 public: void subscribe(std::function<void()> f) { std::lock_guard<std::mutex> g(m_); slots_.push_back(std::move(f)); }
  void unsubscribe() { std::lock_guard<std::mutex> g(m_); slots_.pop_front(); }
  void fire() { std::lock_guard<std::mutex> g(m_); for (auto& s : slots_) s(); } };
int main() { Signal s; s.subscribe([&] { s.unsubscribe(); }); std::vector<std::thread> t; t.emplace_back([&] { s.fire(); });
  for (int i = 0; i < 6; ++i) t.emplace_back([&] { s.subscribe([] {}); }); for (auto& x : t) x.join(); }
