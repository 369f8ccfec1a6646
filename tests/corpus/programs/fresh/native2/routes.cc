// truth: {"kind":["recursive_read_lock"],"waiting":["lookup","weight","reload"],"holder":["best","each"]}
// A routing table behind a writer-preferring rwlock; best() reads under a read lock through a method that takes it again.
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <vector>

class RwLock {
 public:
  RwLock() {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lock_, &attributes);
  }
  void acquire_read() { pthread_rwlock_rdlock(&lock_); }
  void acquire_write() { pthread_rwlock_wrlock(&lock_); }
  void release() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
};
struct ReadScope {
  explicit ReadScope(RwLock& lock) : lock_(lock) { lock_.acquire_read(); }
  ~ReadScope() { lock_.release(); }
  RwLock& lock_;
};

class RouteTable {
 public:
  int lookup(int prefix) const {
    ReadScope scope(lock_);
    return routes_[prefix % routes_.size()];
  }
  int weight(int prefix) const {
    ReadScope scope(lock_);
    return weights_[prefix % weights_.size()];
  }
  template <class F> void each(F visit) const {
    ReadScope scope(lock_);
    for (int route : routes_) visit(route);
  }
  int best() const {
    int found = 0;
    each([&](int route) {
      usleep(100000);
      found += weight(route);
    });
    return found;
  }
  void reload(int size) {
    lock_.acquire_write();
    routes_.assign(size, 1);
    lock_.release();
  }

 private:
  mutable RwLock lock_;
  std::vector<int> routes_{1, 2, 3}, weights_{1, 2, 3};
};

int main() {
  RouteTable table;
  std::thread chooser([&] { table.best(); });
  usleep(30000);
  std::thread reloader([&] { table.reload(8); });
  usleep(100000);
  std::vector<std::thread> clients;
  for (int i = 0; i < 12; ++i) clients.emplace_back([&, i] { table.lookup(i); });
  chooser.join();
}
