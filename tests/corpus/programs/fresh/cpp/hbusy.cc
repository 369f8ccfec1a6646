// truth: {"kind":["none"],"no_deadlock":true}
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <vector>
class Table { mutable std::shared_mutex m_; std::unordered_map<int, int> t_; std::mutex s_; long hits_ = 0; public: int get(int k) { int v = 0; { std::shared_lock l(m_); auto i = t_.find(k); v = i == t_.end() ? 0 : i->second; } std::lock_guard g(s_); ++hits_; return v; } void put(int k, int v) { std::unique_lock l(m_); t_[k] = v; } };
int main() { Table t; std::vector<std::thread> w; for (int i = 0; i < 12; ++i) w.emplace_back([&, i] { std::mt19937 r(i); for (;;) { int k = r() % 4096; if (k % 64 == 0) t.put(k, i); else t.get(k); if (k % 100 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200)); } }); for (auto& x : w) x.join(); }
