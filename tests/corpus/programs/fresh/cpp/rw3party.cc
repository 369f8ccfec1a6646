// truth: {"kind":["deadlock_cycle","recursive_read_lock"],"waiting":["limit","used","set_limit","admit"],"holder":["report","admit"]}
#include <chrono>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <vector>
using namespace std::chrono_literals;
struct ReadGuard { pthread_rwlock_t* l; explicit ReadGuard(pthread_rwlock_t* x) : l(x) { pthread_rwlock_rdlock(l); } ~ReadGuard() { pthread_rwlock_unlock(l); } };
struct WriteGuard { pthread_rwlock_t* l; explicit WriteGuard(pthread_rwlock_t* x) : l(x) { pthread_rwlock_wrlock(l); } ~WriteGuard() { pthread_rwlock_unlock(l); } };
class Config { pthread_rwlock_t l_; int limit_ = 3;
 public: Config() { pthread_rwlockattr_t a; pthread_rwlockattr_init(&a); pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP); pthread_rwlock_init(&l_, &a); }
  int limit() { ReadGuard g(&l_); return limit_; } void set_limit(int n) { WriteGuard g(&l_); limit_ = n; } template <class F> auto under(F f) { ReadGuard g(&l_); return f(limit_); } };
class Gate { std::mutex m_; int used_ = 0; Config& c_;
 public: explicit Gate(Config& c) : c_(c) {} bool admit() { std::lock_guard g(m_); std::this_thread::sleep_for(120ms); return used_ < c_.limit() && ++used_; }
  int used() { std::lock_guard g(m_); return used_; } };
bool report(Config& c, Gate& g) { return c.under([&](int n) { std::this_thread::sleep_for(80ms); return g.used() < n; }); }
int main() { Config c; Gate g(c); std::vector<std::thread> t;
  t.emplace_back([&] { std::this_thread::sleep_for(20ms); g.admit(); }); t.emplace_back([&] { std::this_thread::sleep_for(30ms); report(c, g); });
  t.emplace_back([&] { std::this_thread::sleep_for(60ms); c.set_limit(4); });
  std::this_thread::sleep_for(250ms); for (int i = 0; i < 4; ++i) t.emplace_back([&] { c.limit(); });
  for (auto& x : t) x.join(); }
