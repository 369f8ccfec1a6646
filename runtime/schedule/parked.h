// Proof by the kernel that a thread is parked in a lock that is not instrumented.
#pragma once

#include <sys/types.h>

namespace tailback::locks {

/// True when the thread stands in futex(2), by /proc/self/task/TID/syscall. False as well where that file is closed to us.
[[nodiscard]] bool stands_in_futex(pid_t tid) noexcept;

/// Whether the kernel tells at all: asked of the calling thread, which runs.
[[nodiscard]] bool kernel_tells_system_calls() noexcept;

}  // namespace tailback::locks
