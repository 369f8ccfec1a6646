// The modelled service: a cache of values, the set of keys that have been asked for, a refresher that walks the keys every
// (scaled) minute, and requests that read the cache and register what they miss.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include <tailback/refresh_cache.h>

#include "samples/deadlock_service/key_set.h"
#include "samples/deadlock_service/stack_slab.h"

namespace deadlock_service {

class Cache {
 public:
  explicit Cache(HashSet& keys)
      : keys_(keys), values_({.name = "values", .concurrency = 1}, [](const std::string& key) { return std::optional("value of " + key); }) {}

  /// The value of a key; a miss registers the key, so that the next refresh loads it.
  std::string get(const std::string& key);

  /// Has the values of `keys` loaded from the backing store.
  void load(const std::vector<std::string>& keys);

  static constexpr std::size_t kThreads = 1;  ///< of its own

 private:
  HashSet& keys_;
  /// Keeps by itself the keys that were asked for, and refreshes them, without a lock that a reader could wait for. The key set beside it is the lesson:
  /// what the service had instead.
  tailback::RefreshCache<std::string, std::string> values_;
};

struct ServiceOptions {
  std::size_t requests = 0;    ///< threads that handle one request each
  std::size_t bystanders = 0;  ///< threads that do what threads of a healthy service do
  std::chrono::milliseconds minute{1000};   ///< how long a minute is
  std::chrono::milliseconds ramp{6000};     ///< over which the requests arrive
  bool fixed = false;
  bool lucky = false;      ///< faulty, but no key is walked while requests arrive
  bool instrumented = false;   ///< the key set's lock is one of tailback's
};

class Service {
 public:
  explicit Service(const ServiceOptions& options);

  /// Starts refresher and bystanders, then lets the requests arrive. Returns when all have; the number that could be started.
  std::size_t run();

 private:
  void start_bystanders();
  void refresh_for_ever();
  void walk();
  void handle_request(std::size_t number);

  const ServiceOptions options_;
  StackSlab stacks_;
  HashSet keys_;
  Cache cache_;
  std::atomic<std::size_t> minutes_{0};
  std::mutex idle_mutex_;
  std::condition_variable idle_;
};

}  // namespace deadlock_service
