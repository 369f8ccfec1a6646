// Whose turn it is to signal threads: one at a time in a process, because the slots of the answers are shared.
//
// A capture comes first. It waits for the question of a guard scan that is under way, which takes a fraction of a second; no question
// begins while a capture waits. A second capture at the same time is refused at once, for the first may take seconds.
//
// Thread safety: any thread. No malloc, no lock. Fork: a turn that the parent had while it forked is nobody's in the child.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tailback {

class CaptureTurn {
 public:
  /// Ten times what a question may take: its thread needs a processor too.
  static constexpr std::chrono::seconds kPatience{2};

  [[nodiscard]] static CaptureTurn for_capture(std::chrono::nanoseconds patience = kPatience) noexcept;
  [[nodiscard]] static CaptureTurn for_question() noexcept;
  ~CaptureTurn();
  CaptureTurn(const CaptureTurn&) = delete;
  CaptureTurn& operator=(const CaptureTurn&) = delete;
  [[nodiscard]] bool taken() const noexcept { return taken_; }

 private:
  explicit CaptureTurn(bool taken) noexcept : taken_(taken) {}
  bool taken_;
};

}  // namespace tailback
