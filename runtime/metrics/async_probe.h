// Readings that may stall or hang, taken on a thread of their own.
//
// The sampler asks the probe at each sample, never waits for it, and takes what the probe has found last, with its age. A probe
// that has not come back within its deadline is *overdue*: no further one is started, the last values grow older, and
// that fact is itself a metric. After a reading that took d the next starts no sooner than 100 × d later, and 1000 × d when it took longer than
// the stall limit, for then the service's own threads felt it.
//
//   idle ──poll, due──▶ asked ──thread wakes──▶ reading ──▶ idle
//                                   reading, deadline passed: overdue, until it comes back
//
// Thread safety: poll() from one thread; stop() from any.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/metrics/clock.h"

namespace tailback {

struct ProbeOptions {
  std::int64_t deadline_ns = 50'000'000;
  std::int64_t stall_limit_ns = 20'000'000;
};

class AsyncProbe {
 public:
  static constexpr std::size_t kMostValues = 4;
  using Values = std::array<double, kMostValues>;

  /// What is read. Runs on the probe's thread; may block for ever.
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void read(Values& values) = 0;
  };

  struct Answer {
    Values values{};
    bool have_values = false;      ///< false until the first reading has come back
    std::int64_t age_ns = 0;       ///< of the values
    bool overdue = false;
    std::int64_t last_duration_ns = 0;
  };

  /// Starts the thread (all signals blocked), named `thread_name` (15 characters at most). Null when no thread can be had.
  static std::unique_ptr<AsyncProbe> start(const char* thread_name, std::unique_ptr<Reader> reader, ProbeOptions options = {},
                                           const Clock& clock = system_clock());
  /// Ends the thread, or leaves it behind with what it uses when it hangs.
  ~AsyncProbe();
  AsyncProbe(const AsyncProbe&) = delete;
  AsyncProbe& operator=(const AsyncProbe&) = delete;

  /// Asks for a reading if one is due. Does not block.
  void ask();
  /// What is known now. Does not block.
  [[nodiscard]] Answer answer() const;

 private:
  struct Shared;
  explicit AsyncProbe(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  std::shared_ptr<Shared> shared_;
};

}  // namespace tailback
