// Seed for source_evidence_fuzz: each way in which C++ takes and releases a lock.
#include <mutex>
#define TAKE(m) m.lock()
namespace shop {
template <class K>
class Set final {
 public:
  Set() : n_{0}, items_() { std::lock_guard<std::mutex> l(m_); }
  int size() const { std::shared_lock<std::shared_mutex> l(rw_); return n_; }
  bool operator()(K k) { std::scoped_lock both{m_, other_.m_}; return k == n_; }

 private:
  int n_;
};
void run(Set<int>* set) {
  std::unique_lock<std::mutex> l(set->m_, std::defer_lock);
  if (set) l.lock(); else return;
  for (int i = 0; i < 3; ++i) { pthread_mutex_lock(&raw); if (i == 2) break; pthread_mutex_unlock(&raw); }
  do { m.lock(); } while (m.try_lock());
  pool.post([&, x = R"d(m.lock(); })d"]() mutable -> int { std::lock(a, b); std::lock_guard g(a, std::adopt_lock); return x; });
  switch (x) { case 1: m.unlock(); default: cv.wait(l); }
}
}  // namespace shop
