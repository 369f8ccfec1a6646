// A cache that refreshes by itself the keys that have been asked for, and never makes a reader wait for the store but when it wants to.
//
//   tailback::RefreshCache<std::string, User> users({.name = "users"}, [db](const std::string& id) { return db->find(id); });
//   if (auto user = users.get("ada")) greet(*user);            // from memory; a miss registers the key and returns at once
//   auto user = users.get("ada", std::chrono::seconds(1));     // a miss waits for its first load, as long as that
//
// Every key is loaded again once an interval, spread over it, by a bounded number of threads of the cache's own. At most one load of a key
// is in flight. A load that fails leaves the value as it was, with its age. "There is no such key" is an answer, and is kept too.
//
// No lock is held while a loader or callback of the user's runs. What they throw is contained and counted.
//
// Thread safety: all members. Blocks: get(key) never for a load; get(key, wait) up to `wait`; stop() never for a loader.
// Ownership: a loader that hangs outlives the cache, with the loader object and a share of the cache's state: let it own what it uses.
// Errors: the constructor throws std::system_error when no thread is to be had, std::bad_alloc as containers do. get() may throw
// std::bad_alloc and what Key's hash, comparison and copy throw.
// Cost: tests/bench/cache.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tailback/cache_readers.h>
#include <tailback/cache_support.h>
#include <tailback/cache_table.h>
#include <tailback/shared_mutex.h>

namespace tailback {

template <class Value>
struct CacheResult {
  CacheState state = CacheState::loading;
  std::shared_ptr<const Value> value;    ///< of fresh and stale
  std::chrono::nanoseconds age{0};       ///< of the value, or of the knowledge that there is none

  explicit operator bool() const noexcept { return value != nullptr; }
  const Value& operator*() const { return *value; }
  const Value* operator->() const { return value.get(); }
};

template <class Key, class Value, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>>
class RefreshCache {
 public:
  using Result = CacheResult<Value>;
  /// The value; none: there is no such key.
  using Loader = std::function<std::optional<Value>(const Key&)>;
  /// One for each key, in their order. A result of another length counts as a failure.
  using BatchLoader = std::function<std::vector<std::optional<Value>>(const std::vector<Key>&)>;

  RefreshCache(CacheOptions options, Loader loader) : RefreshCache(std::move(options), one_by_one(std::move(loader)), 1) {}
  RefreshCache(CacheOptions options, BatchLoader loader) : RefreshCache(std::move(options), std::move(loader), 0) {}
  ~RefreshCache() { stop(); }
  RefreshCache(const RefreshCache&) = delete;
  RefreshCache& operator=(const RefreshCache&) = delete;

  /// What memory knows. A miss registers the key, to be loaded at once.
  Result get(const Key& key) { return state_->get(key); }
  /// The same, but a miss waits for its first load.
  Result get(const Key& key, std::chrono::nanoseconds wait) {
    Result result = state_->get(key);
    return result.state == CacheState::loading ? state_->wait_for(key, wait) : result;
  }
  /// Forgets a key; a load in flight is not stored.
  void erase(const Key& key) { state_->erase(key); }

  /// All keys, each shard's taken under its lock once.
  [[nodiscard]] std::vector<Key> keys() const { return state_->keys(); }
  [[nodiscard]] CacheStatistics statistics() const { return state_->statistics(); }

  /// Ends refreshing: idle threads end, those in a loader are left to end by themselves, waiting readers get `stopped`. What is in memory is
  /// still served. Returns how many loaders are still running after `patience`.
  std::size_t stop(std::chrono::milliseconds patience = std::chrono::milliseconds(0)) { return state_->stop(patience); }

  /// For tests with a clock of their own: time has moved.
  void wake() { state_->schedule.wake(); }

