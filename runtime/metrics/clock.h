// The time, behind an interface, so that tests have one of their own.
#pragma once

#include <chrono>
#include <cstdint>

namespace tailback {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::int64_t mono_ns() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  [[nodiscard]] virtual std::int64_t wall_ns() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
};

/// The real one; never destroyed, because the recorder's threads may outlive main().
[[nodiscard]] inline const Clock& system_clock() {
  static const Clock* const clock = new Clock;
  return *clock;
}

}  // namespace tailback
