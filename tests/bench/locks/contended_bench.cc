// Crowds at one lock: tailback's beside std's or glibc's of the same policy.
//
//   contended_bench [ROUNDS] [MILLISECONDS] [PART OF A NAME]
//
// All threads begin together, and each does a short section and then some work of its own until the time is up. In each round the two locks take
// turns, in an order that alternates, so that both see the same neighbours on the machine; shown are the median throughput of each and the median of the
// rounds' ratios, with its quartiles. 1.00x is as fast as the peer; more is faster.
#include <tailback/mutex.h>
#include <tailback/shared_mutex.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <thread>
#include <vector>

#include <pthread.h>

namespace {

using namespace tailback;

int rounds = 9;
std::string_view wanted;
std::chrono::milliseconds duration{60};

std::uint64_t work(std::uint64_t seed, int steps) {
  for (int i = 0; i < steps; ++i) seed = seed * 6364136223846793005u + 1442695040888963407u;
  return seed;
}

/// glibc's of the kind that lets no reader pass a waiting writer.
class GlibcPreferWriters {
 public:
  GlibcPreferWriters() {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lock_, &attributes);
    pthread_rwlockattr_destroy(&attributes);
  }
  ~GlibcPreferWriters() { pthread_rwlock_destroy(&lock_); }
  GlibcPreferWriters(const GlibcPreferWriters&) = delete;
  GlibcPreferWriters& operator=(const GlibcPreferWriters&) = delete;
  void lock() { pthread_rwlock_wrlock(&lock_); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { pthread_rwlock_rdlock(&lock_); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
};
using ReadersPreferred = policy_shared_mutex<lock_policy::prefer_readers>;
using WritersPreferred = policy_shared_mutex<lock_policy::prefer_writers>;

/// One operation in so many is exclusive; 0: none is.
template <class Mutex, unsigned kExclusiveEach>
double throughput(std::size_t threads) {
  Mutex mu;
  std::uint64_t guarded = 0;
  std::atomic<bool> end{false};
  std::atomic<std::uint64_t> total{0}, sink{0};
  std::barrier begin(static_cast<std::ptrdiff_t>(threads) + 1);
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < threads; ++i) {
    all.emplace_back([&, own = std::uint64_t{i}]() mutable {
      begin.arrive_and_wait();
      std::uint64_t mine = 0;
      for (; !end.load(std::memory_order_relaxed); ++mine) {
        if (kExclusiveEach != 0 && mine % std::max(kExclusiveEach, 1u) == 0) {
          const std::lock_guard guard(mu);
          guarded = work(guarded, 10);
        } else if constexpr (requires { mu.lock_shared(); }) {
          const std::shared_lock guard(mu);
          own ^= work(guarded, 10);
        }
        own = work(own, 40);
      }
      total += mine;
      sink += own;
    });
  }
  begin.arrive_and_wait();
  const auto from = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(duration);
  end = true;
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - from;
  for (auto& thread : all) thread.join();
  return static_cast<double>(total) / taken.count();
}

double quantile(std::vector<double> values, double at) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(at * static_cast<double>(values.size() - 1) + 0.5)];
}

template <class Peer, class Ours, unsigned kExclusiveEach>
void compare(std::string_view name) {
  if (name.find(wanted) == std::string_view::npos) return;
  for (std::size_t threads = 2; threads <= 64; threads *= 2) {
    std::vector<double> peer, ours, ratios;
    for (int round = 0; round < rounds; ++round) {
      if (round % 2 == 0) peer.push_back(throughput<Peer, kExclusiveEach>(threads));
      ours.push_back(throughput<Ours, kExclusiveEach>(threads));
      if (round % 2 == 1) peer.push_back(throughput<Peer, kExclusiveEach>(threads));
      ratios.push_back(ours.back() / peer.back());
    }
    std::printf("%-36s %3zu threads %8.2f %8.2f M/s   %5.2fx  (%.2f to %.2f)\n", name.data(), threads, quantile(peer, 0.5) / 1e6, quantile(ours, 0.5) / 1e6,
                quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75));
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) rounds = std::max(1, std::atoi(argv[1]));
  if (argc > 2) duration = std::chrono::milliseconds(std::max(1, std::atoi(argv[2])));
  if (argc > 3) wanted = argv[3];
  std::printf("%-36s             %8s %8s       ratio  (quartiles)\n", "", "peer", "tailback");
  compare<std::mutex, mutex, 1>("mutex");
  compare<std::shared_mutex, ReadersPreferred, 1>("writers, readers preferred");
  compare<GlibcPreferWriters, WritersPreferred, 1>("writers, writers preferred");
  compare<std::shared_mutex, ReadersPreferred, 0>("readers, readers preferred");
  compare<GlibcPreferWriters, WritersPreferred, 0>("readers, writers preferred");
  compare<std::shared_mutex, ReadersPreferred, 16>("15 of 16 read, readers preferred");
  compare<GlibcPreferWriters, WritersPreferred, 16>("15 of 16 read, writers preferred");
}
