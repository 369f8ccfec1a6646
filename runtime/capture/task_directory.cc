#include "runtime/capture/task_directory.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

namespace tailback {
namespace {

/// "TID/leaf" without stdio.
void make_path(pid_t tid, const char* leaf, char (&out)[48]) noexcept {
  char digits[12];
  std::size_t count = 0;
  for (auto rest = static_cast<unsigned>(tid); count == 0 || rest != 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
  std::size_t at = 0;
  while (count > 0) out[at++] = digits[--count];
  out[at++] = '/';
  std::strncpy(out + at, leaf, sizeof out - at - 1);
  out[sizeof out - 1] = 0;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// Takes words off a line, by spaces.
class Words {
 public:
  Words(const char* text, std::size_t size) : at_(text), end_(text + size) {}

  std::string_view next() noexcept {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
    const char* begin = at_;
    while (at_ < end_ && *at_ != ' ' && *at_ != '\t' && *at_ != '\n') ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  bool hexadecimal(std::uint64_t& out) noexcept {
    std::string_view word = next();
    if (word.substr(0, 2) == "0x") word.remove_prefix(2);
    if (word.empty() || word.size() > 16) return false;
    out = 0;
    for (char c : word) {
      const int digit = hex_digit(c);
      if (digit < 0) return false;
      out = out << 4 | static_cast<std::uint64_t>(digit);
    }
    return true;
  }
  bool decimal(std::int64_t& out) noexcept {
    std::string_view word = next();
    const bool negative = !word.empty() && word[0] == '-';
    if (negative) word.remove_prefix(1);
    if (word.empty() || word.size() > 10) return false;
    out = 0;
    for (char c : word) {
      if (c < '0' || c > '9') return false;
      out = out * 10 + (c - '0');
    }
    if (negative) out = -out;
    return true;
  }

 private:
  const char *at_, *end_;
};

}  // namespace

// "202 0x7f7a5c0008c8 0x189 0x0 0x0 0x0 0xffffffff 0x7f7a5b7fdc80 0x7f7a5c8a7d4e\n", "-1 0x7ffd… 0x7f7a…\n", "running\n"
SystemCall parse_system_call(const char* text, std::size_t size) noexcept {
  SystemCall call;
  Words words(text, size);
  if (size >= 7 && std::memcmp(text, "running", 7) == 0) {
    call.reading = CallReading::kRunning;
    return call;
  }
  std::int64_t number = 0;
  if (!words.decimal(number)) return call;
  if (number >= 0) {
    for (std::uint64_t& argument : call.arguments) {
      if (!words.hexadecimal(argument)) return call;
    }
  }
  if (!words.hexadecimal(call.stack_pointer) || !words.hexadecimal(call.pc)) return call;
  call.number = static_cast<std::int32_t>(number);
  call.reading = number >= 0 ? CallReading::kInCall : CallReading::kNoCall;
  return call;
}

ThreadStatus parse_status(const char* text, std::size_t size) noexcept {
  ThreadStatus status;
  const char* end = text + size;
  for (const char* line = text; line < end;) {
    const void* newline = std::memchr(line, '\n', static_cast<std::size_t>(end - line));
    const char* stop = newline != nullptr ? static_cast<const char*>(newline) : end;
    const std::string_view whole(line, static_cast<std::size_t>(stop - line));
    auto words_after = [&](std::string_view key) { return Words(whole.data() + key.size(), whole.size() - key.size()); };
    if (whole.starts_with("State:")) {
      const std::string_view state = words_after("State:").next();
      status.present = !state.empty();
      if (status.present) status.state = state[0];
    } else if (whole.starts_with("TracerPid:")) {
      std::int64_t tracer = 0;
      if (words_after("TracerPid:").decimal(tracer)) status.tracer = static_cast<pid_t>(tracer);
    } else if (whole.starts_with("SigBlk:")) {
      words_after("SigBlk:").hexadecimal(status.blocked);
    }
    line = stop + 1;
  }
  return status;
}

CallFile::CallFile(int directory, pid_t tid) noexcept {
  char path[48];
  make_path(tid, "syscall", path);
  fd_ = ::openat(directory, path, O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) failure_ = errno == ENOENT || errno == ESRCH ? CallReading::kGone : CallReading::kClosed;
}

CallFile::~CallFile() {
  if (fd_ >= 0) ::close(fd_);
}

SystemCall CallFile::read() noexcept {
  SystemCall call;
  call.reading = failure_;
  if (fd_ < 0) return call;
  char text[256];
  const ssize_t got = ::pread(fd_, text, sizeof text, 0);
  if (got > 0) return parse_system_call(text, static_cast<std::size_t>(got));
  call.reading = got < 0 && errno != ESRCH && errno != ENOENT ? CallReading::kClosed : CallReading::kGone;
  return call;
}

TaskDirectory::TaskDirectory() noexcept : fd_(::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

TaskDirectory::~TaskDirectory() {
  if (fd_ >= 0) ::close(fd_);
}

bool TaskDirectory::list(ThreadVisitor& visitor) noexcept {
  // struct linux_dirent64: u64 inode, s64 offset, u16 length, u8 type, then the name.
  constexpr std::size_t kLengthAt = 16, kNameAt = 19;
  alignas(8) std::array<char, 32768> buffer;
  if (::lseek(fd_, 0, SEEK_SET) != 0) return false;
  for (;;) {
    const long got = ::syscall(SYS_getdents64, fd_, buffer.data(), buffer.size());
    if (got == 0) return true;
    if (got < 0) return false;
    for (std::size_t at = 0; at + kNameAt < static_cast<std::size_t>(got);) {
      std::uint16_t length = 0;
      std::memcpy(&length, &buffer[at + kLengthAt], sizeof length);
      std::int64_t tid = 0;
      const char* name = &buffer[at + kNameAt];
      if (Words(name, ::strnlen(name, length - kNameAt)).decimal(tid) && !visitor.thread(static_cast<pid_t>(tid))) return true;
      at += length;
    }
  }
}

std::size_t TaskDirectory::read_file(pid_t tid, const char* leaf, char* out, std::size_t size) noexcept {
  char path[48];
  make_path(tid, leaf, path);
  const int fd = ::openat(fd_, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t got = ::read(fd, out, size);
  ::close(fd);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

ThreadStatus TaskDirectory::status(pid_t tid) noexcept {
  char text[4096];
  return parse_status(text, read_file(tid, "status", text, sizeof text));
}

void TaskDirectory::name(pid_t tid, char (&out)[17]) noexcept {
  std::size_t got = read_file(tid, "comm", out, sizeof out - 1);
  if (got > 0 && out[got - 1] == '\n') --got;
  out[got] = 0;
}

std::int64_t thread_cpu_ns(pid_t tid) noexcept {
  // The clock of another thread of this process: include/linux/posix-timers.h, CPUCLOCK_PERTHREAD_MASK (4) | CPUCLOCK_SCHED (2).
  const auto clock = static_cast<clockid_t>(~static_cast<unsigned>(tid) << 3 | 6u);
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return -1;
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace tailback
