// The Linux kernel: what a task waits in, by the functions between the scheduler and its own code.
//
//     #0  __schedule                          the scheduler's: it says how it sleeps, not for what (io_schedule says: for I/O)
//     #2  schedule_preempt_disabled
//     #3  __mutex_lock                        the lock's: outermost of them is where it waits
//     #4  rtnl_lock                           a wrapper: what it locks, its caller decides
//     #5  register_netdevice                  the first of its own
//     #9  do_syscall_64                       the way in
//
// The lock's address is the word "lock", which the reader puts on the call that asks for it; where lockdep printed none there is none.
#include "analyze/classify/runtime_rules.h"

#include <algorithm>

namespace tailback::analyze {
namespace {

struct WaitRule {
  std::string_view name;  ///< beginning; with '$' at its end: the whole name
  ActivityKind kind;
  LockKind lock = LockKind::kUnknown;
  LockMode mode = LockMode::kExclusive;
};

constexpr std::string_view kScheduler[] = {"__switch_to", "context_switch", "__schedule", "schedule$", "schedule_preempt_disabled", "schedule_timeout", "schedule_hrtimeout",
                                           "schedule_rtlock", "preempt_schedule", "__cond_resched", "io_schedule", "bit_wait", "dump_backtrace", "show_stack",
                                           "do_schedule", "rt_mutex_schedule", "mwait_idle", "native_safe_halt", "default_idle", "cpuidle_enter", "acpi_"};

/// Locks. Those of PREEMPT_RT and of kernels before 4.x beside today's.
constexpr WaitRule kLocks[] = {
    {"__mutex_lock", ActivityKind::kLock, LockKind::kMutex},
    {"mutex_lock", ActivityKind::kLock, LockKind::kMutex},
    {"__ww_mutex_lock", ActivityKind::kLock, LockKind::kMutex},
    {"ww_mutex_lock", ActivityKind::kLock, LockKind::kMutex},
    {"rt_mutex_", ActivityKind::kLock, LockKind::kMutex},
    {"__rt_mutex_", ActivityKind::kLock, LockKind::kMutex},
    {"rtlock_slowlock", ActivityKind::kLock, LockKind::kMutex},
    {"rt_spin_lock", ActivityKind::kLock, LockKind::kMutex},
    {"lock_sock_nested", ActivityKind::kLock, LockKind::kMutex},
    {"__lock_sock", ActivityKind::kLock, LockKind::kMutex},
    {"native_queued_spin_lock_slowpath", ActivityKind::kLock, LockKind::kMutex},
    {"queued_spin_lock_slowpath", ActivityKind::kLock, LockKind::kMutex},
    {"__pv_queued_spin_lock_slowpath", ActivityKind::kLock, LockKind::kMutex},
    {"do_raw_spin_lock", ActivityKind::kLock, LockKind::kMutex},
    {"_raw_spin_lock", ActivityKind::kLock, LockKind::kMutex},
    {"__raw_spin_lock", ActivityKind::kLock, LockKind::kMutex},
    {"rwsem_down_write", ActivityKind::kLock, LockKind::kRwlock},
    {"call_rwsem_down_write_failed", ActivityKind::kLock, LockKind::kRwlock},
    {"__down_write", ActivityKind::kLock, LockKind::kRwlock},
    {"down_write", ActivityKind::kLock, LockKind::kRwlock},
    {"percpu_down_write", ActivityKind::kLock, LockKind::kRwlock},
    {"rwbase_write_lock", ActivityKind::kLock, LockKind::kRwlock},
    {"rt_write_lock", ActivityKind::kLock, LockKind::kRwlock},
    {"queued_write_lock_slowpath", ActivityKind::kLock, LockKind::kRwlock},
    {"_raw_write_lock", ActivityKind::kLock, LockKind::kRwlock},
    {"rwsem_down_read", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"call_rwsem_down_read_failed", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"__down_read", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"down_read", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"percpu_down_read", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"__percpu_down_read", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"rwbase_read_lock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"__rwbase_read_lock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"rt_read_lock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"queued_read_lock_slowpath", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"_raw_read_lock", ActivityKind::kLock, LockKind::kRwlock, LockMode::kShared},
    {"down$", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"down_interruptible$", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"down_killable$", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"down_timeout$", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"__down$", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"__down_common", ActivityKind::kSemaphore, LockKind::kSemaphore},
    {"___down_common", ActivityKind::kSemaphore, LockKind::kSemaphore}};

/// Between a lock and the code that wants it. percpu_rwsem_wait serves both modes: the next one out tells.
constexpr std::string_view kLockWrappers[] = {
    "percpu_rwsem_wait", "__percpu_rwsem", "rtnl_lock", "inode_lock", "mmap_read_lock", "mmap_write_lock", "device_lock", "__device_lock", "genl_lock", "cpus_read_lock",
    "cpus_write_lock", "console_lock", "super_lock", "__super_lock", "sb_start_write", "__sb_start_write", "mnt_want_write", "lock_mount", "cgroup_lock", "rwsem_", "spin_lock",
    "lock_rename", "filemap_invalidate_lock", "i_mmap_lock_", "lock_sock", "down_read", "down_write", "__lock_text_start"};

/// Other waits, by their functions within the first frames behind the scheduler's.
constexpr WaitRule kWaits[] = {
    {"wait_for_completion", ActivityKind::kCondition}, {"__wait_for_common", ActivityKind::kCondition}, {"__wait_for_completion", ActivityKind::kCondition},
    {"wait_for_common", ActivityKind::kCondition}, {"do_wait_for_common", ActivityKind::kCondition}, {"do_wait_intr", ActivityKind::kCondition},
    {"flush_work", ActivityKind::kWaitGroup}, {"__flush_work", ActivityKind::kWaitGroup}, {"__cancel_work", ActivityKind::kWaitGroup},
    {"drain_workqueue", ActivityKind::kWaitGroup}, {"synchronize_", ActivityKind::kWaitGroup}, {"__synchronize_", ActivityKind::kWaitGroup},
    {"__wait_rcu_gp", ActivityKind::kWaitGroup}, {"rcu_barrier", ActivityKind::kWaitGroup}, {"kthread_stop", ActivityKind::kWaitGroup},
    {"blk_mq_freeze_queue_wait", ActivityKind::kWaitGroup}, {"dma_fence_", ActivityKind::kFuture}, {"dma_resv_wait", ActivityKind::kFuture},
    {"folio_wait_", ActivityKind::kIo}, {"wait_on_page", ActivityKind::kIo}, {"__lock_page", ActivityKind::kIo}, {"__folio_lock", ActivityKind::kIo},
    {"wait_on_buffer", ActivityKind::kIo}, {"__wait_on_buffer", ActivityKind::kIo}, {"submit_bio_wait", ActivityKind::kIo}, {"blk_mq_get_tag", ActivityKind::kIo},
    {"blk_execute_rq", ActivityKind::kIo}, {"jbd2_log_wait_commit", ActivityKind::kIo}, {"wait_for_common_io", ActivityKind::kIo},
    {"nfs_wait_", ActivityKind::kIo}, {"rpc_wait_", ActivityKind::kIo}, {"request_wait_answer", ActivityKind::kIo}, {"congestion_wait", ActivityKind::kIo},
    {"ep_poll", ActivityKind::kIo}, {"do_epoll_wait", ActivityKind::kIo}, {"do_poll", ActivityKind::kIo}, {"do_sys_poll", ActivityKind::kIo},
    {"poll_schedule_timeout", ActivityKind::kIo}, {"do_select", ActivityKind::kIo}, {"pipe_read", ActivityKind::kIo}, {"pipe_write", ActivityKind::kIo},
    {"pipe_wait", ActivityKind::kIo}, {"anon_pipe_", ActivityKind::kIo}, {"n_tty_read", ActivityKind::kIo}, {"unix_stream_", ActivityKind::kIo}, {"sk_wait_data", ActivityKind::kIo},
    {"sk_stream_wait", ActivityKind::kIo}, {"__skb_wait_for_more_packets", ActivityKind::kIo}, {"inet_csk_accept", ActivityKind::kIo},
    {"io_cqring_wait", ActivityKind::kIo}, {"read_events", ActivityKind::kIo}, {"do_wait$", ActivityKind::kIo}, {"kernel_wait4", ActivityKind::kIo},
    {"hrtimer_nanosleep", ActivityKind::kSleep}, {"do_nanosleep", ActivityKind::kSleep}, {"msleep", ActivityKind::kSleep}, {"usleep_range", ActivityKind::kSleep},
    {"futex_wait", ActivityKind::kSystemCall}, {"__futex_wait", ActivityKind::kSystemCall}, {"futex_lock_pi", ActivityKind::kSystemCall},
    {"do_sigtimedwait", ActivityKind::kIdle}, {"sigsuspend", ActivityKind::kIdle}, {"__do_sys_pause", ActivityKind::kIdle}, {"sys_pause", ActivityKind::kIdle},
    {"do_signal_stop", ActivityKind::kIdle}, {"ptrace_stop", ActivityKind::kIdle}, {"__refrigerator", ActivityKind::kIdle}};

/// The way in from user space, and the loops that work is called from.
constexpr std::string_view kEntry[] = {"entry_", "do_syscall_", "system_call", "tracesys", "sysenter_", "int80_", "el0", "invoke_syscall", "do_el0", "ret_from_fork", "ret_from_kernel_thread",
                                       "kthread$", "worker_thread", "process_one_work", "process_scheduled_works", "asm_", "exc_", "x64_sys_call", "ret_fast_syscall", "kernel_init$", "start_kernel"};

bool matches(std::string_view name, std::string_view rule) {
  if (rule.ends_with('$')) return name == rule.substr(0, rule.size() - 1);
  return name.starts_with(rule);
}

template <class Table>
bool any_of(std::string_view name, const Table& rules) {
  return std::any_of(std::begin(rules), std::end(rules), [&](std::string_view rule) { return matches(name, rule); });
}

template <class Table>
const WaitRule* find(std::string_view name, const Table& rules) {
  const auto found = std::find_if(std::begin(rules), std::end(rules), [&](const WaitRule& rule) { return matches(name, rule.name); });
  return found == std::end(rules) ? nullptr : &*found;
}

bool library(std::string_view function, std::string_view, std::string_view) {
  return function.empty() || any_of(function, kScheduler) || find(function, kLocks) != nullptr || any_of(function, kLockWrappers) || any_of(function, kEntry);
}

/// The lock whose functions begin at `at`, out to the last of them.
WaitSite lock_site(const ThreadView& task, std::size_t at) {
  WaitSite site;
  for (; at < task.size(); ++at) {
    const WaitRule* rule = find(task.function(at), kLocks);
    if (rule == nullptr && !any_of(task.function(at), kLockWrappers)) break;
    site.activity.wait_frame = static_cast<std::uint16_t>(at);
    if (rule == nullptr || site.lock != LockKind::kUnknown) continue;
    site.activity.kind = rule->kind;
    site.lock = rule->lock;
    site.mode = rule->mode;
  }
  return site;
}

WaitSite other_site(const ThreadView& task, const ThreadRecord& record, std::size_t at, bool io) {
  constexpr std::size_t kFarthest = 6;
  WaitSite site;
  site.activity.wait_frame = static_cast<std::uint16_t>(at == 0 ? 0 : at - 1);
  if (record.state == ThreadState::kRunning && at == 0) return site.activity.kind = ActivityKind::kRunning, site;
  for (std::size_t i = at; i < task.size() && i < at + kFarthest; ++i) {
    const WaitRule* rule = find(task.function(i), kWaits);
    if (rule == nullptr) continue;
    site.activity.wait_frame = static_cast<std::uint16_t>(i);
    // A completion within a flush is the flush.
    if (site.activity.kind == ActivityKind::kUnknown || site.activity.kind == ActivityKind::kCondition) site.activity.kind = rule->kind;
  }
  if (site.activity.kind == ActivityKind::kUnknown || (io && site.activity.kind == ActivityKind::kCondition)) {
    site.activity.kind = io                                           ? ActivityKind::kIo
                         : record.state == ThreadState::kIdle         ? ActivityKind::kIdle
                         : record.state == ThreadState::kRunning      ? ActivityKind::kRunning
                         : task.size() == 0                           ? ActivityKind::kUnknown
                                                                      : ActivityKind::kSystemCall;
  }
  return site;
}

WaitSite read(const ThreadView& task, const ThreadRecord& record, std::string_view) {
  std::size_t at = 0;
  bool io = false;
  for (; at < task.size() && any_of(task.function(at), kScheduler); ++at) io = io || task.function(at).starts_with("io_schedule") || task.function(at).starts_with("bit_wait_io");
  WaitSite site = lock_site(task, at);
  return site.lock != LockKind::kUnknown ? site : other_site(task, record, at, io);
}

std::uint64_t lock_address(const ThreadView& task, const WaitSite& site) {
  for (const Argument& word : task.arguments()) {
    if (word.frame <= site.activity.wait_frame && task.argument(word.frame, "lock") == &word) return word.value;
  }
  return 0;
}

Receiver receiver(const ThreadView&, std::size_t) { return {}; }

}  // namespace

const RuntimeRules kKernelRules{Runtime::kKernel, read, lock_address, nullptr, receiver, library};

}  // namespace tailback::analyze
