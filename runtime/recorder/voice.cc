#include "runtime/recorder/voice.h"

#include <unistd.h>

namespace tailback {

void Voice::say(std::string_view line) const noexcept {
  try {
    if (log_) return log_(line);
    if (quiet_) return;
    // One write, so that the line stays whole among others'.
    const std::string whole = "tailback: " + std::string(line) + '\n';
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, whole.data(), whole.size());
  } catch (...) {
  }
}

}  // namespace tailback
