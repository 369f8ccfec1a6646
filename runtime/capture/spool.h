// The file that a capture writes into: mapped, reserved on disk beforehand, locked against other processes.
//
// Reserving matters: a page of a mapped file that the disk has no room for is a SIGBUS in the middle of a capture.
//
// Thread safety: none. No malloc after open().
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/capture/spool_format.h"
#include "runtime/incident/model.h"
#include <tailback/result.h>

namespace tailback {

class Spool {
 public:
  Spool() = default;
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// An empty path: memory only. What an earlier process left in the file stays until reset().
  Result<void> open(const std::string& path, std::uint64_t bytes, std::uint64_t limit_bytes);

  /// Makes it this process' empty spool.
  void reset();
  void store_modules(const std::vector<Module>& modules);

  /// Fills in the checksum of `header.module_bytes` bytes of a spool's module table.
  static void seal_modules(SpoolHeader& header, std::span<const unsigned char> spool);

  /// Makes [0, bytes) writable; false: the limit or the disk is full.
  bool reserve(std::uint64_t bytes) noexcept;
  [[nodiscard]] unsigned char* at(std::uint64_t offset) noexcept { return map_ + offset; }
  [[nodiscard]] std::span<const unsigned char> contents() const noexcept { return {map_, static_cast<std::size_t>(reserved_.load())}; }

 private:
  Result<void> lock(const std::string& path);
  Result<void> map(const std::string& path, std::uint64_t limit_bytes);
  bool grow(std::uint64_t from, std::uint64_t to) noexcept;

  int fd_ = -1;
  unsigned char* map_ = nullptr;
  std::uint64_t mapped_ = 0;
  std::atomic<std::uint64_t> reserved_{0};  ///< a dump is read while another may be written behind it
};

/// A dump record, checked as it is read: whatever the bytes hold, nothing outside them is touched.
class SpoolDump {
 public:
  /// The record that begins at `bytes`' start. False: there is none.
  bool parse(std::span<const unsigned char> bytes);

  [[nodiscard]] const DumpHeader& header() const { return header_; }
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] std::uint32_t row_count() const { return rows_; }
  [[nodiscard]] ThreadRow row(std::uint32_t index) const;
  /// Copies the call addresses of a stack; empty: none there.
  [[nodiscard]] std::vector<std::uint64_t> stack(std::uint64_t offset) const;
  [[nodiscard]] bool lock(std::uint64_t offset, LockPiece& out) const;

 private:
  template <class T>
  bool load(std::uint64_t offset, T& out) const;

  std::span<const unsigned char> bytes_;
  DumpHeader header_;
  bool complete_ = false;
  std::uint32_t rows_ = 0;
};

/// The dumps in a whole spool's bytes, but for the released; the last may be torn.
std::vector<SpoolDump> dumps_in(std::span<const unsigned char> spool);

/// What a spool's bytes tell of the process that wrote them: its header and modules. False: not a spool.
bool parse_spool(std::span<const unsigned char> bytes, SpoolHeader& header, std::vector<Module>& modules);

}  // namespace tailback
