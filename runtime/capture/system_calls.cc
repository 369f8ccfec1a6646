#include "runtime/capture/system_calls.h"

#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace tailback {
namespace {

constexpr int kLockPi2 = 13;  // FUTEX_LOCK_PI2, Linux 5.14: not in every libc's header

bool waits(std::uint64_t operation) noexcept {
  switch (static_cast<int>(operation) & FUTEX_CMD_MASK) {
    case FUTEX_WAIT: case FUTEX_WAIT_BITSET: case FUTEX_LOCK_PI: case kLockPi2: case FUTEX_WAIT_REQUEUE_PI: return true;
    default: return false;
  }
}

}  // namespace

// Measured on Linux 6.18, each call once with a blocked thread and one signal; signal(7) lists most of them. Where it contradicts
// (sem_timedwait), the measurement counts.
bool signal_would_break(const SystemCall& call) noexcept {
  switch (call.number) {
#ifdef SYS_poll
    case SYS_poll: case SYS_select: case SYS_pause: case SYS_epoll_wait:
#endif
    case SYS_ppoll: case SYS_pselect6: case SYS_epoll_pwait: case SYS_nanosleep: case SYS_clock_nanosleep: case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait: case SYS_io_getevents: case SYS_io_pgetevents: case SYS_io_uring_enter: case SYS_msgrcv: case SYS_msgsnd:
    case SYS_semop: case SYS_semtimedop: case SYS_epoll_pwait2: case SYS_restart_syscall:
    // With SO_RCVTIMEO or SO_SNDTIMEO set these fail too, and the socket does not tell.
    case SYS_recvfrom: case SYS_recvmsg: case SYS_recvmmsg: case SYS_accept: case SYS_accept4: case SYS_connect: case SYS_sendto: case SYS_sendmsg:
      return true;
    case SYS_futex: return waits(call.arguments[1]) && call.arguments[3] != 0;
    default: return false;
  }
}

bool is_futex_wait(const SystemCall& call) noexcept {
  return call.reading == CallReading::kInCall && call.number == SYS_futex && waits(call.arguments[1]);
}

bool signal_is_harmless(const SystemCall& call) noexcept {
  if (is_futex_wait(call)) return call.arguments[3] == 0;
  if (call.number != SYS_read && call.number != SYS_write) return false;
  struct stat file {};
  return ::fstat(static_cast<int>(call.arguments[0]), &file) == 0 && S_ISFIFO(file.st_mode);
}

ThreadState state_of(const SystemCall& call) noexcept {
  if (call.reading == CallReading::kRunning) return ThreadState::kRunning;
  if (call.reading != CallReading::kInCall) return ThreadState::kUnknown;
  switch (call.number) {
    case SYS_futex: case SYS_rt_sigtimedwait: case SYS_rt_sigsuspend: case SYS_wait4: case SYS_waitid: case SYS_semop: case SYS_semtimedop: case SYS_flock:
#ifdef SYS_pause
    case SYS_pause:
#endif
      return ThreadState::kBlocked;
    case SYS_nanosleep: case SYS_clock_nanosleep: return ThreadState::kSleeping;
    case SYS_sched_yield: return ThreadState::kRunning;
    default: return ThreadState::kIo;
  }
}

}  // namespace tailback
