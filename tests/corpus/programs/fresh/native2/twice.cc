// truth: {"kind":["recursive_lock"],"waiting":["remove","add"],"holder":["expire","tick"]}
// A timer wheel whose expiry callback removes a timer by the public method.
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#include <unistd.h>

struct Timer {
  virtual ~Timer() = default;
  virtual void fired() = 0;
};
class Wheel {
 public:
  void add(Timer* timer) {
    std::scoped_lock lock(mutex_);
    timers_.push_back(timer);
  }
  void remove(Timer* timer) {
    std::scoped_lock lock(mutex_);
    timers_.remove(timer);
  }
  void tick() {
    std::scoped_lock lock(mutex_);
    expire();
  }

 private:
  void expire() {
    for (Timer* timer : timers_) timer->fired();
  }
  std::mutex mutex_;
  std::list<Timer*> timers_;
};
class RequestTimer : public Timer {
 public:
  explicit RequestTimer(Wheel& wheel) : wheel_(wheel) { wheel_.add(this); }
  void fired() override { wheel_.remove(this); }

 private:
  Wheel& wheel_;
};

int main() {
  Wheel wheel;
  RequestTimer first(wheel);
  std::thread ticker([&] {
    for (;;) {
      usleep(50000);
      wheel.tick();
    }
  });
  usleep(150000);
  std::vector<std::thread> handlers;
  for (int i = 0; i < 5; ++i) handlers.emplace_back([&] { RequestTimer timer(wheel); });
  ticker.join();
}
