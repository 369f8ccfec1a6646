// Sends the capture signal to single threads, and collects what their handlers found.
//
// Thread safety: none; its user has the CaptureTurn. No malloc, no lock.
#pragma once

#include <chrono>
#include <cstdint>

#include "runtime/capture/signal_slots.h"
#include <tailback/result.h>

namespace tailback {

/// Chooses and installs the signal. `wanted` 0: the first real-time signal that nobody handles. Asked again it keeps the
/// one that is installed: a handler is never taken away, since a late signal would then end the process.
Result<int> install_capture_signal(int wanted);

enum class SendResult : std::uint8_t { kSent, kGone, kQueueFull, kFailed };

/// What became of one request.
class AnswerVisitor {
 public:
  virtual ~AnswerVisitor() = default;
  virtual void answered(std::uint32_t row, const SignalSlot& slot) noexcept = 0;
  virtual void unanswered(std::uint32_t row) noexcept = 0;
};

class Signaller {
 public:
  /// `deadline` is how long one request may stay unanswered; `overall`, from now on, limits all of them together.
  Signaller(int signal, std::chrono::nanoseconds deadline, std::chrono::nanoseconds overall, AnswerVisitor& visitor) noexcept;
  ~Signaller();  ///< waits for, or takes back, what is in flight
  Signaller(const Signaller&) = delete;
  Signaller& operator=(const Signaller&) = delete;

  /// Waits for a free slot first, if it must.
  SendResult send(pid_t tid, std::uint32_t row, SlotRequest request) noexcept;
  /// Waits until nothing is in flight or the deadline has passed.
  void drain() noexcept;
  [[nodiscard]] bool out_of_time() const noexcept { return now() >= overall_end_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Flight {
    bool used = false;
    std::uint32_t row = 0;
    std::uint64_t generation = 0;
    Time sent;
  };
  static Time now() noexcept { return std::chrono::steady_clock::now(); }
  std::size_t free_slot() noexcept;
  void collect() noexcept;
  bool take_back(std::size_t index) noexcept;
  void wait(std::uint32_t answers_seen) noexcept;

  int signal_;
  std::chrono::nanoseconds deadline_;
  Time overall_end_;
  AnswerVisitor& visitor_;
  std::array<Flight, kSignalSlots> flights_{};
  std::size_t in_flight_ = 0;
};

/// Catches faults of the unwinder while it lives.
class FaultGuard {
 public:
  FaultGuard() noexcept;
  ~FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;
};

}  // namespace tailback
