// truth: {"kind":["recursive_read_lock"],"waiting":["find","insert"],"holder":["for_each","dump"]}
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>
#include <pthread.h>
class writer_first_mutex { pthread_rwlock_t l_;
 public: writer_first_mutex() { pthread_rwlockattr_t a; pthread_rwlockattr_init(&a); pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP); pthread_rwlock_init(&l_, &a); }
  void lock() { pthread_rwlock_wrlock(&l_); } void unlock() { pthread_rwlock_unlock(&l_); } void lock_shared() { pthread_rwlock_rdlock(&l_); } void unlock_shared() { pthread_rwlock_unlock(&l_); } };
template <class K, class V> class Registry { mutable writer_first_mutex mu_; std::map<K, V> m_;
 public:
  std::optional<V> find(const K& k) const { std::shared_lock l(mu_); auto i = m_.find(k); if (i == m_.end()) return std::nullopt; return i->second; }
  void insert(K k, V v) { std::unique_lock l(mu_); m_.insert_or_assign(std::move(k), std::move(v)); }
  void for_each(const std::function<void(const K&)>& f) const { std::shared_lock l(mu_); for (auto& [k, v] : m_) f(k); } };
struct Exporter { Registry<std::string, int>& r; long sum = 0;
  void dump() { r.for_each([this](const std::string& k) { std::this_thread::sleep_for(std::chrono::milliseconds(50)); sum += r.find(k).value_or(0); }); } };
int main() { Registry<std::string, int> r; for (int i = 0; i < 10; ++i) r.insert("m" + std::to_string(i), i);
  std::vector<std::thread> t; t.emplace_back([&] { Exporter e{r}; e.dump(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (int i = 0; i < 10; ++i) t.emplace_back([&r, i] { r.insert("x" + std::to_string(i), i); });
  for (auto& x : t) x.join(); }
