#include "runtime/capture/capture_turn.h"

#include <ctime>
#include <unistd.h>

namespace tailback {
namespace {

enum class Purpose : std::uint64_t { kCapture = 1, kQuestion = 2 };

/// 0, or the process whose turn it is and what for.
std::atomic<std::uint64_t> turn{0};
/// Captures that wait for their turn.
std::atomic<std::uint32_t> waiting{0};

std::uint64_t mine(Purpose purpose) noexcept { return static_cast<std::uint64_t>(::getpid()) << 2 | static_cast<std::uint64_t>(purpose); }

/// 0 when taken; otherwise whose it is.
std::uint64_t take(std::uint64_t own) noexcept {
  std::uint64_t owner = 0;
  while (!turn.compare_exchange_weak(owner, own)) {
    if (owner >> 2 == own >> 2) return owner;  // else free, or left by the process that we were forked from
  }
  return 0;
}

}  // namespace

CaptureTurn CaptureTurn::for_capture(std::chrono::nanoseconds patience) noexcept {
  constexpr timespec kPause{0, 200'000};
  const auto end = std::chrono::steady_clock::now() + patience;
  ++waiting;
  std::uint64_t owner = 0;
  while ((owner = take(mine(Purpose::kCapture))) == mine(Purpose::kQuestion) && std::chrono::steady_clock::now() < end) {
    ::nanosleep(&kPause, nullptr);
  }
  --waiting;
  return CaptureTurn(owner == 0);
}

CaptureTurn CaptureTurn::for_question() noexcept { return CaptureTurn(waiting == 0 && take(mine(Purpose::kQuestion)) == 0); }

CaptureTurn::~CaptureTurn() {
  if (taken_) turn = 0;
}

}  // namespace tailback
