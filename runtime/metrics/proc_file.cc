#include "runtime/metrics/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace tailback {

ProcFile::ProcFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

ProcFile::~ProcFile() {
  if (fd_ >= 0) ::close(fd_);
}

ProcFile::ProcFile(ProcFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ProcFile& ProcFile::operator=(ProcFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

std::string_view ProcFile::read(std::span<char> buffer) const {
  if (fd_ < 0) return {};
  ssize_t got = 0;
  do {
    got = ::pread(fd_, buffer.data(), buffer.size(), 0);
  } while (got < 0 && errno == EINTR);
  return got > 0 ? std::string_view(buffer.data(), static_cast<std::size_t>(got)) : std::string_view();
}

std::optional<double> ProcFile::read_number() const {
  std::array<char, 64> buffer;
  return leading_number(read(buffer));
}

std::optional<double> leading_number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  if (text.empty() || !(text.front() >= '0' && text.front() <= '9')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

std::optional<double> number_after(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, key.size()) == key) return leading_number(text.substr(at + key.size()));
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return std::nullopt;
}

std::string read_whole_file(const std::string& path, std::size_t most) {
  std::string content;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return content;
  std::array<char, 4096> buffer;
  while (content.size() < most) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return content;
}

}  // namespace tailback
