// The thread `tailback`: takes samples, lets the triggers decide, captures. It never waits for the disk, for symbols or for the allocator.
//
//   sampling ──every interval, or when poked──▶ sample → engine → capture → queue ──▶ sampling
//            ──a request──▶ the same, and a capture in any case ──▶ sampling
//            ──stop()──▶ last sample → queue → ended
//
// Once running it allocates nothing, so that it goes on beside a thread that is stuck inside malloc.
// Thread safety: run() on its thread; request(), poke() and stop() from any.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "runtime/capture/capturer.h"
#include "runtime/locks/snapshot_pool.h"
#include "runtime/metrics/sampler.h"
#include "runtime/recorder/dump_request.h"
#include "runtime/recorder/event_queue.h"
#include "runtime/recorder/tallies.h"
#include "runtime/trigger/engine.h"

namespace tailback {

class Observer {
 public:
  /// `capturer` may be null: then breaches are recorded without dumps.
  Observer(Sampler& sampler, TriggerEngine engine, Capturer* capturer, EventQueue& queue, Tallies& tallies, std::chrono::nanoseconds interval)
      : sampler_(sampler), engine_(std::move(engine)), capturer_(capturer), queue_(queue), tallies_(tallies), interval_(interval) {
    sample_.values.reserve(Sampler::most_values());
  }

  void run();

  /// Asks for a dump; false when too many are waiting.
  bool request(std::shared_ptr<DumpRequest> request);
  /// Takes a sample now, because something is known to have happened.
  void poke();
  void stop();
  /// Of dumps; the writing thread gives snapshots back.
  [[nodiscard]] locks::SnapshotPool& snapshots() { return snapshots_; }

 private:
  static constexpr std::size_t kMostRequests = 16;
  struct Wake {
    bool sample = false, poked = false, stop = false;
    std::shared_ptr<DumpRequest> request;
  };

  Wake wait();
  void push_stop();
  void observe(bool fresh);
  void announce(const Decision& decision);
  void capture(std::string_view reason, const Decision* decision, std::shared_ptr<DumpRequest> request);
  void publish_counts();

  Sampler& sampler_;
  TriggerEngine engine_;
  Capturer* const capturer_;
  EventQueue& queue_;
  Tallies& tallies_;
  const std::chrono::nanoseconds interval_;
  std::chrono::steady_clock::time_point next_;
  Sample sample_;
  locks::SnapshotPool snapshots_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable woken_;
  std::array<std::shared_ptr<DumpRequest>, kMostRequests> requests_;
  std::size_t request_count_ = 0;
  bool poked_ = false, stopping_ = false;
};

}  // namespace tailback
