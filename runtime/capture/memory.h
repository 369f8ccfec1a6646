// Reading memory that may not be there.
//
// Another thread's stack can be unmapped while we read it, and so can a library's unwind tables. Memory::read() makes
// such a fault a short read. No malloc, no lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tailback {

class Memory {
 public:
  virtual ~Memory() = default;

  /// Copies up to `size` bytes from `address`; returns how many, from the start, were there.
  virtual std::size_t read(std::uint64_t address, void* out, std::size_t size) noexcept = 0;

  template <class T>
  bool read_value(std::uint64_t address, T& out) noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    return read(address, &out, sizeof out) == sizeof out;
  }
};

/// This process, by process_vm_readv on itself; where seccomp forbids that, by /proc/self/mem.
class SelfMemory final : public Memory {
 public:
  SelfMemory();
  ~SelfMemory() override;
  SelfMemory(const SelfMemory&) = delete;
  SelfMemory& operator=(const SelfMemory&) = delete;

  [[nodiscard]] bool usable() const noexcept { return usable_; }
  std::size_t read(std::uint64_t address, void* out, std::size_t size) noexcept override;

 private:
  std::size_t read_vm(std::uint64_t address, void* out, std::size_t size) noexcept;
  bool usable_ = true;
  int mem_fd_ = -1;  ///< /proc/self/mem, where process_vm_readv is forbidden
};

/// A stack read a window at a time: one call for most stacks.
class StackWindow {
 public:
  explicit StackWindow(Memory& memory) : memory_(memory) {}

  /// Forgets what was read, and reads the first window from `stack_pointer`.
  void reset(std::uint64_t stack_pointer) noexcept;
  bool word(std::uint64_t address, std::uint64_t& out) noexcept;

 private:
  static constexpr std::size_t kFirst = 4096, kNext = 16384;
  Memory& memory_;
  std::uint64_t base_ = 0;
  std::size_t size_ = 0;
  alignas(8) std::array<unsigned char, kNext> bytes_;
};

}  // namespace tailback
