// A worker ends on an early return with the lock still held; nobody is left to give it back.
#include <pthread.h>

#include <thread>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

[[gnu::noinline]] bool import_row(bool valid) {
  pthread_mutex_lock(&table_lock);
  if (!valid) return false;  // the mistake: no unlock on this way out
  pthread_mutex_unlock(&table_lock);
  return true;
}

[[gnu::noinline]] void look_up() {
  pthread_mutex_lock(&table_lock);
  pthread_mutex_unlock(&table_lock);
}

void start(std::size_t threads) {
  std::thread([] { import_row(false); }).join();
  spawn_many(threads, look_up);
}

}  // namespace

const Scenario kOrphan{"orphan", "orphaned_lock", "the thread that holds the lock has exited", 20, start, nullptr};

}  // namespace goes_wrong
