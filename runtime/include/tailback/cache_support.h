// What of RefreshCache does not depend on its types: options, statistics, and the schedule of its loads.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <tailback/recorder.h>

namespace tailback {

enum class CacheState : std::uint8_t {
  fresh,    ///< as the store had it at the last refresh
  stale,    ///< the last load failed or is overdue; `age` says how old it is
  absent,   ///< the store has no such key
  loading,  ///< not known yet
  failed,   ///< not known, and the last load failed
  stopped,  ///< not known, and the cache loads no more
};

struct CacheOptions {
  std::string name = "cache";                                ///< part of its metrics' names
  std::chrono::nanoseconds interval = std::chrono::minutes(1); ///< between two loads of a key
  double jitter = 0.1;                                       ///< share of the interval by which refreshes are moved by chance
  std::chrono::nanoseconds time_to_live{0};                  ///< older values are not served; 0: however old
  std::chrono::nanoseconds negative_time_to_live = std::chrono::seconds(10);  ///< of "no such key"; asked for later, it is loaded again
  std::chrono::nanoseconds retry_after = std::chrono::seconds(1);  ///< a failed first load is tried again when asked for after that
  std::chrono::nanoseconds evict_after = std::chrono::minutes(10); ///< keys not asked for so long are forgotten
  std::size_t capacity = 1u << 20;                           ///< keys; beyond, those asked for longest ago go (by sampling, in each of 64 parts)
  std::size_t concurrency = 4;                               ///< loads in flight, of misses and refreshes together
  std::size_t batch_size = 256;                              ///< keys for a batch loader at once
  std::function<void(std::string_view why)> on_failure;      ///< after each failed load, on its thread
  /// Nanoseconds on a clock that never goes back; for tests, which then call wake(). Empty: the steady clock.
  std::function<std::int64_t()> now;
};

struct CacheStatistics {
  std::uint64_t hits = 0, misses = 0, loads = 0, load_failures = 0, callback_failures = 0, evictions = 0;
  std::size_t entries = 0;
  std::size_t loads_in_flight = 0, loads_waiting = 0;
  std::chrono::nanoseconds oldest_load{0};                   ///< how long the load in flight that takes longest has taken
};

inline constexpr std::size_t kCacheShards = 64;

/// What the schedule asks of the cache that it works for.
class CacheWork {
 public:
  virtual ~CacheWork() = default;
  virtual std::vector<std::shared_ptr<void>> refresh(std::size_t shard) = 0;
  virtual bool load(const std::shared_ptr<void>& batch) = 0;  ///< false: failed
  virtual void stopped() = 0;
  virtual void add_to(CacheStatistics& sums) const = 0;
  virtual std::shared_ptr<CacheWork> share() = 0;             ///< keeps cache and schedule alive while a thread works for them
};

/// The cache's threads and what they do next: misses first, then shards whose turn has come.
class CacheSchedule {
 public:
  CacheSchedule(const CacheOptions& options, CacheWork& work);
  ~CacheSchedule();

  void start();
  std::size_t stop(std::chrono::milliseconds patience);
  void wake();
  void add_miss(std::shared_ptr<void> batch);

  [[nodiscard]] std::int64_t now() const;
  /// The same clock as of the kernel's last tick (1 to 10 ms ago), for a fraction of the price: what a read needs.
  [[nodiscard]] std::int64_t coarse_now() const;
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }
  std::uint64_t next_ticket() noexcept { return ticket_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t random() noexcept;
  void count_eviction() noexcept { evictions_.fetch_add(1, std::memory_order_relaxed); }
  void count_callback_failure() noexcept { callback_failures_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] CacheStatistics statistics() const;

 private:
  struct Metrics;
  void run(std::size_t worker);
  std::shared_ptr<void> next(std::unique_lock<std::mutex>& hold);
  std::size_t due_shard(std::int64_t now) const;
  void publish();

  const CacheOptions& options_;
  CacheWork& work_;
  std::unique_ptr<Metrics> metrics_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> ticket_{1}, random_{0x9e3779b97f4a7c15}, evictions_{0}, callback_failures_{0}, loads_{0}, failures_{0};
  std::vector<std::atomic<std::int64_t>> load_since_;  // by worker; 0: not loading

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_, ended_;
  std::deque<std::shared_ptr<void>> misses_, refreshes_;
  std::vector<std::int64_t> shard_due_;
  std::size_t workers_ = 0;
  std::int64_t published_ns_ = 0;
};

}  // namespace tailback
