#include "replay/sources/input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tailback::replay {
namespace {

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT: case ENOTDIR: return ErrorCode::kNotFound;
    case EACCES: case EPERM: return ErrorCode::kPermission;
    default: return ErrorCode::kIo;
  }
}

class FileSource final : public ByteSource {
 public:
  FileSource(std::string name, int descriptor, bool owned, const std::atomic<bool>* stop)
      : name_(std::move(name)), descriptor_(descriptor), owned_(owned), stop_(stop) {}
  ~FileSource() override {
    if (owned_) ::close(descriptor_);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<std::size_t> read(std::span<char> into) override {
    for (;;) {
      if (!wait()) return Error{ErrorCode::kIo, "interrupted", name_};
      const ssize_t got = ::read(descriptor_, into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno == EINTR) continue;
      return Error{ErrorCode::kIo, std::string("can't be read: ") + std::strerror(errno), name_};
    }
  }

 private:
  /// Until a read would not block; false: stopped. Looks again every 50 ms, because a signal may come between the look and the wait.
  [[nodiscard]] bool wait() const {
    constexpr int kLookAgainMs = 50;
    if (stop_ == nullptr) return true;
    pollfd input{descriptor_, POLLIN, 0};
    while (!stop_->load(std::memory_order_relaxed)) {
      if (const int ready = ::poll(&input, 1, kLookAgainMs); ready > 0 || (ready < 0 && errno != EINTR)) return true;
    }
    return false;
  }

  const std::string name_;
  const int descriptor_;
  const bool owned_;
  const std::atomic<bool>* const stop_;
};

}  // namespace

std::string input_name(const std::string& path) { return path == "-" ? "standard input" : path; }

Result<std::unique_ptr<ByteSource>> open_file(const std::string& path, const std::atomic<bool>* stop) {
  if (path == "-") return std::unique_ptr<ByteSource>(std::make_unique<FileSource>(input_name(path), STDIN_FILENO, false, stop));
  // Of a named pipe, open() waits for a writer.
  int descriptor = -1;
  do descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  while (descriptor < 0 && errno == EINTR && !(stop != nullptr && stop->load(std::memory_order_relaxed)));
  if (descriptor < 0) {
    const int error = errno;
    if (error == EINTR) return Error{ErrorCode::kIo, "interrupted", path};
    return Error{code_of(error), error == ENOENT ? "there is no such file" : std::strerror(error), path};
  }
  auto source = std::make_unique<FileSource>(path, descriptor, true, stop);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
    return Error{ErrorCode::kInvalidArgument, "is a directory; name the files in it", path};
  }
  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::unique_ptr<ByteSource>(std::move(source));
}

Result<std::string_view> PeekableSource::peek(std::size_t size) {
  if (at_ > 0) {
    ahead_.erase(0, at_);
    at_ = 0;
  }
  while (ahead_.size() < size) {
    const std::size_t had = ahead_.size();
    ahead_.resize(size);
    const Result<std::size_t> got = source_->read({ahead_.data() + had, size - had});
    ahead_.resize(had + (got.ok() ? got.value() : 0));
    // What came before the error is worth reading; read() will meet the error again.
    if (!got.ok() && had == 0) return got.error();
    if (!got.ok() || got.value() == 0) break;
  }
  return std::string_view(ahead_);
}

Result<std::size_t> PeekableSource::read(std::span<char> into) {
  if (at_ == ahead_.size()) return source_->read(into);
  const std::size_t size = std::min(into.size(), ahead_.size() - at_);
  std::memcpy(into.data(), ahead_.data() + at_, size);
  at_ += size;
  return size;
}

}  // namespace tailback::replay
