// Consumers wait on a condition without looking at what it is about; the producer signalled before, and has gone.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

class Gate {
 public:
  [[gnu::noinline]] void open() {
    const std::lock_guard hold(mutex_);
    open_ = true;
    opened_.notify_all();
  }

  [[gnu::noinline]] void pass() {
    std::unique_lock hold(mutex_);
    opened_.wait(hold);  // the mistake: no look at open_
  }

  [[nodiscard]] bool is_open() const { return open_; }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

Gate gate;

void start(std::size_t threads) {
  std::thread([] { gate.open(); }).join();
  spawn_many(threads, [] { gate.pass(); });
}

}  // namespace

const Scenario kLostSignal{"lost_signal", "lost_signal", "the condition was signalled before anyone waited, and nobody is left to signal", 20, start, nullptr};

}  // namespace goes_wrong
