#include <latch>
#include <thread>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {

void spawn(std::function<void()> work) { std::thread(std::move(work)).detach(); }

void spawn_many(std::size_t count, const std::function<void()>& work) {
  std::latch started(static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    spawn([&started, work] {
      started.count_down();
      work();
    });
  }
  started.wait();
}

std::vector<const Scenario*> scenarios() {
  return {&kAbba, &kRing, &kDoubleLock, &kOrphan, &kIoHolder, &kConvoy, &kPool, &kLostSignal, &kLeak, &kHealthy};
}

}  // namespace goes_wrong
