#include "runtime/schedule/hook.h"

namespace tailback::locks {
namespace {

std::atomic<ScheduleHook*> current_hook{nullptr};

}  // namespace

void set_schedule_hook(ScheduleHook* hook) noexcept {
  if (hook != nullptr) {
    current_hook.store(hook, std::memory_order_release);
    features.fetch_or(kFeatureSchedule, std::memory_order_release);
  } else {
    features.fetch_and(~static_cast<std::uint32_t>(kFeatureSchedule), std::memory_order_release);
    current_hook.store(nullptr, std::memory_order_release);
  }
}

void schedule_before_slow(ScheduledOperation operation, const lock_identity& lock) {
  if (ScheduleHook* hook = current_hook.load(std::memory_order_acquire)) hook->before(operation, lock);
}

void schedule_after_slow() {
  if (ScheduleHook* hook = current_hook.load(std::memory_order_acquire)) hook->after();
}

void schedule_woke_slow() {
  if (ScheduleHook* hook = current_hook.load(std::memory_order_acquire)) hook->woke();
}

void schedule_parked_slow() {
  if (ScheduleHook* hook = current_hook.load(std::memory_order_acquire)) hook->parked();
}

}  // namespace tailback::locks
