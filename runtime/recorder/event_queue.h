// What the observing thread hands to the writing thread, in order, without an allocation.
//
// A ring of slots made beforehand. The writer may stand for seconds on a disk, or for ever on a stuck allocator; then the ring fills,
// samples are dropped and counted, and the last slots stay reserved for what matters more: openings, closings and dumps.
//
// Thread safety: one thread pushes, one pops.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <semaphore>
#include <utility>
#include <vector>

#include "runtime/capture/capturer.h"
#include "runtime/incident/model.h"
#include "runtime/trigger/engine.h"

namespace tailback {

struct DumpRequest;
namespace locks {
struct Snapshot;
}

struct RecorderEvent {
  enum class Kind : std::uint8_t { kSample, kOpened, kClosed, kDump, kStop };
  Kind kind = Kind::kSample;
  Sample sample;          ///< kSample; its vector keeps its room from one use to the next
  Decision decision;      ///< kOpened, kClosed; of a kDump the one that asked for it
  bool by_trigger = false;                ///< of a kDump
  std::int64_t wall_ns = 0;               ///< of the sample that led to it
  RawDump raw;                            ///< kDump
  const locks::Snapshot* locks = nullptr; ///< kDump: the lock registry right after; null: none. Given back by whoever takes the event
  bool locks_lost = false;                ///< kDump: there was a registry, and no snapshot free for it
  std::shared_ptr<DumpRequest> request;   ///< of a kDump that was asked for
};

class EventQueue {
 public:
  static constexpr std::size_t kSlots = 256;
  static constexpr std::size_t kReserved = 64;  ///< for what is no sample

  explicit EventQueue(std::size_t values_of_a_sample) : slots_(kSlots) {
    for (RecorderEvent& slot : slots_) slot.sample.values.reserve(values_of_a_sample);
  }

  /// Lets `fill` write into the next free slot. False, and nothing done, when there is none.
  template <class Fill>
  bool push(bool sample, Fill&& fill) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    const std::size_t used = head - tail_.load(std::memory_order_acquire);
    if (used >= kSlots - (sample ? kReserved : 0)) return false;
    fill(slots_[head % kSlots]);
    head_.store(head + 1, std::memory_order_release);
    ready_.release();
    return true;
  }

  /// The oldest event, or null when none came within `patience`. Its slot is free again at done().
  RecorderEvent* front(std::chrono::nanoseconds patience) {
    return ready_.try_acquire_for(patience) ? &slots_[tail_.load(std::memory_order_relaxed) % kSlots] : nullptr;
  }
  void done() {
    slots_[tail_.load(std::memory_order_relaxed) % kSlots].request.reset();
    tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

 private:
  std::vector<RecorderEvent> slots_;
  std::atomic<std::size_t> head_{0}, tail_{0};
  std::counting_semaphore<> ready_{0};
};

}  // namespace tailback
