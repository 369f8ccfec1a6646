#include "analyze/classify/idle_stacks.h"

#include <algorithm>

#include "runtime/capture/lock_api.h"

namespace tailback::analyze {
namespace {

enum class In : std::uint8_t {
  kState,   ///< as the source prints it
  kFrame,   ///< a function's name; native without leading underscores and "GI_"
  kThread,  ///< the thread's name
};

struct IdleStack {
  Runtime runtime;
  In in;
  std::string_view pattern;  ///< the whole text, or its beginning where "*" ends it
  std::string_view what;     ///< what such a thread is
};

constexpr IdleStack kRegistry[] = {
    // Go's runtime keeps goroutines of its own. Source: waitReasonStrings in src/runtime/runtime2.go.
    {Runtime::kGo, In::kState, "force gc*", "collector"},
    {Runtime::kGo, In::kState, "GC worker*", "collector"},
    {Runtime::kGo, In::kState, "GC sweep wait*", "collector"},
    {Runtime::kGo, In::kState, "GC scavenge wait*", "collector"},
    {Runtime::kGo, In::kState, "GC assist*", "collector"},
    {Runtime::kGo, In::kState, "finalizer wait*", "finalizers"},
    {Runtime::kGo, In::kState, "cleanup wait*", "finalizers"},
    {Runtime::kGo, In::kState, "timer goroutine*", "timers"},
    {Runtime::kGo, In::kState, "trace reader*", "tracer"},
    {Runtime::kGo, In::kState, "idle*", "no goroutine of the program's"},
    {Runtime::kGo, In::kState, "dead*", "no goroutine of the program's"},
    {Runtime::kGo, In::kFrame, "os/signal.signal_recv", "waits for signals"},

    {Runtime::kJava, In::kFrame, "java.util.concurrent.ThreadPoolExecutor.getTask", "worker without work"},
    {Runtime::kJava, In::kFrame, "java.util.concurrent.ForkJoinPool.awaitWork", "worker without work"},
    {Runtime::kJava, In::kFrame, "java.util.concurrent.ForkJoinPool.runWorker", "worker without work"},
    {Runtime::kJava, In::kFrame, "java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue*", "timer"},
    {Runtime::kJava, In::kFrame, "java.util.concurrent.DelayQueue.*", "timer"},
    {Runtime::kJava, In::kFrame, "java.util.TimerThread.mainLoop", "timer"},
    {Runtime::kJava, In::kFrame, "java.lang.ref.ReferenceQueue.remove*", "reference handler"},
    {Runtime::kJava, In::kFrame, "java.lang.ref.Reference.waitForReferencePendingList", "reference handler"},
    {Runtime::kJava, In::kFrame, "java.lang.ref.Reference$ReferenceHandler.run", "reference handler"},
    {Runtime::kJava, In::kFrame, "java.lang.ref.Finalizer$FinalizerThread.run", "finalizers"},
    {Runtime::kJava, In::kFrame, "jdk.internal.ref.CleanerImpl.run", "finalizers"},
    {Runtime::kJava, In::kFrame, "sun.misc.GC$Daemon.run", "collector"},
    {Runtime::kJava, In::kFrame, "jdk.internal.misc.Signal*", "waits for signals"},
    {Runtime::kJava, In::kFrame, "sun.awt.*", "event loop"},
    {Runtime::kJava, In::kFrame, "java.awt.EventQueue.getNextEvent", "event loop"},

    {Runtime::kPython, In::kFrame, "_worker", "concurrent.futures' worker without work"},

    {Runtime::kNative, In::kFrame, "pause", "waits for signals"},
    {Runtime::kNative, In::kFrame, "libc_pause", "waits for signals"},
    {Runtime::kNative, In::kFrame, "sigwait", "waits for signals"},
    {Runtime::kNative, In::kFrame, "do_sigwait", "waits for signals"},
    {Runtime::kNative, In::kFrame, "sigwaitinfo", "waits for signals"},
    {Runtime::kNative, In::kFrame, "sigtimedwait", "waits for signals"},
    {Runtime::kNative, In::kFrame, "sigsuspend", "waits for signals"},
    {Runtime::kNative, In::kFrame, "boost::asio::detail::scheduler::do_run_one", "worker without work"},
    {Runtime::kNative, In::kFrame, "boost::asio::detail::epoll_reactor::run", "event loop"},
    {Runtime::kNative, In::kFrame, "boost::asio::detail::posix_thread::func<boost::asio::thread_pool*", "worker without work"},
    {Runtime::kNative, In::kFrame, "uv__io_poll", "event loop of libuv"},
    {Runtime::kNative, In::kFrame, "epoll_dispatch", "event loop of libevent"},
    {Runtime::kNative, In::kFrame, "epoll_poll", "event loop of libev"},
    {Runtime::kNative, In::kFrame, "g_main_context_poll*", "event loop of glib"},
    {Runtime::kNative, In::kFrame, "g_main_context_iterate*", "event loop of glib"},
    {Runtime::kNative, In::kFrame, "g_thread_pool_wait_for_new_task", "worker of glib without work"},
    {Runtime::kNative, In::kFrame, "ngx_process_events_and_timers", "event loop of nginx"},
    {Runtime::kNative, In::kFrame, "aeApiPoll", "event loop of redis"},
    {Runtime::kNative, In::kFrame, "rocksdb::ThreadPoolImpl::Impl::BGThread", "worker of rocksdb without work"},
    {Runtime::kNative, In::kFrame, "gomp_barrier_wait*", "worker of OpenMP without work"},
    {Runtime::kNative, In::kFrame, "ZwWaitForWorkViaWorkerFactory", "worker of Windows without work"},
    {Runtime::kNative, In::kFrame, "NtWaitForWorkViaWorkerFactory", "worker of Windows without work"},
    {Runtime::kNative, In::kFrame, "DbgUiRemoteBreakin", "the debugger's own"},
    // Of the kernel's own threads, the loop that they wait in.
    {Runtime::kKernel, In::kFrame, "worker_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "rescuer_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "smpboot_thread_fn*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "kthreadd*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "kthread_worker_fn*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "kswapd*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "rcu_gp_kthread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "rcu_gp_fqs_loop*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "rcu_nocb_*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "rcu_tasks_*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "kcompactd*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "khugepaged*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "kjournald2*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "oom_reaper*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "watchdog*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "irq_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "kauditd_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "ksm_scan_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "io_wq_worker*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "io_sq_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "md_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "scsi_error_handler*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "do_idle*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "cpu_startup_entry*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "cpu_idle*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "devtmpfs*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "transaction_kthread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "cleaner_kthread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "loop_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "kthread", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "xfsaild*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "hub_thread*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "svc_recv*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "nfsd", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "lockd", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "drm_sched_main*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "ring_buffer_wait*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "syslog_print*", "kernel thread without work"},
    {Runtime::kKernel, In::kFrame, "do_syslog*", "kernel thread without work"},

    {Runtime::kNative, In::kThread, "tailback", "the recorder's own"},
    {Runtime::kNative, In::kThread, "tailback-*", "the recorder's own"},
};

bool fits(std::string_view text, std::string_view pattern) {
  if (!pattern.ends_with('*')) return text == pattern;
  pattern.remove_suffix(1);
  return text.starts_with(pattern);
}

bool registered(Runtime runtime, In in, std::string_view text) {
  if (text.empty()) return false;
  return std::any_of(std::begin(kRegistry), std::end(kRegistry),
                     [&](const IdleStack& entry) { return entry.runtime == runtime && entry.in == in && fits(text, entry.pattern); });
}

}  // namespace

bool is_idle(const RuntimeRules& rules, const StackTable& table, const ThreadView& thread, ActivityKind kind, std::string_view state) {
  const Runtime runtime = rules.runtime;
  if (registered(runtime, In::kState, state) || registered(runtime, In::kThread, thread.name())) return true;
  // A worker that wants a lock is not idle, nor is one that runs. Java says runnable of what waits in a system call, and parks what waits for work.
  if (runtime == Runtime::kJava ? state.starts_with("BLOCKED") : kind == ActivityKind::kLock || kind == ActivityKind::kRunning) return false;
  for (std::size_t i = 0; i < thread.size(); ++i) {
    const std::string_view function = thread.function(i);
    if (registered(runtime, In::kFrame, runtime == Runtime::kNative ? bare_name(function) : function)) return true;
    const Frame& frame = thread.frame(i);
    if (!rules.library(function, table.text(frame.file), table.text(frame.module))) return false;
  }
  return false;
}

}  // namespace tailback::analyze
