#include "runtime/metrics/metric_names.h"

#include <algorithm>
#include <array>

namespace tailback {
namespace {

// Names of Prometheus' own are used where it has one (https://prometheus.io/docs/instrumenting/writing_clientlibs, "process
// metrics"); the rest is in our namespace, in base units, without `_total` on anything but counters.
constexpr std::array kMetrics = std::to_array<KnownMetric>({
    {"threads", "count", false, "threads_limit", "process_threads", "Threads of the process."},
    {"threads_limit", "count", false, "", "tailback_threads_limit",
     "Threads that the kernel would allow: the least of pid_max, threads-max and the cgroup's pids.max."},
    {"blocked_threads", "count", false, "threads_limit", "tailback_blocked_threads",
     "Threads that wait for an instrumented lock."},
    {"lock_wait", "seconds", false, "", "tailback_lock_wait_seconds", "Longest wait for an instrumented lock that is still going on."},
    {"deadlock", "count", false, "", "tailback_deadlocked_locks", "Cycles of waiting threads among instrumented locks."},
    {"rss", "bytes", false, "memory_limit", "process_resident_memory_bytes", "Resident memory."},
    {"virtual_memory", "bytes", false, "", "process_virtual_memory_bytes", "Address space in use."},
    {"heap_in_use", "bytes", false, "memory_limit", "tailback_heap_inuse_bytes",
     "Heap in use, as near to Go's HeapInuse as the allocator tells."},
    {"heap_allocated", "bytes", false, "memory_limit", "tailback_heap_allocated_bytes", "Bytes in allocations that live."},
    {"heap_sys", "bytes", false, "memory_limit", "tailback_heap_sys_bytes", "Heap obtained from the system, as Go's HeapSys."},
    {"open_files", "count", false, "open_files_limit", "process_open_fds", "Open file descriptors."},
    {"open_files_limit", "count", false, "", "process_max_fds", "Soft limit of open file descriptors."},
    {"cpu_seconds", "seconds", true, "", "process_cpu_seconds_total", "Processor time used, user and system."},
    {"context_switches_voluntary", "count", true, "", "tailback_context_switches_voluntary_total",
     "Times that a thread gave up the processor to wait."},
    {"context_switches_involuntary", "count", true, "", "tailback_context_switches_involuntary_total",
     "Times that a thread was taken off the processor."},
    {"page_faults_minor", "count", true, "", "tailback_page_faults_minor_total", "Page faults served without I/O."},
    {"page_faults_major", "count", true, "", "tailback_page_faults_major_total", "Page faults that had to read."},
    {"memory_limit", "bytes", false, "", "tailback_memory_limit_bytes",
     "Memory that the process may use: the cgroup's limit, else the machine's memory."},
    {"cgroup_usage", "bytes", false, "cgroup_limit", "tailback_cgroup_usage_bytes",
     "Memory of the cgroup, without inactive file pages, which the kernel gives back before it kills."},
    {"cgroup_limit", "bytes", false, "", "tailback_cgroup_limit_bytes", "Memory limit of the cgroup."},
    {"memory_pressure", "ratio", false, "", "tailback_memory_pressure_ratio",
     "Share of the last 10 s in which some task waited for memory (PSI)."},
    {"memory_pressure_full", "ratio", false, "", "tailback_memory_pressure_full_ratio",
     "Share of the last 10 s in which all tasks waited for memory (PSI)."},
    {"memory_stall_seconds", "seconds", true, "", "tailback_memory_stall_seconds_total",
     "Time in which some task waited for memory (PSI)."},
    {"allocator_lock_held", "count", false, "", "tailback_allocator_lock_held",
     "1 while the allocator has not answered the probe for longer than its deadline, else 0."},
});

}  // namespace

std::span<const KnownMetric> known_metrics() { return kMetrics; }

const KnownMetric* find_known_metric(std::string_view name) {
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(), [name](const KnownMetric& metric) { return metric.name == name; });
  return found == kMetrics.end() ? nullptr : &*found;
}

}  // namespace tailback
