// Single lines of the kernel's reports on tasks and locks. Pure: text in, parts out.
//
// Sources: kernel/hung_task.c, sched_show_task() in kernel/sched/core.c, print_lock() and lockdep_print_held_locks() in
// kernel/locking/lockdep.c, dump_stack_print_info() in lib/dump_stack.c, of 2.6.24 to 6.19; scripts/decode_stacktrace.sh.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/incident/model.h"

namespace tailback::replay {

struct KernelTask {
  std::string_view name;
  std::string_view pid;
  char state = 0;               ///< 'D', 'S', …; 0: not told
};

///     task:kworker/u4:3    state:D stack:14632 pid:46    tgid:46    ppid:2      task_flags:0x4208060 flags:0x00004000     6.15
///     dmsetup         D    0  3088   3087 0x00004000                                                                     4.14
///     sq_acceptor     D ffffffff00000000     0 19971      1 0x00000080                                                   3.10
///     fio             R  running task        0  3088   3087 0x00004000
[[nodiscard]] std::optional<KernelTask> parse_task_line(std::string_view text);

///     CPU: 7 UID: 0 PID: 711 Comm: kswapd0 Not tainted 6.12.0 #2      CPU: 7 PID: 711 Comm: kswapd0 Tainted: G W 5.2.11 #2
[[nodiscard]] std::optional<KernelTask> parse_cpu_line(std::string_view text);

///     INFO: task kworker/u4:3:46 blocked for more than 143 seconds.          ("INFO: " may be gone: a logger's level to prefix.h)
///     INFO: task cp:1 <writer> blocked on an rw-semaphore … is a Blocker
///     watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:1:26]
struct KernelStuck {
  KernelTask task;
  std::int64_t seconds = 0;
  bool running = false;         ///< a soft lockup: it spins
};
[[nodiscard]] std::optional<KernelStuck> parse_stuck_line(std::string_view text);

///     INFO: task cat:115 is blocked on a mutex likely owned by task cat:114.
///     INFO: task cat:115 blocked on a semaphore likely last held by task cat:114
///     INFO: task cat:115 <writer> blocked on an rw-semaphore likely owned by task cat:114 <reader>
struct KernelBlocker {
  KernelTask waiter, owner;
  LockKind kind = LockKind::kMutex;
  LockMode wait_mode = LockMode::kExclusive, hold_mode = LockMode::kExclusive;
};
[[nodiscard]] std::optional<KernelBlocker> parse_blocker_line(std::string_view text);

///     2 locks held by syz-executor.0/29056:        no locks held by bash/711.
[[nodiscard]] std::optional<KernelTask> parse_holder_line(std::string_view text);

///      #1: ffff88810a98e3f8 (&type->i_mutex_dir_key#12){++++}-{3:3}, at: fscrypt_ioctl_set_policy+0x11f/0x2a0
///      #0:  (rtnl_mutex){+.+.+.}, at: [<ffffffff816aa3bb>] rtnl_lock+0x15/0x20                                            before 4.15
/// The same without "#1: " behind "is trying to acquire lock:".
struct KernelLock {
  int index = -1;               ///< -1: without a number
  std::uint64_t address = 0;    ///< 0: old kernels print none
  std::string_view name;        ///< the class: "&type->i_mutex_dir_key#12"
  std::string_view usage;       ///< "++++", see kernel_locks.h
  std::string_view site;        ///< where it was asked for; empty: the line ends before it
};
[[nodiscard]] std::optional<KernelLock> parse_lock_line(std::string_view text);

///      __dm_destroy+0x10b/0x1e0 [dm_mod]                       ? finish_wait+0x80/0x80
///      [<ffffffff816a9589>] schedule+0x29/0x70                 context_switch kernel/sched/core.c:5408 [inline]
///      schedule+0x14b/0x320 kernel/sched/core.c:6837           __schedule (kernel/sched/core.c:5357 kernel/sched/core.c:6961)
///     [<819be41c>] (__schedule) from [<819bf7d8>] (schedule+0x40/0xa8)      Arm, and from 5.19 on
///      __schedule from schedule+0x40/0xa8                                   the same; the caller's own line follows, but for the last
struct KernelFrame {
  std::string_view function;    ///< without marks of clones
  std::string_view site;        ///< place in it: equal for two lines that stand for the same return address
  std::string_view file, module;
  std::string_view caller;      ///< Arm: "schedule"
  std::uint32_t line = 0;
  bool inlined = false;
  bool unreliable = false;      ///< '?': found on the stack, perhaps left from an earlier call
};
[[nodiscard]] std::optional<KernelFrame> parse_kernel_frame(std::string_view text);

}  // namespace tailback::replay
