// Where a signal handler puts the stack of the thread it runs on.
//
// Static: the slots outlive every Capturer, so a handler that runs late finds valid memory. A request is a slot and a generation; the
// token in the signal carries both. The handler runs for it only by moving the slot from kQueued to kRunning *of that generation*, and the
// collector takes an unanswered request back by moving kQueued to kFree: one of them wins, and a late handler finds a generation that is
// over and returns without a trace.
//
//   kFree → kQueued (collector) → kRunning (handler) → kDone (handler) → kFree (collector)
//                     └→ kFree (collector: took too long)
#pragma once

#include <array>
#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <sys/types.h>

namespace tailback {

enum class SlotState : std::uint64_t { kFree = 0, kQueued = 1, kRunning = 2, kDone = 3 };
enum class SlotOutcome : std::uint32_t { kStack, kFault, kSmallStack };
/// What the request is for: a stack, or only the registers that a callee must keep (for the guard scan).
enum class SlotRequest : std::uint32_t { kStack, kRegisters };

struct SignalSlot {
  static constexpr std::size_t kFrames = 512;

  std::atomic<std::uint64_t> word{0};   ///< generation << 2 | state
  std::atomic<pid_t> tid{0};            ///< whom it was sent to
  SlotRequest request = SlotRequest::kStack;
  // Written by the handler, read after kDone:
  SlotOutcome outcome = SlotOutcome::kStack;
  std::uint64_t pc = 0, stack_pointer = 0;
  std::array<std::uint64_t, 6> callee_saved{};  ///< in the order of arch::kCalleeSaved
  std::size_t frame_count = 0;
  std::array<const void*, kFrames> frames{};    ///< from inside the handler outwards
  sigjmp_buf recovery;                          ///< where a fault in the unwinder goes back to

  static constexpr std::uint64_t pack(std::uint64_t generation, SlotState state) { return generation << 2 | static_cast<std::uint64_t>(state); }
  static constexpr SlotState state_of(std::uint64_t word) { return static_cast<SlotState>(word & 3); }
};

/// As many as are in flight: more made nothing faster and the slowest answer much slower (measured: 64, 512, 4096).
inline constexpr std::size_t kSignalSlots = 64;

struct SignalShared {
  std::array<SignalSlot, kSignalSlots> slots;
  std::atomic<std::uint32_t> answers{0};      ///< goes up with every answer; the collector sleeps on it
  std::atomic<std::uint32_t> late{0};         ///< handlers that found their request over
};
extern SignalShared signal_shared;

/// The token of a request, carried in the signal's value.
constexpr std::uint64_t make_token(std::size_t slot, std::uint64_t generation) { return generation << 6 | slot; }

/// The handlers (capture_signal_safe.cc).
extern "C" void tailback_capture_handler(int signal, siginfo_t* info, void* context);
extern "C" void tailback_fault_handler(int signal, siginfo_t* info, void* context);
/// What was installed for SIGSEGV and SIGBUS before, for faults that are not ours.
extern struct sigaction previous_segv, previous_bus;

/// The stack of the calling thread, by the same unwinder.
std::size_t own_stack(const void** frames, std::size_t count) noexcept;

}  // namespace tailback
