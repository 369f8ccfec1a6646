// Benchmarks in pairs "NAME/std…" and "NAME/tailback…", run by turns in one process, and the ratio of their medians printed.
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
      if (run.run_type == Run::RT_Iteration) times_[run.benchmark_name()].push_back(run.GetAdjustedRealTime());
    }
  }

  /// `peer` ÷ `ours` etc.: for each benchmark with "/std" in its name the same with "/tailback…".
  void print_ratios() const {
    std::printf("\n%-64s %10s %10s %7s\n", "medians, real time", "std ns", "ours ns", "ratio");
    for (const auto& [name, ours] : times_) {
      const std::size_t at = name.find("/tailback");
      if (at == std::string::npos) continue;
      std::size_t end = name.find('/', at + 1);
      if (end == std::string::npos) end = name.size();
      const auto peer = times_.find(name.substr(0, at) + "/std" + name.substr(end));
      if (peer == times_.end()) continue;
      std::printf("%-64s %10.2f %10.2f %6.2fx\n", name.c_str(), median(peer->second), median(ours), median(ours) / median(peer->second));
    }
  }

 private:
  static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }
  std::map<std::string, std::vector<double>> times_;
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
