#include "runtime/locks/thread_lives.h"

#include <sched.h>

#include <array>
#include <atomic>
#include <mutex>
#include <new>
#include <utility>

#include "runtime/locks/event_log.h"

namespace tailback::locks {

struct ThreadLife {
  pthread_t thread;
  ThreadPoint last{};    // logical 0: it is waited for, and has not entered itself yet
  bool awaited = false;  // whoever joins it gives the entry back
  bool detached = false; // it gives the entry back itself
  bool linked = true;
  ThreadLife* next = nullptr;
};

namespace {

struct Bucket {
  std::atomic_flag busy;
  ThreadLife* first = nullptr;

  void lock() noexcept {
    while (busy.test_and_set(std::memory_order_acquire)) ::sched_yield();
  }
  void unlock() noexcept { busy.clear(std::memory_order_release); }

  ThreadLife* find(pthread_t thread) const noexcept {
    ThreadLife* life = first;
    while (life != nullptr && pthread_equal(life->thread, thread) == 0) life = life->next;
    return life;
  }
  void add(ThreadLife* life) noexcept { life->next = std::exchange(first, life); }
  void unlink(ThreadLife* life) noexcept {
    ThreadLife** at = &first;
    while (*at != life) at = &(*at)->next;
    *at = life->next;
    life->linked = false;
  }
};

constinit std::array<Bucket, 1024> buckets{};
constinit std::atomic<bool> any{false};  // since then also while events are off, so that nothing stale is left behind
constinit thread_local ThreadLife* own_life __attribute__((tls_model("initial-exec"))) = nullptr;

Bucket& bucket_of(pthread_t thread) noexcept {
  // glibc's are addresses of stacks' ends.
  return buckets[static_cast<std::size_t>(static_cast<std::uint64_t>(thread) * 0x9e3779b97f4a7c15u >> 54)];
}

}  // namespace

void life_ended(std::uint64_t clock) noexcept {
  ThreadLife* const life = std::exchange(own_life, nullptr);
  if (life == nullptr) return;
  {
    Bucket& bucket = bucket_of(life->thread);
    const std::lock_guard lock(bucket);
    life->last.clock = clock;
    if (!life->detached || life->awaited) return;
    bucket.unlink(life);
  }
  delete life;
}

// The other threads are gone, perhaps with a bucket in hand.
void lives_after_fork_in_child() noexcept {
  for (Bucket& bucket : buckets) {
    bucket.first = nullptr;
    bucket.unlock();
  }
  own_life = nullptr;
}

}  // namespace tailback::locks

namespace tailback::hooks {

using namespace locks;

spawn_point before_spawn() noexcept {
  if (!events_on()) return {};
  const ThreadPoint here = event_point();
  return {here.logical, here.clock};
}

void spawned(spawn_point by) noexcept {
  if (!events_on()) return;
  any.store(true, std::memory_order_relaxed);
  event_thread_start({by.thread, by.clock});
  const pthread_t self = ::pthread_self();
  auto* fresh = new (std::nothrow) ThreadLife{.thread = self, .last = {event_point().logical, 0}};  // the clock is that of its end
  if (fresh == nullptr || fresh->last.logical == 0) return delete fresh;
  ThreadLife* unwanted = nullptr;
  {
    Bucket& bucket = bucket_of(self);
    const std::lock_guard lock(bucket);
    ThreadLife* known = bucket.find(self);
    if (known != nullptr && known->last.logical == 0) {  // somebody waits for us already
      known->last = fresh->last;
      unwanted = std::exchange(fresh, known);
    } else {
      if (known != nullptr) {  // an earlier thread's
        bucket.unlink(known);
        if (!known->awaited) unwanted = known;
      }
      bucket.add(fresh);
    }
  }
  own_life = fresh;
  delete unwanted;
}

void detaching(pthread_t thread) noexcept {
  if (!any.load(std::memory_order_relaxed) && !events_on()) return;
  auto* unwanted = new (std::nothrow) ThreadLife{.thread = thread, .detached = true};
  if (unwanted == nullptr) return;
  {
    Bucket& bucket = bucket_of(thread);
    const std::lock_guard lock(bucket);
    if (ThreadLife* life = bucket.find(thread); life == nullptr) {
      bucket.add(std::exchange(unwanted, nullptr));  // it has not entered itself yet
    } else if (life->last.clock == 0) {
      life->detached = true;
    } else {
      bucket.unlink(life);
      delete std::exchange(unwanted, life);
    }
  }
  delete unwanted;
}

joining::joining(pthread_t thread) noexcept {
  if (!any.load(std::memory_order_relaxed) && !events_on()) return;
  auto* expected = new (std::nothrow) ThreadLife{.thread = thread, .awaited = true};
  if (expected == nullptr) return;
  {
    Bucket& bucket = bucket_of(thread);
    const std::lock_guard lock(bucket);
    life_ = bucket.find(thread);
    if (life_ == nullptr) {
      bucket.add(life_ = std::exchange(expected, nullptr));
    } else {
      life_->awaited = true;
    }
  }
  delete expected;
}

joining::~joining() {
  if (life_ == nullptr) return;
  Bucket& bucket = bucket_of(life_->thread);
  {
    const std::lock_guard lock(bucket);
    life_->awaited = false;
    if (life_->linked) return;
  }
  delete life_;
}

void joining::joined() noexcept {
  ThreadLife* const life = std::exchange(life_, nullptr);
  if (life == nullptr) return;
  {
    Bucket& bucket = bucket_of(life->thread);
    const std::lock_guard lock(bucket);
    if (life->linked) bucket.unlink(life);
  }
  if (life->last.clock != 0) event_joined(life->last);
  delete life;
}

}  // namespace tailback::hooks
