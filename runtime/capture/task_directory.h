// /proc/self/task: the threads of this process, and what the kernel says each is doing.
//
// Opened at the start; every read is a raw system call into a caller's buffer. No malloc, no lock, no stdio.
//
// Thread safety: none.
// Source: proc(5); proc_pid_syscall(5); Linux Documentation/filesystems/proc.rst.
#pragma once

#include <cstdint>
#include <sys/types.h>

namespace tailback {

/// What `TID/syscall` tells.
enum class CallReading : std::uint8_t {
  kInCall,    ///< "202 0x7f… 0x80 … SP PC"
  kNoCall,    ///< "-1 SP PC": blocked, but not in a system call (a page fault)
  kRunning,   ///< "running"
  kGone,      ///< the thread is not there any more
  kClosed,    ///< not allowed to look
};

struct SystemCall {
  CallReading reading = CallReading::kGone;
  std::int32_t number = -1;
  std::uint64_t arguments[6] = {};
  std::uint64_t stack_pointer = 0, pc = 0;

  friend bool operator==(const SystemCall&, const SystemCall&) = default;
};

/// `TID/syscall`, kept open so that a second look costs a sixth of the first.
class CallFile {
 public:
  CallFile(int directory, pid_t tid) noexcept;
  ~CallFile();
  CallFile(const CallFile&) = delete;
  CallFile& operator=(const CallFile&) = delete;

  [[nodiscard]] SystemCall read() noexcept;

 private:
  int fd_;
  CallReading failure_ = CallReading::kGone;
};

/// What `TID/status` tells of whether a signal would reach it.
struct ThreadStatus {
  bool present = false;
  char state = '?';              ///< R, S, D, T, t, Z, X
  pid_t tracer = 0;
  std::uint64_t blocked = 0;     ///< SigBlk: signal n is bit n - 1

  [[nodiscard]] bool blocks(int signal) const noexcept { return (blocked >> (signal - 1) & 1) != 0; }
};

/// One thread in the list as it is read.
class ThreadVisitor {
 public:
  virtual ~ThreadVisitor() = default;
  /// False ends the listing.
  virtual bool thread(pid_t tid) noexcept = 0;
};

class TaskDirectory {
 public:
  TaskDirectory() noexcept;
  ~TaskDirectory();
  TaskDirectory(const TaskDirectory&) = delete;
  TaskDirectory& operator=(const TaskDirectory&) = delete;

  [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// Calls the visitor with each thread. False: the directory can't be read.
  bool list(ThreadVisitor& visitor) noexcept;
  [[nodiscard]] ThreadStatus status(pid_t tid) noexcept;
  /// The thread's name, zero-terminated; empty if it is gone.
  void name(pid_t tid, char (&out)[17]) noexcept;

 private:
  std::size_t read_file(pid_t tid, const char* leaf, char* out, std::size_t size) noexcept;
  int fd_ = -1;
};

/// Parses the text of `TID/syscall`; exposed for tests.
[[nodiscard]] SystemCall parse_system_call(const char* text, std::size_t size) noexcept;
/// Parses the text of `TID/status`; exposed for tests.
[[nodiscard]] ThreadStatus parse_status(const char* text, std::size_t size) noexcept;

/// The processor time that a thread of this process has used; -1 if it is gone.
[[nodiscard]] std::int64_t thread_cpu_ns(pid_t tid) noexcept;

}  // namespace tailback
