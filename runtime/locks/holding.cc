#include "runtime/locks/holding.h"

#include <unwind.h>

#include "runtime/locks/event_log.h"
#include "runtime/locks/pages.h"
#include "runtime/locks/registry.h"
#include "runtime/schedule/hook.h"

namespace tailback::locks {
namespace {

struct Unwinding {
  HoldStack* stack;
  std::uint64_t place;
  std::uint32_t depth = 0;
  bool reached = false;
};

// Frames inside of the place belong to the lock and say nothing.
_Unwind_Reason_Code take_frame(_Unwind_Context* context, void* argument) {
  auto& unwinding = *static_cast<Unwinding*>(argument);
  const std::uint64_t address = _Unwind_GetIP(context);
  if (address == unwinding.place) unwinding.reached = true;
  if (!unwinding.reached) return _URC_NO_REASON;
  if (unwinding.depth == kHoldStackDepth || address == 0) return _URC_END_OF_STACK;
  unwinding.stack->frames[unwinding.depth++].store(address, std::memory_order_release);
  return _URC_NO_REASON;
}

void record_stack(ThreadSlot* record, std::uint64_t place) noexcept {
  HoldStack* stacks = record->hold_stacks.load(std::memory_order_relaxed);
  if (stacks == nullptr) {
    stacks = static_cast<HoldStack*>(map_pages(sizeof(HoldStack) * kMaxHolds));
    if (stacks == nullptr) return;
    record->hold_stacks.store(stacks, std::memory_order_release);
  }
  const std::uint32_t top = record->top.load(std::memory_order_relaxed);
  if (top == 0) return;
  Unwinding unwinding{&stacks[top - 1], place};
  _Unwind_Backtrace(&take_frame, &unwinding);
  for (std::uint32_t i = unwinding.depth; i < kHoldStackDepth; ++i) unwinding.stack->frames[i].store(0, std::memory_order_release);
}

}  // namespace

void set_hold_stacks(bool on) noexcept {
  if (on) {
    features.fetch_or(kFeatureHoldStacks, std::memory_order_relaxed);
  } else {
    features.fetch_and(~std::uint32_t{kFeatureHoldStacks}, std::memory_order_relaxed);
  }
}

void observe_acquired(ThreadSlot* record, std::uint64_t key, const void* place, bool tried) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(place);
  if ((features.load(std::memory_order_relaxed) & kFeatureHoldStacks) != 0) record_stack(record, address);
  event_acquired(record, key, address, tried);
  schedule_after();
}

void observe_released(ThreadSlot* record, std::uint64_t key, const void* place) noexcept {
  event_released(record, key, reinterpret_cast<std::uintptr_t>(place));
}

}  // namespace tailback::locks
