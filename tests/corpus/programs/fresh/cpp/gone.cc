// truth: {"kind":["orphaned_lock"],"waiting":["record"]}
#include <pthread.h>
#include <thread>
#include <vector>
struct Stats { pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; long n = 0; int record(int code) { pthread_mutex_lock(&m); if (code < 0) return -1; n += code; pthread_mutex_unlock(&m); return 0; } };
int main() { Stats s; std::thread([&] { s.record(-1); }).join(); std::vector<std::thread> t; for (int i = 0; i < 9; ++i) t.emplace_back([&, i] { s.record(i); }); for (auto& x : t) x.join(); }
