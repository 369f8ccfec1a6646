// The control groups that limit the process, version 1 and 2, and mixed set-ups; and the limits of the machine beside them.
//
// A limit may stand on any group from the process's own up to the root. The least counts, and usage is read from the group that
// has it, for that group is where the kernel will kill. Inactive file pages are taken off the usage: the kernel gives
// them back before it kills.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/metrics/metric_group.h"
#include "runtime/metrics/proc_file.h"

namespace tailback {

/// Directories of the groups of one controller, the process's own first, then its parents up to the mount.
struct CgroupChain {
  enum class Version { kNone, kV1, kV2 };
  Version version = Version::kNone;
  std::vector<std::string> directories;
};

/// Where the process stands for `controller` ("memory", "pids"): version 1 where that controller is mounted, else version 2.
[[nodiscard]] CgroupChain find_cgroup(const SystemRoot& root, std::string_view controller);

/// cgroup_usage, cgroup_limit, memory_limit
[[nodiscard]] std::unique_ptr<MetricGroup> make_cgroup_group(const SystemRoot& root);
/// memory_pressure, memory_pressure_full, memory_stall_seconds: of the group where it has them, else of the machine
[[nodiscard]] std::unique_ptr<MetricGroup> make_pressure_group(const SystemRoot& root);
/// threads_limit
[[nodiscard]] std::unique_ptr<MetricGroup> make_threads_limit_group(const SystemRoot& root);

}  // namespace tailback
