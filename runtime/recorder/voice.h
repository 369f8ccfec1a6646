// The recorder's lines: to the service's log function, or to standard error.
#pragma once

#include <string>
#include <string_view>

#include <tailback/recorder.h>

namespace tailback {

class Voice {
 public:
  explicit Voice(const RecorderOptions& options) : log_(options.log), quiet_(options.quiet) {}
  /// One line; what a log function throws is swallowed.
  void say(std::string_view line) const noexcept;

 private:
  std::function<void(std::string_view)> log_;
  bool quiet_;
};

}  // namespace tailback