 private:
  // A load makes a new one. A reader without the lock may see the former for an instant; where that would make it load, it looks again with
  // the lock.
  struct Entry {
    std::int64_t loaded_ns = 0;                    // when `value`, or that there is none, became known
    bool known = false;                            // loaded once
    std::optional<const Value> value;              // with `known`; none: the store has no such key
    // Written with the shard locked:
    std::atomic<std::int64_t> failed_ns{0};        // when a load failed last; 0: the last one did not
    std::atomic<std::uint64_t> ticket{0};          // of the load in flight; 0: none. Written last and read first
    // Written by readers:
    mutable std::atomic<std::int64_t> asked_ns{0};
  };
  using Table = detail::CacheTable<Key, Entry, Equal>;
  using Node = typename Table::Node;
  struct alignas(64) Shard {
    Table entries;
    mutable shared_mutex mutex{"RefreshCache.shard", lock_policy::prefer_readers};
    std::condition_variable_any loaded;            // for those who wait for a first load
    std::size_t waiting = 0;
    std::atomic<std::uint64_t> locked_hits{0}, misses{0};
  };
  /// Keys whose loads go together; each with the ticket that its entry must still have for the result to be stored.
  struct Batch {
    std::vector<Key> keys;
    std::vector<std::uint64_t> tickets;
  };

  struct State final : CacheWork, std::enable_shared_from_this<State> {
    State(CacheOptions options_, BatchLoader loader_, std::size_t batch_size_)
        : options(std::move(options_)), loader(std::move(loader_)), batch_size(batch_size_), schedule(options, *this), shards(kCacheShards) {}

    static std::uint64_t hash_of(const Key& key) { return detail::mix_hash(Hash{}(key)); }
    // By the upper bits; the slot in the shard goes by the lower.
    Shard& shard_of(std::uint64_t hash) { return shards[(hash >> 48) % kCacheShards]; }

    // What an entry gives a reader now, and whether it should be loaded.
    struct Verdict {
      CacheState state = CacheState::loading;
      bool load = false;
      bool serve = false;
      std::int64_t age_ns = 0;
      [[nodiscard]] Result of(const Node& node) const {
        if (!serve) return {state, nullptr, std::chrono::nanoseconds(age_ns)};
        return {state, std::shared_ptr<const Value>(node.self, &*node.entry.value), std::chrono::nanoseconds(age_ns)};
      }
    };
    Verdict look(const Entry& entry, std::int64_t now) const {
      const bool loading = entry.ticket.load(std::memory_order_acquire) != 0;
      const std::int64_t failed_ns = entry.failed_ns.load(std::memory_order_relaxed);
      const bool retry = !loading && (failed_ns == 0 || now - failed_ns >= options.retry_after.count());
      if (!entry.known) return {failed_ns != 0 && !loading ? CacheState::failed : CacheState::loading, retry};
      const std::int64_t age = std::max<std::int64_t>(0, now - entry.loaded_ns);  // `now` may be from before the load
      if (!entry.value.has_value()) {
        if (age < options.negative_time_to_live.count()) return {CacheState::absent, false, false, age};
        return {failed_ns != 0 ? CacheState::absent : CacheState::loading, retry, false, age};
      }
      if (options.time_to_live.count() > 0 && age >= options.time_to_live.count()) {
        return {retry || loading ? CacheState::loading : CacheState::failed, retry, false, age};
      }
      const bool stale = failed_ns != 0 || age > 2 * options.interval.count();
      return {stale ? CacheState::stale : CacheState::fresh, false, true, age};
    }

    Result get(const Key& key) {
      const std::int64_t now = schedule.coarse_now();
      const std::uint64_t hash = hash_of(key);
      Shard& shard = shard_of(hash);
      {
        detail::CacheVisit visit(readers);
        std::shared_lock hold(shard.mutex, std::defer_lock);
        if (!visit) hold.lock();
        if (const Node* node = shard.entries.find_node(key, hash)) {
          const Entry& entry = node->entry;
          // Not written with every read: the line is other readers', too.
          if (now - entry.asked_ns.load(std::memory_order_relaxed) > kAskedGrain) entry.asked_ns.store(now, std::memory_order_relaxed);
          Verdict verdict = look(entry, now);
          if (!verdict.load) {
            if (verdict.state == CacheState::loading) {
              shard.misses.fetch_add(1, std::memory_order_relaxed);
              if (schedule.stopping()) verdict.state = CacheState::stopped;
            } else if (visit) {
              visit.count_hit();
            } else {
              shard.locked_hits.fetch_add(1, std::memory_order_relaxed);
            }
            return verdict.of(*node);
          }
        }
      }
      shard.misses.fetch_add(1, std::memory_order_relaxed);
      return register_key(shard, key, hash, now);
    }

