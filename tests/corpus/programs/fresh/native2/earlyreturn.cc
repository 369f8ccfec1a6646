// truth: {"kind":["orphaned_lock"],"waiting":["account_debit"]}
// A C module whose error path forgets the unlock; the thread that took that path went back to its epoll loop.
#include <pthread.h>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>
#include <vector>

struct account {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  long balance = 100;
};

__attribute__((noinline)) int account_debit(account* a, long amount) {
  pthread_mutex_lock(&a->lock);
  if (a->balance < amount) return -1;
  a->balance -= amount;
  pthread_mutex_unlock(&a->lock);
  return 0;
}
static void serve(account* a, int epoll, long amount) {
  account_debit(a, amount);
  epoll_event events[8];
  for (;;) epoll_wait(epoll, events, 8, -1);
}

int main() {
  account a;
  int epoll = epoll_create1(0);
  std::thread first([&] { serve(&a, epoll, 500); });
  usleep(50000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&, i] { serve(&a, epoll, i); });
  first.join();
}
