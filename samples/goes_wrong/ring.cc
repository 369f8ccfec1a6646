// Three stages, each holding its own lock and asking for the next one's: a ring that no pair of threads shows.
#include <array>
#include <latch>
#include <mutex>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

std::array<std::mutex, 3> stages;
std::latch each_holds_one(3);

[[gnu::noinline]] void enter(std::size_t stage) { const std::lock_guard hold(stages[stage]); }

[[gnu::noinline]] void pass_on(std::size_t stage) {
  const std::lock_guard hold(stages[stage]);
  each_holds_one.arrive_and_wait();
  enter((stage + 1) % stages.size());
}

void start(std::size_t threads) {
  for (std::size_t stage = 0; stage < stages.size(); ++stage) spawn([stage] { pass_on(stage); });
  each_holds_one.wait();
  spawn_many(threads, [] { enter(1); });
}

}  // namespace

const Scenario kRing{"ring", "deadlock_cycle", "three stages wait for each other's lock in a ring", 20, start, nullptr};

}  // namespace goes_wrong