    Result register_key(Shard& shard, const Key& key, std::uint64_t hash, std::int64_t now) {
      Batch batch;
      Result result;
      typename Table::Released released;
      {
        const std::lock_guard hold(shard.mutex);
        if (schedule.stopping()) return {CacheState::stopped, nullptr, {}};
        Node* node = shard.entries.find_node(key, hash);
        if (node == nullptr) {
          make_room(shard);
          node = shard.entries.add_node(key, hash);
        }
        Entry& entry = node->entry;
        shard.entries.release(readers, released);
        entry.asked_ns.store(now, std::memory_order_relaxed);
        const Verdict verdict = look(entry, now);
        result = verdict.of(*node);
        if (!verdict.load) return result;  // another thread was first
        batch.keys.push_back(key);
        batch.tickets.push_back(schedule.next_ticket());
        entry.ticket.store(batch.tickets.back(), std::memory_order_release);
        if (result.state == CacheState::failed) result.state = CacheState::loading;
      }
      schedule.add_miss(std::make_shared<Batch>(std::move(batch)));
      return result;
    }

    Result wait_for(const Key& key, std::chrono::nanoseconds wait) {
      const std::uint64_t hash = hash_of(key);
      Shard& shard = shard_of(hash);
      const auto deadline = std::chrono::steady_clock::now() + std::min<std::chrono::nanoseconds>(wait, std::chrono::hours(24 * 365));
      std::unique_lock hold(shard.mutex);
      ++shard.waiting;
      Result result;
      for (;;) {
        const Node* node = shard.entries.find_node(key, hash);
        if (node == nullptr) {
          result = {CacheState::failed, nullptr, {}};  // erased, or evicted while it was loading
          break;
        }
        result = look(node->entry, schedule.now()).of(*node);
        if (result.state != CacheState::loading) break;
        if (schedule.stopping()) {
          result.state = CacheState::stopped;
          break;
        }
        if (shard.loaded.wait_until(hold, deadline) == std::cv_status::timeout && std::chrono::steady_clock::now() >= deadline) break;
      }
      --shard.waiting;
      return result;
    }

    // With the shard locked. Of a few keys by chance the one asked for longest ago goes.
    void make_room(Shard& shard) {
      const std::size_t most = std::max<std::size_t>(1, options.capacity / kCacheShards);
      while (shard.entries.size() >= most) {
        shard.entries.erase_least_of(kEvictionSample, schedule.random(),
                                     [](const Entry& entry) { return entry.asked_ns.load(std::memory_order_relaxed); });
        schedule.count_eviction();
      }
    }

    void erase(const Key& key) {
      const std::uint64_t hash = hash_of(key);
      Shard& shard = shard_of(hash);
      typename Table::Released released;
      {
        const std::lock_guard hold(shard.mutex);
        shard.entries.erase(key, hash);
        shard.entries.release(readers, released);
      }
      shard.loaded.notify_all();
    }

    std::vector<Key> keys() const {
      std::vector<Key> all;
      for (const Shard& shard : shards) {
        const std::shared_lock hold(shard.mutex);
        shard.entries.for_each([&all](const Key& key, const Entry&) { all.push_back(key); });
      }
      return all;
    }

    // CacheWork: one shard's turn. Its keys are taken under its lock once; those not asked for go; the loads come later.
    std::vector<std::shared_ptr<void>> refresh(std::size_t index) override {
      const std::int64_t now = schedule.now();
      std::vector<std::shared_ptr<void>> batches;
      std::shared_ptr<Batch> batch;
      Shard& shard = shards[index];
      typename Table::Released released;
      const std::lock_guard hold(shard.mutex);
      shard.entries.erase_if([&](const Key& key, Entry& entry) {
        if (now - entry.asked_ns.load(std::memory_order_relaxed) > options.evict_after.count()) {
          schedule.count_eviction();
          return true;
        }
        if (entry.ticket.load(std::memory_order_relaxed) == 0) {
          if (batch == nullptr || batch->keys.size() >= batch_size) batches.push_back(batch = std::make_shared<Batch>());
          batch->keys.push_back(key);
          batch->tickets.push_back(schedule.next_ticket());
          entry.ticket.store(batch->tickets.back(), std::memory_order_release);
        }
        return false;
      });
      shard.entries.release(readers, released);
      return batches;
    }

