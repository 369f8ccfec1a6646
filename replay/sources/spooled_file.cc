#include "replay/sources/spooled_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace tailback::replay {
namespace {

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Error{ErrorCode::kIo, std::string("can't be written: ") + std::strerror(errno), path};
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<void> copy(ByteSource& source, int descriptor, const std::string& path) {
  std::vector<char> block(1 << 20);
  for (;;) {
    const Result<std::size_t> got = source.read(block);
    if (!got.ok()) return got.error();
    if (*got == 0) return {};
    if (Result<void> put = write_all(descriptor, {block.data(), *got}, path); !put.ok()) return put;
  }
}

}  // namespace

Result<SpooledFile> SpooledFile::of(ByteSource& source) {
  const char* folder = ::getenv("TMPDIR");
  std::string path = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/tailback-XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  if (descriptor < 0) return Error{ErrorCode::kIo, std::string("can't be made: ") + std::strerror(errno), path};
  SpooledFile file;
  file.path_ = path;
  const Result<void> copied = copy(source, descriptor, path);
  ::close(descriptor);
  if (!copied.ok()) return copied.error();
  return file;
}

SpooledFile::~SpooledFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace tailback::replay
