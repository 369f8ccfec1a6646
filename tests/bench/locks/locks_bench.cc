// What it costs that locks testify: each of tailback's locks beside std's, in one run; contended_bench.cc has crowds.
//
//   locks_bench --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true
//
// A second thread exists all the while: in a process that never made one glibc leaves out the lock prefix, which no service enjoys.
#include <tailback/mutex.h>
#include <tailback/shared_mutex.h>
#include <tailback/task_scope.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "runtime/locks/deadlock.h"
#include "runtime/locks/event_log.h"
#include "runtime/locks/registry.h"
#include "tests/bench/locks/pairs.h"

namespace {

using namespace tailback;

template <class Mutex>
void exclusive(benchmark::State& state) {
  Mutex mu;
  for (auto _ : state) {
    mu.lock();
    benchmark::ClobberMemory();
    mu.unlock();
  }
}

template <class Mutex>
void shared(benchmark::State& state) {
  Mutex mu;
  for (auto _ : state) {
    mu.lock_shared();
    benchmark::ClobberMemory();
    mu.unlock_shared();
  }
}

BENCHMARK(exclusive<std::mutex>)->Name("exclusive/std");
BENCHMARK(exclusive<mutex>)->Name("exclusive/tailback");
BENCHMARK(exclusive<std::recursive_mutex>)->Name("recursive/std");
BENCHMARK(exclusive<recursive_mutex>)->Name("recursive/tailback");
BENCHMARK(exclusive<std::shared_mutex>)->Name("exclusive of shared_mutex/std");
BENCHMARK(exclusive<shared_mutex>)->Name("exclusive of shared_mutex/tailback");
BENCHMARK(shared<std::shared_mutex>)->Name("shared/std");
BENCHMARK(shared<shared_mutex>)->Name("shared/tailback");

// With events on, as the recorder has them.
template <void (*body)(benchmark::State&)>
void with_events(benchmark::State& state) {
  locks::start_events({locks::EventMode::kLast});
  body(state);
  locks::stop_events();
}
BENCHMARK(exclusive<std::mutex>)->Name("exclusive, events on/std");
BENCHMARK(with_events<exclusive<mutex>>)->Name("exclusive, events on/tailback");
BENCHMARK(exclusive<std::shared_mutex>)->Name("exclusive of shared_mutex, events on/std");
BENCHMARK(with_events<exclusive<shared_mutex>>)->Name("exclusive of shared_mutex, events on/tailback");
BENCHMARK(shared<std::shared_mutex>)->Name("shared, events on/std");
BENCHMARK(with_events<shared<shared_mutex>>)->Name("shared, events on/tailback");

// The ring check and the snapshot, with so many threads waiting for one lock.
class Queue {
 public:
  explicit Queue(std::size_t threads) {
    mu_.lock();
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { std::lock_guard guard(mu_); });
    }
    while (locks::lock_metrics().blocked_threads < threads) std::this_thread::yield();
  }
  ~Queue() {
    mu_.unlock();
    for (auto& thread : threads_) thread.join();
  }

 private:
  mutex mu_;
  std::vector<std::thread> threads_;
};

void ring_check(benchmark::State& state) {
  const Queue queue(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(locks::check_deadlocks());
}
BENCHMARK(ring_check)->Arg(1)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

void snapshot(benchmark::State& state) {
  const Queue queue(static_cast<std::size_t>(state.range(0)));
  locks::Snapshot taken;
  for (auto _ : state) locks::take_snapshot(taken, locks::Growth::kAllowed);
}
BENCHMARK(snapshot)->Arg(1)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

void label(benchmark::State& state) {
  for (auto _ : state) task_scope task{"GET /user"};
}
BENCHMARK(label);

}  // namespace

int main(int argc, char** argv) {
  std::printf("registry: %zu bytes a lock and 8 of generation, %zu bytes a thread, %zu + 16 bytes a hold with its stack\n", sizeof(locks::LockSlot),
              sizeof(locks::ThreadSlot), sizeof(locks::HoldStack));
  std::printf("sizeof: std::mutex %zu, tailback::mutex %zu; std::shared_mutex %zu, tailback::shared_mutex %zu\n", sizeof(std::mutex),
              sizeof(mutex), sizeof(std::shared_mutex), sizeof(shared_mutex));
  std::atomic<bool> end{false};
  std::thread second([&] { end.wait(false); });
  const int status = bench::run_pairs(argc, argv);
  end = true;
  end.notify_all();
  second.join();
  return status;
}
