// Reads of a cache whose keys are all in memory: RefreshCache beside what a service would write by hand.
//
//   cache_bench --benchmark_repetitions=5              100,000 keys
//   TAILBACK_BENCH_KEYS=10000000 cache_bench           the size of the largest service that was asked about
#include <tailback/refresh_cache.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <random>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#ifdef TAILBACK_HAVE_TBB
#include <tbb/concurrent_hash_map.h>
#endif

#include "tests/bench/locks/pairs.h"

namespace {

using Key = std::uint64_t;
using Value = std::shared_ptr<const std::uint64_t>;
using Cache = tailback::RefreshCache<Key, std::uint64_t>;

std::size_t keys() {
  static const std::size_t count = std::getenv("TAILBACK_BENCH_KEYS") ? std::strtoull(std::getenv("TAILBACK_BENCH_KEYS"), nullptr, 10) : 100'000;
  return count;
}

// Keys in the order in which they come: not one after the other, which would lay a map's nodes side by side as no service's are.
std::vector<Key> arriving() {
  std::vector<Key> all(keys());
  std::iota(all.begin(), all.end(), Key{0});
  std::shuffle(all.begin(), all.end(), std::mt19937_64(1));
  return all;
}

template <class Get>
void read(benchmark::State& state, Get get) {
  std::uint64_t at = static_cast<std::uint64_t>(state.thread_index()) * 7919;
  for (auto _ : state) {
    at = at * 6364136223846793005u + 1442695040888963407u;
    benchmark::DoNotOptimize(get((at >> 33) % keys()));
  }
}

Key itself(Key key) { return key; }

// The hand-written twin: one map, one read-write lock.
struct ByHand {
  std::shared_mutex mutex;
  std::unordered_map<Key, Value> values;
  explicit ByHand(Key (*key_of)(Key) = itself) {
    for (const Key key : arriving()) values.emplace(key_of(key), std::make_shared<std::uint64_t>(key));
  }
};

void by_hand(benchmark::State& state) {
  static ByHand* const map = new ByHand;
  read(state, [](Key key) {
    const std::shared_lock hold(map->mutex);
    const auto found = map->values.find(key);
    return found == map->values.end() ? Value{} : found->second;
  });
}

Cache* filled(const char* name, Key (*key_of)(Key)) {
  tailback::CacheOptions options{.name = name, .interval = std::chrono::hours(1), .capacity = keys() * 2, .batch_size = 4096};
  auto* made = new Cache(options, Cache::BatchLoader([](const std::vector<Key>& wanted) {
    return std::vector<std::optional<std::uint64_t>>(wanted.begin(), wanted.end());
  }));
  for (const Key key : arriving()) made->get(key_of(key));
  while (made->statistics().loads_waiting > 0 || made->statistics().loads_in_flight > 0) std::this_thread::yield();
  return made;
}

Cache& cache() {
  static Cache* const only = filled("bench", itself);
  return *only;
}

void refresh_cache(benchmark::State& state) {
  Cache& c = cache();
  read(state, [&c](Key key) { return c.get(key); });
}

// Keys far apart, as hashed names are: the numbers from 0 are the best case of a map whose hash is the number itself, as none collides.
Key apart(Key key) { return tailback::detail::mix_hash(key); }

void by_hand_apart(benchmark::State& state) {
  static ByHand* const map = new ByHand(apart);
  read(state, [](Key key) {
    const std::shared_lock hold(map->mutex);
    const auto found = map->values.find(apart(key));
    return found == map->values.end() ? Value{} : found->second;
  });
}

void refresh_cache_apart(benchmark::State& state) {
  static Cache* const c = filled("bench_apart", apart);
  read(state, [](Key key) { return c->get(apart(key)); });
}
#ifdef TAILBACK_HAVE_TBB
template <Key (*key_of)(Key)>
void tbb_map(benchmark::State& state) {
  using Map = tbb::concurrent_hash_map<Key, Value>;
  static Map* const map = [] {
    auto* made = new Map;
    for (const Key key : arriving()) made->emplace(key_of(key), std::make_shared<std::uint64_t>(key));
    return made;
  }();
  read(state, [](Key key) {
    Map::const_accessor found;
    return map->find(found, key_of(key)) ? found->second : Value{};
  });
}
BENCHMARK(tbb_map<itself>)->Name("read/tbb")->ThreadRange(1, 16);
BENCHMARK(tbb_map<apart>)->Name("read, keys apart/tbb")->ThreadRange(1, 16);
#endif

BENCHMARK(by_hand_apart)->Name("read, keys apart/std")->ThreadRange(1, 16);
BENCHMARK(refresh_cache_apart)->Name("read, keys apart/tailback")->ThreadRange(1, 16);

BENCHMARK(by_hand)->Name("read/std")->ThreadRange(1, 16);
BENCHMARK(refresh_cache)->Name("read/tailback")->ThreadRange(1, 16);

// One write in a hundred beside the reads: the hand-written map stands still for it, as the refresher of the incident's service did.
void by_hand_refreshed(benchmark::State& state) {
  static ByHand* const map = new ByHand;
  int i = 0;
  read(state, [&i](Key key) {
    if (++i % 100 == 0) {
      const std::lock_guard hold(map->mutex);
      map->values[key] = std::make_shared<std::uint64_t>(key);
    }
    const std::shared_lock hold(map->mutex);
    const auto found = map->values.find(key);
    return found == map->values.end() ? Value{} : found->second;
  });
}
BENCHMARK(by_hand_refreshed)->Name("read, 1 of 100 written/std")->ThreadRange(1, 16);

void refresh_cache_refreshed(benchmark::State& state) {
  Cache& c = cache();
  int i = 0;
  read(state, [&c, &i](Key key) {
    if (++i % 100 == 0) c.erase(key);  // and the read registers it again, and a thread loads it
    return c.get(key);
  });
}
BENCHMARK(refresh_cache_refreshed)->Name("read, 1 of 100 written/tailback")->ThreadRange(1, 16);

}  // namespace

int main(int argc, char** argv) {
  // A service has threads. Until a process has had two, libstdc++ counts references without atomics: that would favour what runs first.
  std::thread([] {}).join();
  return tailback::bench::run_pairs(argc, argv);
}
