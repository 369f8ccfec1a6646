// Every request appends to one journal under one lock, and the disk is slow: the lock moves, the queue stays.
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

class Journal {
 public:
  [[gnu::noinline]] void append() {
    const std::lock_guard hold(mutex_);
    std::this_thread::sleep_for(std::chrono::milliseconds(15));  // a slow disk
    ++entries_;
  }

 private:
  std::mutex mutex_;
  long entries_ = 0;
};

Journal journal;

[[gnu::noinline]] void handle_request() { journal.append(); }

void start(std::size_t threads) { spawn_many(threads, handle_request); }

/// More requests come in than the journal takes.
void tick() { spawn_many(12, handle_request); }

}  // namespace

const Scenario kConvoy{"convoy", "lock_convoy", "a slow write under a lock that every request needs", 60, start, tick};

}  // namespace goes_wrong
