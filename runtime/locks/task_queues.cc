#include "runtime/locks/task_queues.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <string>

#include <tailback/recorder.h>
#include <tailback/task_scope.h>

#include "runtime/locks/futex.h"

namespace tailback {

// Never freed, so that the sampler needs no lock to walk the list; a queue of the same name takes it over.
struct task_queue::State {
  explicit State(std::string_view name_)
      : name(name_), depth_gauge(gauge("queue_" + name + "_depth")), age_gauge(gauge("queue_" + name + "_age", "seconds")) {}

  const std::string name;
  const Gauge depth_gauge, age_gauge;
  State* next = nullptr;
  std::atomic<bool> used{true};
  std::atomic<std::size_t> depth{0};
  std::atomic<std::int64_t> oldest_ns{0};  // when the oldest work that waits was pushed; 0: none waits, or unknown

  locks::FutexLock lock;  // guards what follows
  std::deque<std::int64_t> pushed;

  [[nodiscard]] std::int64_t age_ns() const noexcept {
    const std::int64_t oldest = oldest_ns.load(std::memory_order_relaxed);
    return oldest == 0 ? 0 : locks::monotonic_ns() - oldest;
  }
  void publish() const noexcept {
    depth_gauge.set(static_cast<double>(depth.load(std::memory_order_relaxed)));
    age_gauge.set(static_cast<double>(age_ns()) * 1e-9);
  }
  static std::atomic<State*> all;
};

constinit std::atomic<task_queue::State*> task_queue::State::all{nullptr};

task_queue::task_queue(std::string_view name) : state_(nullptr) {
  for (State* state = State::all.load(std::memory_order_acquire); state != nullptr; state = state->next) {
    bool used = false;
    if (state->name == name && state->used.compare_exchange_strong(used, true, std::memory_order_acq_rel)) {
      state_ = state;
      return;
    }
  }
  state_ = new State(name);
  state_->next = State::all.load(std::memory_order_relaxed);
  while (!State::all.compare_exchange_weak(state_->next, state_, std::memory_order_release)) {
  }
}

task_queue::~task_queue() {
  const std::lock_guard hold(state_->lock);
  state_->pushed.clear();
  state_->depth.store(0, std::memory_order_relaxed);
  state_->oldest_ns.store(0, std::memory_order_relaxed);
  state_->publish();
  state_->used.store(false, std::memory_order_release);
}

void task_queue::push(std::size_t count) noexcept {
  const std::int64_t now = locks::monotonic_ns();
  const std::lock_guard hold(state_->lock);
  state_->depth.fetch_add(count, std::memory_order_relaxed);
  try {
    state_->pushed.insert(state_->pushed.end(), count, now);
  } catch (...) {  // out of memory: counted, without an age
  }
  if (!state_->pushed.empty()) state_->oldest_ns.store(state_->pushed.front(), std::memory_order_relaxed);
}

std::chrono::nanoseconds task_queue::pop() noexcept {
  const std::lock_guard hold(state_->lock);
  if (state_->depth.load(std::memory_order_relaxed) == 0) return std::chrono::nanoseconds(0);
  state_->depth.fetch_sub(1, std::memory_order_relaxed);
  if (state_->pushed.empty()) return std::chrono::nanoseconds(0);
  const std::int64_t waited = locks::monotonic_ns() - state_->pushed.front();
  state_->pushed.pop_front();
  state_->oldest_ns.store(state_->pushed.empty() ? 0 : state_->pushed.front(), std::memory_order_relaxed);
  return std::chrono::nanoseconds(waited);
}

std::size_t task_queue::depth() const noexcept { return state_->depth.load(std::memory_order_relaxed); }
std::chrono::nanoseconds task_queue::age() const noexcept { return std::chrono::nanoseconds(state_->age_ns()); }

void task_queue::publish_all() noexcept {
  for (const State* state = State::all.load(std::memory_order_acquire); state != nullptr; state = state->next) state->publish();
}

namespace locks {

void publish_task_queues() noexcept { task_queue::publish_all(); }

}  // namespace locks

}  // namespace tailback
