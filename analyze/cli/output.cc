#include "analyze/cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

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
  UnfinishedFile unfinished(path);
  const int descriptor = ::open(unfinished.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return system_error(path, errno);
  Result<void> written = write_all(descriptor, text, path);
  if (::close(descriptor) != 0 && written.ok()) written = system_error(path, errno);
  return written.ok() ? unfinished.commit() : written;
}

/// Through a link, so that the link stays one.
std::string real_path(const std::string& path) {
  std::error_code ignored;
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, ignored);
  return real.empty() ? path : real.string();
}

}  // namespace

Result<void> check_output(const std::string& output, const std::vector<std::string>& inputs) {
  if (output.empty() || output == "-") return {};
  struct stat status {};
  if (::stat(output.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return system_error(output, EISDIR);
    for (const std::string& input : inputs) {
      struct stat other {};
      if (input == "-" || ::stat(input.c_str(), &other) != 0) continue;
      if (S_ISREG(other.st_mode) && other.st_dev == status.st_dev && other.st_ino == status.st_ino) {
        return Error{ErrorCode::kInvalidArgument, "is an input too, and would be overwritten; name another file", "-o " + output};
      }
    }
    if (!S_ISREG(status.st_mode)) return {};
  }
  // A file is written beside its place.
  const std::filesystem::path folder = std::filesystem::absolute(real_path(output)).parent_path();
  if (::access(folder.c_str(), F_OK) != 0) {
    return Error{ErrorCode::kNotFound, "can't be written: there is no folder '" + folder.string() + "'", output};
  }
  if (::access(folder.c_str(), W_OK) != 0) return system_error(output, errno);
  return {};
}

UnfinishedFile::UnfinishedFile(const std::string& target)
    : named_(target), target_(real_path(target)), path_(target_ + ".unfinished-" + std::to_string(::getpid())), guard_(path_) {}

UnfinishedFile::~UnfinishedFile() {
  if (committed_) return;
  for (const std::string_view beside : kBesideFile) ::unlink((path_ + std::string(beside)).c_str());
}

Result<void> UnfinishedFile::commit() {
  if (::rename(path_.c_str(), target_.c_str()) != 0) return system_error(named_, errno);
  committed_ = true;
  return {};
}

Error UnfinishedFile::about_target(Error error) const {
  for (std::string* text : {&error.context, &error.message}) {
    for (const std::string& unfinished : {path_ + ".partial", path_}) {
      if (const std::size_t at = text->find(unfinished); at != std::string::npos) text->replace(at, unfinished.size(), named_);
    }
  }
  return error;
}

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
