#include "runtime/capture/memory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace tailback {
namespace {
constexpr std::uint64_t kPage = 4096;
}

SelfMemory::SelfMemory() {
  std::uint64_t probe = 0x7461696c6261636bULL, copy = 0;
  const auto address = reinterpret_cast<std::uint64_t>(&probe);
  if (read_vm(address, &copy, sizeof copy) == sizeof copy && copy == probe) return;
  mem_fd_ = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  usable_ = mem_fd_ >= 0 && read(address, &copy, sizeof copy) == sizeof copy && copy == probe;
}

SelfMemory::~SelfMemory() {
  if (mem_fd_ >= 0) ::close(mem_fd_);
}

std::size_t SelfMemory::read(std::uint64_t address, void* out, std::size_t size) noexcept {
  if (mem_fd_ < 0) return read_vm(address, out, size);
  const ssize_t got = ::pread(mem_fd_, out, size, static_cast<off_t>(address));
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::size_t SelfMemory::read_vm(std::uint64_t address, void* out, std::size_t size) noexcept {
  // An element is copied whole or not at all (process_vm_readv(2), Notes), so each page is an element of its own.
  constexpr std::size_t kElements = 6;
  std::size_t done = 0;
  while (done < size) {
    iovec remote[kElements];
    std::size_t count = 0, planned = 0;
    while (count < kElements && done + planned < size) {
      const std::uint64_t at = address + done + planned;
      const std::size_t part = std::min<std::size_t>(size - done - planned, kPage - at % kPage);
      remote[count++] = {reinterpret_cast<void*>(at), part};
      planned += part;
    }
    const iovec local{static_cast<char*>(out) + done, planned};
    const long got = ::syscall(SYS_process_vm_readv, ::getpid(), &local, 1UL, remote, count, 0UL);
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
    if (static_cast<std::size_t>(got) < planned) break;
  }
  return done;
}

void StackWindow::reset(std::uint64_t stack_pointer) noexcept {
  base_ = stack_pointer;
  size_ = memory_.read(base_, bytes_.data(), kFirst);
}

bool StackWindow::word(std::uint64_t address, std::uint64_t& out) noexcept {
  if (address < base_ || address + sizeof out > base_ + size_) {
    if (address + sizeof out < address) return false;
    base_ = address;
    size_ = memory_.read(base_, bytes_.data(), bytes_.size());
    if (size_ < sizeof out) return false;
  }
  std::memcpy(&out, bytes_.data() + (address - base_), sizeof out);
  return true;
}

}  // namespace tailback
