#include "analyze/cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "analyze/cli/interrupt.h"

namespace tailback::cli {
namespace {

Error system_error(const std::string& what, int number) {
  const ErrorCode code = number == EACCES || number == EPERM || number == EROFS ? ErrorCode::kPermission
                         : number == ENOENT || number == ENOTDIR               ? ErrorCode::kNotFound
                                                                               : ErrorCode::kIo;
  return {code, std::string("can't be written: ") + std::strerror(number), what};
}

Result<void> write_all(int descriptor, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(name, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

/// Writes to what is no regular file (a device, a pipe), where it is.
Result<void> write_in_place(const std::string& path, std::string_view text) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return system_error(path, errno);
  const Result<void> written = write_all(descriptor, text, path);
  // Some file systems report a full disk only here.
  if (::close(descriptor) != 0 && written.ok()) return system_error(path, errno);
  return written;
}

Result<void> replace_file(const std::string& path, std::string_view text) {
  // Through a link, so that the link stays one.
  std::error_code ignored;
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, ignored);
  const std::string target = real.empty() ? path : real.string();
  const std::string unfinished = target + ".unfinished-" + std::to_string(::getpid());
  const int descriptor = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return system_error(path, errno);
  const RemoveWhenInterrupted guard(unfinished);
  Result<void> written = write_all(descriptor, text, path);
  if (::close(descriptor) != 0 && written.ok()) written = system_error(path, errno);
  if (written.ok() && ::rename(unfinished.c_str(), target.c_str()) != 0) written = system_error(path, errno);
  if (!written.ok()) ::unlink(unfinished.c_str());
  return written;
}

}  // namespace

Result<void> write_output(const std::string& path, std::string_view text) {
  if (path.empty() || path == "-") return write_all(STDOUT_FILENO, text, "standard output");
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return system_error(path, EISDIR);
    if (!S_ISREG(status.st_mode)) return write_in_place(path, text);
  }
  return replace_file(path, text);
}

}  // namespace tailback::cli
