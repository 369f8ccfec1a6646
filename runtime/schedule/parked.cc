#include "runtime/schedule/parked.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace tailback::locks {
namespace {

/// First line of /proc/self/task/TID/syscall: "202 0x7f… 0x80 …" in a system call, "running" or "-1 …" outside. Returns its length.
ssize_t read_syscall_file(pid_t tid, char (&text)[64]) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/syscall", static_cast<int>(tid));
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  const ssize_t length = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (length > 0) text[length] = '\0';
  return length;
}

}  // namespace

bool stands_in_futex(pid_t tid) noexcept {
  char text[64];
  if (read_syscall_file(tid, text) <= 0 || text[0] < '0' || text[0] > '9') return false;
  return std::strtol(text, nullptr, 10) == SYS_futex;
}

bool kernel_tells_system_calls() noexcept {
  char text[64];
  return read_syscall_file(static_cast<pid_t>(::syscall(SYS_gettid)), text) > 0;
}

}  // namespace tailback::locks
