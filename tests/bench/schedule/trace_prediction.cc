// Prediction on synthetic traces, generated as they are walked: events a second, and the memory that it takes.
//
//   trace_prediction [MILLIONS…]      default: 1 4 16; TAILBACK_LARGE_TRACES=1 adds 50
//
// Prints a table: events, threads, locks; what was found; seconds, events a second; peak memory of the process after it. Sizes ascend, so that a peak that stays the
// same is memory that did not grow.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "replay/schedule/predict_trace.h"

namespace tailback::replay {
namespace {

/// Threads that in turn do nested sections over some locks, always in the order of their numbers. With `inversions` every 100,000th event or so a section is done again
/// in the other order by the next thread.
class Synthetic final : public TraceStream {
 public:
  Synthetic(std::uint64_t events, std::uint32_t threads, std::uint32_t locks, bool inversions) : events_(events), threads_(threads), locks_(locks), inversions_(inversions) {
    for (std::uint32_t i = 0; i < locks; ++i) names_.locks.push_back({"l" + std::to_string(i), i % 2 ? LockKind::kRwlock : LockKind::kMutex, LockPolicy::kPreferWriters});
    for (std::uint32_t i = 0; i < threads; ++i) names_.threads.push_back("t" + std::to_string(i));
    for (std::uint32_t i = 1; i <= 64; ++i) names_.places.push_back("place " + std::to_string(i));
  }


  void walk(const std::function<void(const TraceEvent&)>& visit) const override {
    std::uint64_t state = 88172645463325252ull, done = 0;
    const auto next = [&] {
      state ^= state << 13;
      state ^= state >> 7;
      return state ^= state << 17;
    };
    std::uint32_t first = 0, second = 1;
    for (std::uint64_t round = 0; done < events_; ++round, done += 4) {
      const auto thread = static_cast<std::uint32_t>(round % threads_);
      if (inversions_ && round % 25'000 == 24'999) {
        std::swap(first, second);
      } else {
        first = static_cast<std::uint32_t>(next() % locks_);
        second = static_cast<std::uint32_t>(next() % locks_);
        if (first == second) second = (first + 1) % locks_;
        if (first > second) std::swap(first, second);
      }
      const auto place = static_cast<std::uint32_t>(1 + next() % 64);
      const LockMode mode = first % 2 && next() % 2 ? LockMode::kShared : LockMode::kExclusive;
      visit({TraceOperation::kAcquire, mode, thread, first, kNone, place});
      visit({TraceOperation::kAcquire, LockMode::kExclusive, thread, second, kNone, place});
      visit({TraceOperation::kRelease, LockMode::kExclusive, thread, second, kNone, place});
      visit({TraceOperation::kRelease, mode, thread, first, kNone, place});
    }
  }

 private:
  std::uint64_t events_;
  std::uint32_t threads_, locks_;
  bool inversions_;
};

/// The incident at its full size: one thread reads twice, 47,904 others write once each.
class Incident final : public TraceStream {
 public:
  Incident() {
    names_.locks.push_back({"HashSet.mu", LockKind::kRwlock, LockPolicy::kPreferWriters});
    for (std::uint32_t i = 0; i < 47'905; ++i) names_.threads.push_back("goroutine " + std::to_string(i));
    names_.places = {"", "Values", "Size", "AddOne"};
  }
  void walk(const std::function<void(const TraceEvent&)>& visit) const override {
    for (std::uint32_t i = 1; i < names_.threads.size(); ++i) visit({TraceOperation::kStart, LockMode::kExclusive, 0, kNone, i, 0});
    for (const std::uint32_t place : {1u, 2u}) visit({TraceOperation::kAcquire, LockMode::kShared, 0, 0, kNone, place});
    for (int i = 0; i < 2; ++i) visit({TraceOperation::kRelease, LockMode::kShared, 0, 0, kNone, 0});
    for (std::uint32_t i = 1; i < names_.threads.size(); ++i) {
      visit({TraceOperation::kAcquire, LockMode::kExclusive, i, 0, kNone, 3});
      visit({TraceOperation::kRelease, LockMode::kExclusive, i, 0, kNone, 0});
    }
  }

};

void measure(const char* what, const TraceStream& trace) {
  using Clock = std::chrono::steady_clock;
  PredictTraceOptions options;
  options.predict.patterns.length = 2;
  const auto begin = Clock::now();
  const PredictReport report = predict(trace, options);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%-28s %11llu %8llu %9llu %7zu %9.2f %10.2f %9ld\n", what, static_cast<unsigned long long>(report.events), static_cast<unsigned long long>(report.threads),
              static_cast<unsigned long long>(report.patterns), report.deadlocks.size(), seconds, static_cast<double>(report.events) / seconds / 1e6, usage.ru_maxrss / 1024);
  std::fflush(stdout);
}

}  // namespace
}  // namespace tailback::replay

int main(int count, char** words) {
  using namespace tailback::replay;
  std::vector<double> millions;
  for (int i = 1; i < count; ++i) millions.push_back(std::strtod(words[i], nullptr));
  if (millions.empty()) millions = {1, 4, 16};
  if (std::getenv("TAILBACK_LARGE_TRACES") != nullptr) millions.push_back(50);
  std::printf("%-28s %11s %8s %9s %7s %9s %10s %9s\n", "trace", "events", "threads", "patterns", "found", "seconds", "Mevents/s", "peak MiB");
  measure("incident, 47,905 threads", Incident());
  for (const double million : millions) measure("no inversion", Synthetic(static_cast<std::uint64_t>(million * 1e6), 16, 16, false));
  for (const double million : millions) measure("some inversions", Synthetic(static_cast<std::uint64_t>(million * 1e6), 16, 16, true));
  return 0;
}
