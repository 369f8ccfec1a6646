// The code that runs in signal handlers: nothing else of the capture does. Why each call is allowed:
//
//   compare_exchange, load, store    lock-free atomics of 8 and 4 bytes
//   syscall(SYS_getpid/gettid/futex) a system call each; errno is kept by the caller
//   sigsetjmp, siglongjmp            POSIX allows both in handlers; the jump only leaves the unwinder, which holds no lock (below)
//   boost::stacktrace::safe_dump_to  calls _Unwind_Backtrace, nothing else. libgcc's (gcc ≥ 12 on glibc ≥ 2.35) finds its tables by
//                                    _dl_find_object, which takes no lock; create() has checked that it is libgcc's, and has run it
//                                    once so that nothing is bound or initialised for the first time here
//   sigaction                        on POSIX' list of async-signal-safe functions
#include "runtime/capture/signal_slots.h"

#include <boost/stacktrace/safe_dump_to.hpp>
#include <cerrno>
#include <climits>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/capture/arch.h"

namespace tailback {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

SignalShared signal_shared;
struct sigaction previous_segv, previous_bus;

namespace {

/// What safe_dump_to and the kernel's own frame took at most, with wide vector registers (measured 8.5 KB on the first call).
constexpr std::uint64_t kStackNeeded = 12 * 1024;

/// A signal stack is often only SIGSTKSZ (8 KB): overrunning it would write into whatever lies below.
bool enough_stack(const ucontext_t& context) noexcept {
  const stack_t& stack = context.uc_stack;
  const auto low = reinterpret_cast<std::uint64_t>(stack.ss_sp);
  const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  if ((stack.ss_flags & SS_DISABLE) != 0 || here < low || here >= low + stack.ss_size) return true;
  return here - low >= kStackNeeded;
}

void answer(SignalSlot& slot, const ucontext_t& context) noexcept {
  slot.pc = arch::program_counter(context);
  slot.stack_pointer = arch::stack_pointer(context);
  slot.callee_saved = arch::callee_saved(context);
  slot.frame_count = 0;
  slot.outcome = SlotOutcome::kStack;
  if (slot.request == SlotRequest::kRegisters) return;
  if (!enough_stack(context)) {
    slot.outcome = SlotOutcome::kSmallStack;
  } else if (sigsetjmp(slot.recovery, 1) == 0) {
    slot.frame_count = own_stack(slot.frames.data(), slot.frames.size());
  } else {
    slot.frame_count = 0;
    slot.outcome = SlotOutcome::kFault;
  }
}

}  // namespace

std::size_t own_stack(const void** frames, std::size_t count) noexcept {
  return boost::stacktrace::safe_dump_to(frames, count * sizeof *frames);
}

extern "C" void tailback_capture_handler(int, siginfo_t* info, void* raw_context) {
  const int kept_errno = errno;
  // Only this process' own rt_tgsigqueueinfo() carries a token; anything else that sends the signal is ignored.
  if (info->si_code == SI_QUEUE && info->si_pid == static_cast<pid_t>(::syscall(SYS_getpid))) {
    const auto token = reinterpret_cast<std::uint64_t>(info->si_value.sival_ptr);
    SignalSlot& slot = signal_shared.slots[token % kSignalSlots];
    const std::uint64_t generation = token >> 6;
    std::uint64_t expected = SignalSlot::pack(generation, SlotState::kQueued);
    if (slot.word.compare_exchange_strong(expected, SignalSlot::pack(generation, SlotState::kRunning), std::memory_order_acq_rel)) {
      answer(slot, *static_cast<const ucontext_t*>(raw_context));
      slot.word.store(SignalSlot::pack(generation, SlotState::kDone), std::memory_order_release);
      signal_shared.answers.fetch_add(1, std::memory_order_release);
      ::syscall(SYS_futex, &signal_shared.answers, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
    } else {
      signal_shared.late.fetch_add(1, std::memory_order_relaxed);
    }
  }
  errno = kept_errno;
}

extern "C" void tailback_fault_handler(int signal, siginfo_t* info, void* context) {
  const auto tid = static_cast<pid_t>(::syscall(SYS_gettid));
  for (SignalSlot& slot : signal_shared.slots) {
    const bool unwinding = SignalSlot::state_of(slot.word.load(std::memory_order_acquire)) == SlotState::kRunning;
    if (unwinding && slot.tid.load(std::memory_order_relaxed) == tid) siglongjmp(slot.recovery, 1);
  }
  // Not ours: whoever was installed before gets it, and by default the process dies of it when the instruction runs again.
  const struct sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
  if ((previous.sa_flags & SA_SIGINFO) != 0) previous.sa_sigaction(signal, info, context);
  else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) previous.sa_handler(signal);
  else ::sigaction(signal, &previous, nullptr);
}

}  // namespace tailback
