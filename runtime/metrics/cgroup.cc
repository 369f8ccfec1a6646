#include "runtime/metrics/cgroup.h"

#include <sys/stat.h>

#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace tailback {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Calls `visit` with each line of the text, without its end.
template <class Visit>
void each_line(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// Takes the text before the next `separator` off the front.
std::string_view take_field(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return field;
}

bool list_contains(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    if (take_field(list, ',') == word) return true;
  }
  return false;
}

/// The process's path from /proc/self/cgroup: "4:memory:/some/path" (version 1), "0::/some/path" (version 2).
std::optional<std::string> own_path(std::string_view cgroups, std::string_view controller) {
  std::optional<std::string> found;
  each_line(cgroups, [&](std::string_view line) {
    const std::string_view number = take_field(line, ':');
    const std::string_view controllers = take_field(line, ':');
    const bool matches = controller.empty() ? number == "0" && controllers.empty() : list_contains(controllers, controller);
    if (matches && !found) found = std::string(line);
  });
  return found;
}

struct Mount {
  std::string root;   ///< which group the mount point shows; "/" outside containers
  std::string point;
};

/// From /proc/self/mountinfo: "35 31 0:32 /root /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"
std::optional<Mount> find_mount(std::string_view mountinfo, std::string_view controller) {
  std::optional<Mount> found;
  each_line(mountinfo, [&](std::string_view line) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos || found) return;
    std::string_view tail = line.substr(dash + 3);
    const std::string_view type = take_field(tail, ' ');
    take_field(tail, ' ');
    const bool matches = controller.empty() ? type == "cgroup2" : type == "cgroup" && list_contains(tail, controller);
    if (!matches) return;
    for (int i = 0; i < 3; ++i) take_field(line, ' ');
    Mount mount;
    mount.root = std::string(take_field(line, ' '));
    mount.point = std::string(take_field(line, ' '));
    found = std::move(mount);
  });
  return found;
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::vector<std::string> chain_of(const SystemRoot& root, const Mount& mount, std::string path) {
  // In a container the path may be told from the host's root while the mount shows only the container's part of it.
  if (mount.root != "/" && path.rfind(mount.root, 0) == 0) path.erase(0, mount.root.size());
  const std::string base = root.path(mount.point);
  while (!path.empty() && path.back() == '/') path.pop_back();
  if (!is_directory(base + path)) path.clear();
  std::vector<std::string> chain;
  while (!path.empty()) {
    chain.push_back(base + path);
    path.erase(path.rfind('/'));
  }
  chain.push_back(base);
  return chain;
}

// Version 1 writes "no limit" as the largest multiple of the page size below 2^63.
constexpr double kV1Unlimited = 0x7fffffffff000000;

class CgroupGroup final : public MetricGroup {
 public:
  explicit CgroupGroup(const SystemRoot& root) {
    const CgroupChain chain = find_cgroup(root, "memory");
    const bool v1 = chain.version == CgroupChain::Version::kV1;
    inactive_key_ = v1 ? "total_inactive_file " : "inactive_file ";
    for (const std::string& directory : chain.directories) {
      Level level{ProcFile(directory + (v1 ? "/memory.limit_in_bytes" : "/memory.max")),
                  ProcFile(directory + (v1 ? "/memory.usage_in_bytes" : "/memory.current")), ProcFile(directory + "/memory.stat")};
      // The root group of version 2 has none of these files; version 1 has them there, for the machine as a whole.
      if (level.usage.is_open()) levels_.push_back(std::move(level));
    }
    const double kib = number_after(read_whole_file(root.path("/proc/meminfo")), "MemTotal:").value_or(kMissing);
    machine_bytes_ = kib * 1024;
  }

  std::span<const std::string_view> names() const override { return kNames; }

  void read(std::span<double> values) override {
    values[0] = values[1] = kMissing;
    values[2] = machine_bytes_;
    if (levels_.empty()) return;
    const Level* tightest = &levels_.front();
    double limit = std::numeric_limits<double>::infinity();
    for (const Level& level : levels_) {
      const double here = level.limit.read_number().value_or(kMissing);
      if (here < limit && here < kV1Unlimited) {
        limit = here;
        tightest = &level;
      }
    }
    std::array<char, 8192> buffer;
    const double usage = tightest->usage.read_number().value_or(kMissing);
    const double inactive = number_after(tightest->stat.read(buffer), inactive_key_).value_or(0);
    values[0] = std::max(0.0, usage - inactive);
    if (std::isnan(usage)) values[0] = kMissing;
    if (std::isinf(limit)) return;
    values[1] = limit;
    if (!(machine_bytes_ < limit)) values[2] = limit;
  }

