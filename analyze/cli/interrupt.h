// What happens to the program on SIGINT, SIGTERM and SIGPIPE.
//
// An interrupted command ends as the signal would have ended it, after the half-written output file is gone. A reader
// that closes the pipe early (`| head`) ends the program quietly, as it ends cat.
#pragma once

#include <string>

namespace tailback::cli {

void prepare_signals();

/// Names a file to remove when the program is interrupted; one at a time.
class RemoveWhenInterrupted {
 public:
  explicit RemoveWhenInterrupted(std::string path);
  ~RemoveWhenInterrupted();
  RemoveWhenInterrupted(const RemoveWhenInterrupted&) = delete;
  RemoveWhenInterrupted& operator=(const RemoveWhenInterrupted&) = delete;

 private:
  std::string path_;
};

}  // namespace tailback::cli
