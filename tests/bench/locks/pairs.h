// Benchmarks in pairs "NAME/std…" and "NAME/tailback…" (or "NAME/tbb…", oneTBB's), run by turns in one process, and the ratio of their minima printed: what
// other processes take from a run only ever makes it longer. One thread's is CPU time, that of several is real time.
#pragma once

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace tailback::bench {

class PairReporter final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    benchmark::ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) note(run.benchmark_name(), is_wall_time(run) ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime());
    }
  }

  /// For each benchmark with "/tailback" in its name the same of each peer.
  void print_ratios() const {
    std::printf("\n%-64s %6s %10s %10s %7s\n", "minima", "peer", "peer ns", "ours ns", "ratio");
    for (const auto& [name, ours] : times_) {
      const std::size_t at = name.find("/tailback");
      if (at == std::string::npos) continue;
      const std::size_t end = std::min(name.find('/', at + 1), name.size());
      for (const char* const peer : {"std", "tbb"}) {
        const auto of_peer = times_.find(name.substr(0, at + 1) + peer + name.substr(end));
        if (of_peer == times_.end()) continue;
        std::printf("%-64s %6s %10.2f %10.2f %6.2fx\n", name.c_str(), peer, of_peer->second, ours, ours / of_peer->second);
      }
    }
  }

 private:
  static bool is_wall_time(const Run& run) {
    return run.threads > 1 || run.benchmark_name().find("/manual_time") != std::string::npos || run.benchmark_name().find("/real_time") != std::string::npos;
  }
  void note(const std::string& name, double time) {
    const auto [place, fresh] = times_.try_emplace(name, time);
    if (!fresh) place->second = std::min(place->second, time);
  }
  std::map<std::string, double> times_;
};

inline int run_pairs(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  PairReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratios();
  return 0;
}

}  // namespace tailback::bench
