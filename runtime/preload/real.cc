#include "runtime/preload/real.h"

#include <atomic>

#include <dlfcn.h>

namespace tailback::preload {
namespace {

constinit Real functions{};
constinit std::atomic<bool> found{false};
constinit thread_local bool looking __attribute__((tls_model("initial-exec"))) = false;

template <class Function>
void look_up(Function& function, const char* name, const char* version = nullptr) {
  // Condition variables have an older version, of another layout, which a plain dlsym might return.
  void* address = version != nullptr ? ::dlvsym(RTLD_NEXT, name, version) : nullptr;
  if (address == nullptr) address = ::dlsym(RTLD_NEXT, name);
  function = reinterpret_cast<Function>(address);
}

#if defined(__x86_64__)
constexpr const char* kConditionVersion = "GLIBC_2.3.2";
#else
constexpr const char* kConditionVersion = nullptr;
#endif

// Two threads may do this at once: they store the same.
void look_up_all() {
  Real r{};
  look_up(r.mutex_lock, "pthread_mutex_lock");
  look_up(r.mutex_trylock, "pthread_mutex_trylock");
  look_up(r.mutex_timedlock, "pthread_mutex_timedlock");
  look_up(r.mutex_clocklock, "pthread_mutex_clocklock");
  look_up(r.mutex_unlock, "pthread_mutex_unlock");
  look_up(r.mutex_destroy, "pthread_mutex_destroy");
  look_up(r.rwlock_rdlock, "pthread_rwlock_rdlock");
  look_up(r.rwlock_tryrdlock, "pthread_rwlock_tryrdlock");
  look_up(r.rwlock_timedrdlock, "pthread_rwlock_timedrdlock");
  look_up(r.rwlock_clockrdlock, "pthread_rwlock_clockrdlock");
  look_up(r.rwlock_wrlock, "pthread_rwlock_wrlock");
  look_up(r.rwlock_trywrlock, "pthread_rwlock_trywrlock");
  look_up(r.rwlock_timedwrlock, "pthread_rwlock_timedwrlock");
  look_up(r.rwlock_clockwrlock, "pthread_rwlock_clockwrlock");
  look_up(r.rwlock_unlock, "pthread_rwlock_unlock");
  look_up(r.rwlock_destroy, "pthread_rwlock_destroy");
  look_up(r.cond_wait, "pthread_cond_wait", kConditionVersion);
  look_up(r.cond_timedwait, "pthread_cond_timedwait", kConditionVersion);
  look_up(r.cond_clockwait, "pthread_cond_clockwait");
  look_up(r.cond_signal, "pthread_cond_signal", kConditionVersion);
  look_up(r.cond_broadcast, "pthread_cond_broadcast", kConditionVersion);
  look_up(r.cond_destroy, "pthread_cond_destroy", kConditionVersion);
  look_up(r.create, "pthread_create");
  look_up(r.detach, "pthread_detach");
  look_up(r.join, "pthread_join");
  look_up(r.tryjoin, "pthread_tryjoin_np");
  look_up(r.timedjoin, "pthread_timedjoin_np");
  look_up(r.clockjoin, "pthread_clockjoin_np");
  static constinit std::atomic_flag storing;
  while (storing.test_and_set(std::memory_order_acquire)) {
  }
  if (!found.load(std::memory_order_relaxed)) functions = r;
  found.store(true, std::memory_order_release);
  storing.clear(std::memory_order_release);
}

}  // namespace

const Real* real() noexcept {
  if (found.load(std::memory_order_acquire)) [[likely]] return &functions;
  if (looking) return nullptr;
  looking = true;
  look_up_all();
  looking = false;
  return &functions;
}

}  // namespace tailback::preload
