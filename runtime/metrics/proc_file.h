// A file of /proc, /sys or a cgroup, opened once and read again and again.
//
// The kernel makes the content at each read from offset 0, so that one pread is one reading: no open, no seek, no stdio, no memory
// from the allocator, which may be the very thing that is stuck.
//
// Thread safety: one reader at a time for each object.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tailback {

/// Where /proc and /sys are. Tests put a made-up tree here.
struct SystemRoot {
  std::string prefix;  ///< put before every absolute path; empty: the real ones

  [[nodiscard]] std::string path(std::string_view absolute) const { return prefix + std::string(absolute); }
};

class ProcFile {
 public:
  ProcFile() = default;
  explicit ProcFile(const std::string& path);
  ~ProcFile();
  ProcFile(ProcFile&& other) noexcept;
  ProcFile& operator=(ProcFile&& other) noexcept;

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  /// The content, or as much as fits into `buffer`; empty when it can't be read.
  /// Cost: one system call.
  [[nodiscard]] std::string_view read(std::span<char> buffer) const;

  /// A file that holds one number, as pid_max does; nothing for `max` and for what is no number.
  [[nodiscard]] std::optional<double> read_number() const;

 private:
  int fd_ = -1;
};

/// The number at the start of the text, after blanks.
[[nodiscard]] std::optional<double> leading_number(std::string_view text);

/// The number after `key` at the start of a line: `Threads:\t12`, `total_inactive_file 4096`.
[[nodiscard]] std::optional<double> number_after(std::string_view text, std::string_view key);

/// All of a small file, for what is read only at start. Empty when it can't be read.
[[nodiscard]] std::string read_whole_file(const std::string& path, std::size_t most = 1 << 20);

}  // namespace tailback
