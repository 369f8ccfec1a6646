// What the system calls mean for a capture: whether a signal would break one, and what a thread in it is doing.
#pragma once

#include <cstdint>

#include "runtime/capture/task_directory.h"
#include "runtime/incident/model.h"

namespace tailback {

/// Whether a handler, even with SA_RESTART, would make this call fail with EINTR or return early: poll, epoll_wait, nanosleep, …
/// and a futex wait with a time limit (sem_timedwait gives EINTR to its caller).
[[nodiscard]] bool signal_would_break(const SystemCall& call) noexcept;

/// Whether the call is a wait on a futex; its first argument is then the futex' address.
[[nodiscard]] bool is_futex_wait(const SystemCall& call) noexcept;

/// Whether a signal is certainly harmless: the kernel restarts an untimed futex wait, and reading or writing a pipe. (A socket may
/// have a time limit, and then fails.)
[[nodiscard]] bool signal_is_harmless(const SystemCall& call) noexcept;

[[nodiscard]] ThreadState state_of(const SystemCall& call) noexcept;

}  // namespace tailback
