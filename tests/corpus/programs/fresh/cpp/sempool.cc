// truth: {"kind":["pool_exhaustion","lost_signal","orphaned_lock"],"waiting":["checkout","acquire","query"]}
#include <chrono>
#include <semaphore.h>
#include <thread>
#include <vector>
class Pool { sem_t s_; public: explicit Pool(int n) { sem_init(&s_, 0, n); } void checkout() { while (sem_wait(&s_)) {} } void checkin() { sem_post(&s_); } };
struct Lease { Pool& p; explicit Lease(Pool& x) : p(x) { p.checkout(); } ~Lease() { p.checkin(); } };
void query(Pool& p) { Lease l(p); }
void transaction(Pool& p) { Lease l(p); std::this_thread::sleep_for(std::chrono::milliseconds(60)); query(p); }
int main() { Pool p(4); std::vector<std::thread> t; for (int i = 0; i < 16; ++i) t.emplace_back([&] { transaction(p); }); for (auto& x : t) x.join(); }
