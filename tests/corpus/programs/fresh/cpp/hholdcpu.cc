// truth: {"kind":["none"]}
#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>
struct Index { std::mutex m; std::vector<unsigned> v = std::vector<unsigned>(100000); void rebuild() { std::lock_guard g(m); for (unsigned k = 1;; ++k) std::sort(v.begin(), v.end(), [k](unsigned a, unsigned b) { return a * k < b * k; }); } };
int main() { Index x; for (unsigned i = 0; i < x.v.size(); ++i) x.v[i] = i * 2654435761u; std::thread t([&] { x.rebuild(); }); t.join(); }
