// A temporary file with an input's bytes: for what must be read more than once, or by SQLite, and came from a pipe or compressed.
//
// In $TMPDIR, else /tmp; gone when this is. Thread safety: none.
#pragma once

#include <string>
#include <utility>

#include "replay/sources/input.h"

namespace tailback::replay {

class SpooledFile {
 public:
  /// What is left of `source`. Errors: kIo of the file, with its path; those of the source.
  [[nodiscard]] static Result<SpooledFile> of(ByteSource& source);

  SpooledFile(SpooledFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  SpooledFile& operator=(SpooledFile&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~SpooledFile();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  SpooledFile() = default;
  std::string path_;
};

}  // namespace tailback::replay
