// A method that locks calls another one that locks the same mutex: it waits for itself.
#include <latch>
#include <mutex>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

std::latch about_to_hang(1);

class Ledger {
 public:
  [[gnu::noinline]] void close_day() {
    const std::lock_guard hold(mutex_);
    about_to_hang.count_down();
    total_ = sum();
  }

  [[gnu::noinline]] long sum() {
    const std::lock_guard hold(mutex_);
    return total_ + 1;
  }

 private:
  std::mutex mutex_;
  long total_ = 0;
};

Ledger ledger;

void start(std::size_t threads) {
  spawn([] { ledger.close_day(); });
  about_to_hang.wait();
  spawn_many(threads, [] { (void)ledger.sum(); });
}

}  // namespace

const Scenario kDoubleLock{"double_lock", "recursive_lock", "a thread takes the mutex that it holds already", 20, start, nullptr};

}  // namespace goes_wrong
