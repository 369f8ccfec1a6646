// What the kernel tells of the process itself: memory, threads, files, processor time.
//
// The cheap sources are used: /proc/self/statm and the `Threads:` line of /proc/self/status cost the same whatever the number of
// threads (5 and 12 µs); /proc/self/stat and smaps_rollup grow with it and are not read.
#pragma once

#include <memory>
#include <vector>

#include "runtime/metrics/metric_group.h"
#include "runtime/metrics/proc_file.h"

namespace tailback {

/// rss, virtual_memory
[[nodiscard]] std::unique_ptr<MetricGroup> make_memory_group(const SystemRoot& root);
/// threads
[[nodiscard]] std::unique_ptr<MetricGroup> make_threads_group(const SystemRoot& root);
/// open_files, open_files_limit
[[nodiscard]] std::unique_ptr<MetricGroup> make_files_group(const SystemRoot& root);
/// cpu_seconds, context switches, page faults; always those of the real process
[[nodiscard]] std::unique_ptr<MetricGroup> make_usage_group();

}  // namespace tailback
