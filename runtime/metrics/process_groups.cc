#include "runtime/metrics/process_groups.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace tailback {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

class MemoryGroup final : public MetricGroup {
 public:
  explicit MemoryGroup(const SystemRoot& root)
      : statm_(root.path("/proc/self/statm")), page_bytes_(static_cast<double>(::sysconf(_SC_PAGESIZE))) {}

  std::span<const std::string_view> names() const override { return kNames; }

  // "1234 567 …": pages in all, resident, …
  void read(std::span<double> values) override {
    std::array<char, 128> buffer;
    const std::string_view text = statm_.read(buffer);
    const std::optional<double> size = leading_number(text);
    const std::size_t blank = text.find(' ');
    const std::optional<double> resident = blank == std::string_view::npos ? std::nullopt : leading_number(text.substr(blank));
    values[0] = resident ? *resident * page_bytes_ : kMissing;
    values[1] = size ? *size * page_bytes_ : kMissing;
  }

 private:
  static constexpr std::array<std::string_view, 2> kNames{"rss", "virtual_memory"};
  ProcFile statm_;
  double page_bytes_;
};

class ThreadsGroup final : public MetricGroup {
 public:
  explicit ThreadsGroup(const SystemRoot& root) : status_(root.path("/proc/self/status")) {}

  std::span<const std::string_view> names() const override { return kNames; }

  void read(std::span<double> values) override {
    std::array<char, 4096> buffer;
    values[0] = number_after(status_.read(buffer), "Threads:").value_or(kMissing);
  }

 private:
  static constexpr std::array<std::string_view, 1> kNames{"threads"};
  ProcFile status_;
};

class FilesGroup final : public MetricGroup {
 public:
  explicit FilesGroup(const SystemRoot& root)
      : directory_(::open(root.path("/proc/self/fd").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~FilesGroup() override {
    if (directory_ >= 0) ::close(directory_);
  }
  FilesGroup(const FilesGroup&) = delete;
  FilesGroup& operator=(const FilesGroup&) = delete;

  std::span<const std::string_view> names() const override { return kNames; }

  void read(std::span<double> values) override {
    values[0] = count();
    rlimit limit{};
    const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    values[1] = known ? static_cast<double>(limit.rlim_cur) : kMissing;
  }

 private:
  // Since Linux 6.2 the size of /proc/self/fd is the number of open files (kernel commit f1f1f2569901); before, it is 0 and the
  // entries are counted.
  double count() {
    if (directory_ < 0) return kMissing;
    struct stat status{};
    if (::fstat(directory_, &status) == 0 && status.st_size > 0 && is_proc(directory_)) return static_cast<double>(status.st_size);
    if (::lseek(directory_, 0, SEEK_SET) != 0) return kMissing;
    alignas(dirent64) std::array<char, 32768> buffer;
    double entries = 0;
    for (;;) {
      const long got = ::syscall(SYS_getdents64, directory_, buffer.data(), buffer.size());
      if (got < 0) return kMissing;
      if (got == 0) return entries;
      for (long at = 0; at < got;) {
        const auto* const entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
        if (entry->d_name[0] != '.') ++entries;
        at += entry->d_reclen;
      }
    }
  }

  // A directory of another file system (a test's) has a size that means something else.
  static bool is_proc(int fd) {
    struct statfs status{};
    return ::fstatfs(fd, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
  }

  static constexpr std::array<std::string_view, 2> kNames{"open_files", "open_files_limit"};
  int directory_;
};

class UsageGroup final : public MetricGroup {
 public:
  std::span<const std::string_view> names() const override { return kNames; }

  // One call for all of them. It walks the threads, so it is the group's budget that keeps it cheap.
  void read(std::span<double> values) override {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) != 0) {
      for (double& value : values) value = kMissing;
      return;
    }
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
    values[0] = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    values[1] = static_cast<double>(usage.ru_nvcsw);
    values[2] = static_cast<double>(usage.ru_nivcsw);
    values[3] = static_cast<double>(usage.ru_minflt);
    values[4] = static_cast<double>(usage.ru_majflt);
  }

 private:
  static constexpr std::array<std::string_view, 5> kNames{"cpu_seconds", "context_switches_voluntary", "context_switches_involuntary",
                                                          "page_faults_minor", "page_faults_major"};
};

}  // namespace

std::unique_ptr<MetricGroup> make_memory_group(const SystemRoot& root) { return std::make_unique<MemoryGroup>(root); }
std::unique_ptr<MetricGroup> make_threads_group(const SystemRoot& root) { return std::make_unique<ThreadsGroup>(root); }
std::unique_ptr<MetricGroup> make_files_group(const SystemRoot& root) { return std::make_unique<FilesGroup>(root); }
std::unique_ptr<MetricGroup> make_usage_group() { return std::make_unique<UsageGroup>(); }

}  // namespace tailback
