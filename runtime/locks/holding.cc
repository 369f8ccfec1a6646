#include "runtime/locks/holding.h"

#include <unwind.h>

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

void observe_acquired(ThreadSlot* record, EventLock lock, bool shared, const void* place, bool tried) noexcept {
  const std::uint32_t asked = features.load(std::memory_order_relaxed);
  if ((asked & kFeatureHoldStacks) != 0) record_stack(record, reinterpret_cast<std::uintptr_t>(place));
  if ((asked & kFeatureEvents) != 0) event_acquired(lock, shared, place, tried);
  schedule_after();
}

void note_acquired_slow(lock_identity& identity, const void* lock, bool shared, const void* place, bool tried) noexcept {
  note_acquired(this_thread(), {identity.enter(lock), identity}, shared, place, tried);
}

}  // namespace tailback::locks
