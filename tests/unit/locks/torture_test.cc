// Threads take and give back locks at random, in every mode, with and without time limits, and end and begin in between; what the registry
// says is compared with a model of who holds what.
//
// Each thread remembers what it holds. When all have come to rest, locks in hand, the registry must say the same, no more and no less; and at no time
// may a writer have been in a lock beside anyone.
#include <tailback/mutex.h>
#include <tailback/shared_mutex.h>

#include <atomic>
#include <barrier>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/locks/support.h"

namespace tailback {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 6, kLocks = 5, kRounds = 12, kSteps = 150;

struct World {
  timed_mutex mutexes[kLocks];
  shared_timed_mutex readers_first[kLocks], writers_first[kLocks], in_order[kLocks];
  // Who is inside, checked by whoever enters: 1000 a writer, 1 a reader.
  std::atomic<int> inside[4][kLocks] = {};
  std::atomic<int> broken{0};

  World() = default;
  shared_timed_mutex& shared(int kind, int i) { return kind == 1 ? readers_first[i] : kind == 2 ? writers_first[i] : in_order[i]; }
};

template <lock_policy Policy, std::size_t... I>
void place(shared_timed_mutex* locks, std::index_sequence<I...>) {
  ((locks[I].~shared_timed_mutex(), new (&locks[I]) shared_timed_mutex("torture", Policy)), ...);
}

/// One lock held: kind 0 is a mutex.
struct Held {
  int kind, lock;
  bool shared;
};

class Walker {
 public:
  Walker(World& world, unsigned seed) : world_(world), random_(seed) {}

  void step(bool only_try = false) {
    // Locks are asked for in ascending order only, or the walk would end in a real deadlock; timed and tried ones in any.
    if (!held_.empty() && (held_.size() == 3 || random_() % 2 == 0)) return release(random_() % held_.size());
    const Held wanted{static_cast<int>(random_() % 4), static_cast<int>(random_() % kLocks), random_() % 3 != 0};
    const bool shared = wanted.kind != 0 && wanted.shared;
    bool ascending = true;
    for (const Held& held : held_) {
      ascending = ascending && held.kind * kLocks + held.lock < wanted.kind * kLocks + wanted.lock;
      if (held.kind == wanted.kind && held.lock == wanted.lock) return;
    }
    const auto way = only_try ? 1 : random_() % 3;
    if (way == 0 && !ascending) return;
    if (take(wanted.kind, wanted.lock, shared, static_cast<int>(way))) enter({wanted.kind, wanted.lock, shared});
  }
  void release_all() {
    while (!held_.empty()) release(held_.size() - 1);
  }
  [[nodiscard]] const std::vector<Held>& held() const { return held_; }

 private:
  bool take(int kind, int i, bool shared, int way) {
    if (kind == 0) {
      timed_mutex& mu = world_.mutexes[i];
      if (way == 1) return mu.try_lock();
      if (way == 2) return mu.try_lock_for(std::chrono::microseconds(random_() % 200));
      mu.lock();
      return true;
    }
    shared_timed_mutex& mu = world_.shared(kind, i);
    const auto limit = std::chrono::microseconds(random_() % 200);
    if (way == 1) return shared ? mu.try_lock_shared() : mu.try_lock();
    if (way == 2) return shared ? mu.try_lock_shared_for(limit) : mu.try_lock_for(limit);
    shared ? mu.lock_shared() : mu.lock();
    return true;
  }
  void enter(Held held) {
    const int before = world_.inside[held.kind][held.lock].fetch_add(held.shared ? 1 : 1000);
    if (held.shared ? before >= 1000 : before != 0) ++world_.broken;
    held_.push_back(held);
  }
  void release(std::size_t index) {
    const Held held = held_[index];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    world_.inside[held.kind][held.lock].fetch_sub(held.shared ? 1 : 1000);
    if (held.kind == 0) return world_.mutexes[held.lock].unlock();
    held.shared ? world_.shared(held.kind, held.lock).unlock_shared() : world_.shared(held.kind, held.lock).unlock();
  }

  World& world_;
  std::minstd_rand random_;
  std::vector<Held> held_;
};

TEST(Torture, TheRegistryAgreesWithAModel) {
  auto world = std::make_unique<World>();
  place<lock_policy::prefer_readers>(world->readers_first, std::make_index_sequence<kLocks>{});
  place<lock_policy::fair>(world->in_order, std::make_index_sequence<kLocks>{});
  const auto id = [&](const Held& held) {
    return held.kind == 0 ? world->mutexes[held.lock].identity().id() : world->shared(held.kind, held.lock).identity().id();
  };
  // The registry is read all the while: it must stay readable whatever happens.
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) locks::testing::snapshot();
  });
  for (int round = 0; round < kRounds; ++round) {
    std::barrier calm(kThreads), stopped(kThreads + 1), compared(kThreads + 1);
    std::vector<std::vector<Held>> model(kThreads);
    std::vector<std::thread> threads;  // new ones every round: records are given back and taken again
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        Walker walker(*world, static_cast<unsigned>(round * 100 + t + 1));
        for (int i = 0; i < kSteps; ++i) walker.step();
        walker.release_all();
        calm.arrive_and_wait();
        // From here on nobody waits, so that all can come to rest with locks in hand.
        for (int i = 0; i < kSteps; ++i) walker.step(true);
        model[static_cast<std::size_t>(t)] = walker.held();
        stopped.arrive_and_wait();
        compared.arrive_and_wait();
        walker.release_all();
      });
    }
    stopped.arrive_and_wait();
    std::map<std::pair<std::uint64_t, bool>, int> expected, seen;
    for (const auto& holds : model) {
      for (const Held& held : holds) ++expected[{id(held), held.shared}];
    }
    const auto shown = locks::testing::snapshot();
    for (const auto& hold : shown.holds) ++seen[{hold.lock, hold.shared}];
    EXPECT_EQ(seen, expected);
    EXPECT_TRUE(shown.waits.empty());
    compared.arrive_and_wait();
    for (auto& thread : threads) thread.join();
  }
  stop = true;
  reader.join();
  EXPECT_EQ(world->broken, 0);
  EXPECT_TRUE(locks::testing::snapshot().holds.empty());
}

}  // namespace
}  // namespace tailback