 private:
  struct Level {
    ProcFile limit, usage, stat;
  };
  static constexpr std::array<std::string_view, 3> kNames{"cgroup_usage", "cgroup_limit", "memory_limit"};
  std::vector<Level> levels_;
  std::string_view inactive_key_;
  double machine_bytes_ = kMissing;
};

class PressureGroup final : public MetricGroup {
 public:
  explicit PressureGroup(const SystemRoot& root) {
    const CgroupChain chain = find_cgroup(root, "");
    // The group at the mount point of version 2 is the whole machine unless the mount shows a part, as in a container.
    if (!chain.directories.empty()) file_ = ProcFile(chain.directories.front() + "/memory.pressure");
    std::array<char, 16> probe;
    if (file_.read(probe).empty()) file_ = ProcFile(root.path("/proc/pressure/memory"));
  }

  std::span<const std::string_view> names() const override { return kNames; }

  // "some avg10=1.25 avg60=0.00 avg300=0.00 total=123456\nfull avg10=…": shares in percent, total in µs
  void read(std::span<double> values) override {
    std::array<char, 512> buffer;
    const std::string_view text = file_.read(buffer);
    values[0] = number_after(text, "some avg10=").value_or(kMissing) / 100;
    values[1] = number_after(text, "full avg10=").value_or(kMissing) / 100;
    const std::size_t total = text.find("total=");
    const bool first_line = total != std::string_view::npos && total < text.find('\n');
    values[2] = first_line ? leading_number(text.substr(total + 6)).value_or(kMissing) * 1e-6 : kMissing;
  }

 private:
  static constexpr std::array<std::string_view, 3> kNames{"memory_pressure", "memory_pressure_full", "memory_stall_seconds"};
  ProcFile file_;
};

class ThreadsLimitGroup final : public MetricGroup {
 public:
  explicit ThreadsLimitGroup(const SystemRoot& root) {
    files_.emplace_back(root.path("/proc/sys/kernel/pid_max"));
    files_.emplace_back(root.path("/proc/sys/kernel/threads-max"));
    for (const std::string& directory : find_cgroup(root, "pids").directories) files_.emplace_back(directory + "/pids.max");
  }

  std::span<const std::string_view> names() const override { return kNames; }

  void read(std::span<double> values) override {
    double least = std::numeric_limits<double>::infinity();
    for (const ProcFile& file : files_) {
      if (const std::optional<double> limit = file.read_number()) least = std::min(least, *limit);
    }
    values[0] = std::isinf(least) ? kMissing : least;
  }

 private:
  static constexpr std::array<std::string_view, 1> kNames{"threads_limit"};
  std::vector<ProcFile> files_;
};

}  // namespace

CgroupChain find_cgroup(const SystemRoot& root, std::string_view controller) {
  const std::string cgroups = read_whole_file(root.path("/proc/self/cgroup"));
  const std::string mountinfo = read_whole_file(root.path("/proc/self/mountinfo"));
  if (!controller.empty()) {
    const std::optional<std::string> path = own_path(cgroups, controller);
    const std::optional<Mount> mount = find_mount(mountinfo, controller);
    if (path && mount) return {CgroupChain::Version::kV1, chain_of(root, *mount, *path)};
  }
  const std::optional<std::string> path = own_path(cgroups, "");
  const std::optional<Mount> mount = find_mount(mountinfo, "");
  if (path && mount) return {CgroupChain::Version::kV2, chain_of(root, *mount, *path)};
  return {};
}

std::unique_ptr<MetricGroup> make_cgroup_group(const SystemRoot& root) { return std::make_unique<CgroupGroup>(root); }
std::unique_ptr<MetricGroup> make_pressure_group(const SystemRoot& root) { return std::make_unique<PressureGroup>(root); }
std::unique_ptr<MetricGroup> make_threads_limit_group(const SystemRoot& root) { return std::make_unique<ThreadsLimitGroup>(root); }

}  // namespace tailback
