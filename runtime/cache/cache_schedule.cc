#include <time.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include <tailback/cache_support.h>

namespace tailback {

namespace {

constexpr std::int64_t kPublishEvery = 1'000'000'000;

// "shop.users" and "shop-users" alike become a word that a trigger can use.
std::string metric_prefix(const std::string& name) {
  std::string word = "cache_" + name;
  for (char& c : word) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!fits) c = '_';
  }
  return word;
}

}  // namespace

struct CacheSchedule::Metrics {
  explicit Metrics(const std::string& prefix)
      : entries(gauge(prefix + "_entries")), in_flight(gauge(prefix + "_loads_in_flight")), oldest(gauge(prefix + "_oldest_load_seconds", "seconds")),
        hits(counter(prefix + "_hits_total")), misses(counter(prefix + "_misses_total")), loads(counter(prefix + "_loads_total")),
        failures(counter(prefix + "_load_failures_total")), evictions(counter(prefix + "_evictions_total")) {}

  void set(const CacheStatistics& now) const {
    entries.set(static_cast<double>(now.entries));
    in_flight.set(static_cast<double>(now.loads_in_flight));
    oldest.set(std::chrono::duration<double>(now.oldest_load).count());
    hits.set(static_cast<double>(now.hits));
    misses.set(static_cast<double>(now.misses));
    loads.set(static_cast<double>(now.loads));
    failures.set(static_cast<double>(now.load_failures));
    evictions.set(static_cast<double>(now.evictions));
  }

  Gauge entries, in_flight, oldest, hits, misses, loads, failures, evictions;
};

CacheSchedule::CacheSchedule(const CacheOptions& options, CacheWork& work)
    : options_(options), work_(work), metrics_(std::make_unique<Metrics>(metric_prefix(options.name))),
      load_since_(std::max<std::size_t>(1, options.concurrency)) {
  // The shards take turns over the interval, so that the store sees a steady stream rather than a burst.
  const std::int64_t begin = now();
  for (std::size_t i = 0; i < kCacheShards; ++i) {
    shard_due_.push_back(begin + options_.interval.count() * static_cast<std::int64_t>(i + 1) / static_cast<std::int64_t>(kCacheShards));
  }
}

CacheSchedule::~CacheSchedule() = default;

std::int64_t CacheSchedule::now() const {
  return options_.now ? options_.now() : std::chrono::steady_clock::now().time_since_epoch().count();
}

std::int64_t CacheSchedule::coarse_now() const {
  if (options_.now) return options_.now();
  timespec tick{};  // libstdc++'s steady_clock is CLOCK_MONOTONIC
  clock_gettime(CLOCK_MONOTONIC_COARSE, &tick);
  return tick.tv_sec * 1'000'000'000 + tick.tv_nsec;
}

