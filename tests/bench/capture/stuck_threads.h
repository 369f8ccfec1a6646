// Many threads of this process, blocked like the modelled incident's: one reader that takes its read lock again behind a queued writer,
// a crowd of writers on 32 code paths, and 64 threads that wait for other things.
#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tailback::bench {

class StuckThreads {
 public:
  /// Starts them and returns when all are blocked. They stay so until the process ends. `error()` tells what did not work.
  explicit StuckThreads(std::size_t count);

  [[nodiscard]] std::size_t started() const { return started_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  std::size_t started_ = 0;
  std::string error_;
};

/// What stands in the way of `count` threads on this machine, one line each with the setting to change; empty: nothing.
[[nodiscard]] std::vector<std::string> obstacles(std::size_t count);

}  // namespace tailback::bench
