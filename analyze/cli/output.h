// Where a command's result goes: standard output, or the file of -o.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyze/cli/interrupt.h"
#include <tailback/result.h>

namespace tailback::cli {

/// Writes `text` to `path`, or to standard output when it is empty or "-". A regular file is written beside its place and
/// renamed into it, so that it is whole or the one that was there before.
[[nodiscard]] Result<void> write_output(const std::string& path, std::string_view text);

/// An error where `output` can't become a file, before the work for it is done: its folder is missing or may not be written to, it is a
/// folder, or it is one of the inputs, which it would destroy.
[[nodiscard]] Result<void> check_output(const std::string& output, const std::vector<std::string>& inputs);

/// A file that is written beside its place and renamed into it by commit(). Without that it goes, also when the program is interrupted.
class UnfinishedFile {
 public:
  explicit UnfinishedFile(const std::string& target);
  ~UnfinishedFile();
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Result<void> commit();
  /// The error, told of the file that the user named.
  [[nodiscard]] Error about_target(Error error) const;

 private:
  const std::string named_, target_, path_;
  const RemoveWhenInterrupted guard_;
  bool committed_ = false;
};

}  // namespace tailback::cli