    // CacheWork: no lock is held here but store()'s.
    bool load(const std::shared_ptr<void>& work) override {
      const auto& batch = *static_cast<const Batch*>(work.get());
      std::vector<std::optional<Value>> values;
      bool well = false;
      std::string why = "the loader returned another number of values than it was given keys";
      try {
        values = loader(batch.keys);
        well = values.size() == batch.keys.size();
      } catch (const std::exception& thrown) {
        why = thrown.what();
      } catch (...) {
        why = "the loader threw something that is no std::exception";
      }
      bool all_stored = true;
      for (std::size_t i = 0; i < batch.keys.size(); ++i) {
        all_stored = store(batch.keys[i], batch.tickets[i], well ? &values[i] : nullptr) && all_stored;
      }
      if (well && !all_stored) why = "no memory for what was loaded";
      if (!all_stored && options.on_failure) {
        try {
          options.on_failure(why);
        } catch (...) {
          schedule.count_callback_failure();
        }
      }
      return all_stored;
    }

    // Null: no memory, or the value can't be moved, which is a load that failed.
    static Node* node_of(const Key& key, std::optional<Value>& value) noexcept try {
      auto node = std::make_shared<Node>(key);
      if (value.has_value()) node->entry.value.emplace(*std::move(value));
      node->entry.known = true;
      return Node::own(std::move(node));
    } catch (...) {
      return nullptr;
    }

    bool store(const Key& key, std::uint64_t ticket, std::optional<Value>* value) {
      const std::uint64_t hash = hash_of(key);
      Shard& shard = shard_of(hash);
      Node* fresh = value != nullptr ? node_of(key, *value) : nullptr;
      typename Table::Released released;
      bool somebody_waits = false;
      {
        const std::lock_guard hold(shard.mutex);
        somebody_waits = shard.waiting > 0;
        Node* old = shard.entries.find_node(key, hash);
        if (old == nullptr || old->entry.ticket.load(std::memory_order_relaxed) != ticket) {
          if (fresh != nullptr) released.add(fresh);  // it was erased meanwhile, and perhaps registered anew
        } else if (fresh != nullptr) {
          fresh->entry.loaded_ns = schedule.now();
          fresh->entry.asked_ns.store(old->entry.asked_ns.load(std::memory_order_relaxed), std::memory_order_relaxed);
          shard.entries.replace(old, fresh, hash);
        } else {
          old->entry.failed_ns.store(std::max<std::int64_t>(1, schedule.now()), std::memory_order_relaxed);
          old->entry.ticket.store(0, std::memory_order_release);
        }
        shard.entries.release(readers, released);
      }
      if (somebody_waits) shard.loaded.notify_all();
      return fresh != nullptr;
    }

    // CacheWork: readers that wait must learn that nothing comes any more.
    void stopped() override {
      for (Shard& shard : shards) {
        { const std::lock_guard hold(shard.mutex); }  // one that has just looked is waiting now
        shard.loaded.notify_all();
      }
    }
    void add_to(CacheStatistics& sums) const override {
      sums.hits += readers.hits();
      for (const Shard& shard : shards) {
        sums.hits += shard.locked_hits.load(std::memory_order_relaxed);
        sums.misses += shard.misses.load(std::memory_order_relaxed);
        const std::shared_lock hold(shard.mutex);
        sums.entries += shard.entries.size();
      }
    }
    std::shared_ptr<CacheWork> share() override { return this->shared_from_this(); }

    CacheStatistics statistics() const { return schedule.statistics(); }
    std::size_t stop(std::chrono::milliseconds patience) { return schedule.stop(patience); }

    static constexpr std::int64_t kAskedGrain = 1'000'000'000;
    static constexpr std::size_t kEvictionSample = 8;

    const CacheOptions options;
    const BatchLoader loader;
    const std::size_t batch_size;
    CacheSchedule schedule;
    detail::CacheReaders readers;
    std::vector<Shard> shards;
  };

  RefreshCache(CacheOptions options, BatchLoader loader, std::size_t batch_size) {
    const std::size_t size = batch_size != 0 ? batch_size : std::max<std::size_t>(1, options.batch_size);
    state_ = std::make_shared<State>(std::move(options), std::move(loader), size);
    state_->schedule.start();
  }

  static BatchLoader one_by_one(Loader loader) {
    return [loader = std::move(loader)](const std::vector<Key>& keys) {
      std::vector<std::optional<Value>> values;
      values.push_back(loader(keys.front()));
      return values;
    };
  }

  std::shared_ptr<State> state_;
};

}  // namespace tailback
