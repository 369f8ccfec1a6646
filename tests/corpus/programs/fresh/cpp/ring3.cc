// truth: {"kind":["deadlock_cycle"],"waiting":["enter","touch"],"holder":["enter","process"]}
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>
struct Stage { std::mutex m; Stage* next = nullptr; int n = 0; virtual ~Stage() = default; virtual void touch() { std::lock_guard g(m); ++n; } virtual void process(std::atomic<int>& in) = 0; };
template <class T> struct StageOf : Stage { T value{};
  void process(std::atomic<int>& in) override { std::lock_guard g(m); ++value; ++in; while (in < 3) std::this_thread::yield(); next->touch(); } };
int main() { StageOf<int> a; StageOf<long> b; StageOf<double> c; a.next = &b; b.next = &c; c.next = &a; std::atomic<int> in{0};
  std::vector<std::thread> t; for (Stage* s : {(Stage*)&a, (Stage*)&b, (Stage*)&c}) t.emplace_back([s, &in] { s->process(in); });
  for (auto& x : t) x.join(); }
