// Metrics that the service itself adds: numbers that its threads set and the sampler reads.
//
// A gauge is one atomic number, so setting it costs a store and reading it can't block, whatever state the service is in. What can
// only be asked for (a callback, which may need the very lock that is stuck) does not belong here but on a probe's thread.
//
// Thread safety: all of it, from any thread. Gauges live as long as their board, which the recorder never destroys before its threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tailback {

struct GaugeCell {
  std::string name, unit;
  bool counter = false;
  std::atomic<double> value{std::numeric_limits<double>::quiet_NaN()};  // NaN until first set: not in samples
};

class GaugeBoard {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr std::size_t kMostName = 100, kMostUnit = 16;  ///< bytes

  /// The gauge of that name, made if it is new. Null when the board is full, the name can't be a metric's, or the unit is none.
  GaugeCell* add(std::string_view name, std::string_view unit, bool counter);

  /// Around a fork.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

  [[nodiscard]] std::size_t size() const { return count_.load(std::memory_order_acquire); }
  [[nodiscard]] const GaugeCell& at(std::size_t index) const { return *cells_[index]; }

 private:
  std::mutex mutex_;  // for adding; readers see only what count_ has published
  std::atomic<std::size_t> count_{0};
  std::unique_ptr<GaugeCell> cells_[kMost];
};

}  // namespace tailback