std::uint64_t CacheSchedule::random() noexcept {
  // splitmix64 (Steele, Lea, Flood, 2014)
  std::uint64_t z = random_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

void CacheSchedule::start() {
  const std::lock_guard hold(mutex_);
  for (std::size_t worker = 0; worker < load_since_.size(); ++worker) {
    try {
      std::thread([keep = work_.share(), this, worker] { run(worker); }).detach();
      ++workers_;
    } catch (const std::system_error&) {
      if (workers_ == 0) throw;
      return;  // fewer must do
    }
  }
}

// The shard whose turn is the most overdue; kCacheShards: none's has come.
std::size_t CacheSchedule::due_shard(std::int64_t now_ns) const {
  const auto first = std::min_element(shard_due_.begin(), shard_due_.end());
  return *first <= now_ns ? static_cast<std::size_t>(first - shard_due_.begin()) : kCacheShards;
}

// The next batch to load; null: stopping. The lock is given up while a shard's keys are taken.
std::shared_ptr<void> CacheSchedule::next(std::unique_lock<std::mutex>& hold) {
  for (;;) {
    if (stopping()) return nullptr;
    for (auto* queue : {&misses_, &refreshes_}) {
      if (queue->empty()) continue;
      std::shared_ptr<void> batch = std::move(queue->front());
      queue->pop_front();
      return batch;
    }
    const std::int64_t now_ns = now();
    if (const std::size_t shard = due_shard(now_ns); shard != kCacheShards) {
      const double moved = options_.jitter * (static_cast<double>(random() % 2048) / 1024 - 1);
      shard_due_[shard] = now_ns + static_cast<std::int64_t>(static_cast<double>(options_.interval.count()) * (1 + moved));
      hold.unlock();
      std::vector<std::shared_ptr<void>> batches = work_.refresh(shard);
      hold.lock();
      refreshes_.insert(refreshes_.end(), batches.begin(), batches.end());
      if (batches.size() > 1) changed_.notify_all();
      continue;
    }
    const std::int64_t until = *std::min_element(shard_due_.begin(), shard_due_.end());
    if (options_.now) {
      changed_.wait(hold);  // the clock is a test's, which says when it has moved
    } else {
      changed_.wait_for(hold, std::chrono::nanoseconds(until - now_ns));
    }
  }
}

void CacheSchedule::run(std::size_t worker) {
  std::unique_lock hold(mutex_);
  for (;;) {
    std::shared_ptr<void> batch;
    try {
      batch = next(hold);
    } catch (...) {  // out of memory while a shard's keys were taken: its turn comes again
      if (!hold.owns_lock()) hold.lock();
      failures_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (batch == nullptr) break;
    load_since_[worker].store(std::max<std::int64_t>(1, now()), std::memory_order_relaxed);
    hold.unlock();
    bool well = false;
    try {
      well = work_.load(batch);
    } catch (...) {
    }
    loads_.fetch_add(1, std::memory_order_relaxed);
    if (!well) failures_.fetch_add(1, std::memory_order_relaxed);
    batch.reset();
    publish();
    hold.lock();
    load_since_[worker].store(0, std::memory_order_relaxed);
    ended_.notify_all();
  }
  --workers_;
  ended_.notify_all();
}

void CacheSchedule::add_miss(std::shared_ptr<void> batch) {
  {
    const std::lock_guard hold(mutex_);
    misses_.push_back(std::move(batch));
  }
  changed_.notify_one();
  publish();
}

void CacheSchedule::wake() {
  { const std::lock_guard hold(mutex_); }
  changed_.notify_all();
}

std::size_t CacheSchedule::stop(std::chrono::milliseconds patience) {
  std::unique_lock hold(mutex_);
  if (!stopping_.exchange(true, std::memory_order_acq_rel)) {
    misses_.clear();
    refreshes_.clear();
    changed_.notify_all();
    hold.unlock();
    work_.stopped();
    hold.lock();
  }
  const auto loading = [&] {
    std::size_t count = 0;
    for (const auto& since : load_since_) count += since.load(std::memory_order_relaxed) != 0 ? 1 : 0;
    return count;
  };
  // Idle threads are soon gone; those in a loader have `patience`.
  ended_.wait(hold, [&] { return workers_ <= loading(); });
  ended_.wait_for(hold, patience, [&] { return workers_ == 0; });
  return workers_;
}

CacheStatistics CacheSchedule::statistics() const {
  CacheStatistics sums;
  work_.add_to(sums);
  sums.loads = loads_.load(std::memory_order_relaxed);
  sums.load_failures = failures_.load(std::memory_order_relaxed);
  sums.callback_failures = callback_failures_.load(std::memory_order_relaxed);
  sums.evictions = evictions_.load(std::memory_order_relaxed);
  const std::int64_t now_ns = now();
  for (const auto& since : load_since_) {
    const std::int64_t begun = since.load(std::memory_order_relaxed);
    if (begun == 0) continue;
    ++sums.loads_in_flight;
    sums.oldest_load = std::max(sums.oldest_load, std::chrono::nanoseconds(now_ns - begun));
  }
  const std::lock_guard hold(mutex_);
  sums.loads_waiting = misses_.size() + refreshes_.size();
  return sums;
}

// Once a second at most, by whoever comes by: a loader's thread, or a reader that missed, in case all loaders hang.
void CacheSchedule::publish() {
  const std::int64_t now_ns = now();
  {
    const std::lock_guard hold(mutex_);
    if (published_ns_ != 0 && now_ns - published_ns_ < kPublishEvery) return;
    published_ns_ = now_ns;
  }
  metrics_->set(statistics());
}

}  // namespace tailback
