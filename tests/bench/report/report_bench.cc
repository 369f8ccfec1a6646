// What the analyzer and its reports cost after loading, on the modelled incident: 47,841 writers in the last dump, 95,000 threads in all three.
//
//   cmake --workflow --preset release && build/release/bin/report_bench
#include <benchmark/benchmark.h>

#include "analyze/compare/diff.h"
#include "analyze/group/group_threads.h"
#include "analyze/report/json.h"
#include "analyze/report/text.h"
#include "tests/unit/report/fixture.h"

namespace tailback::analyze {
namespace {

constexpr std::uint32_t kWriters = 47'841;

const testing::Incident& incident() {
  static const testing::Incident kIncident = testing::make_incident(kWriters);
  return kIncident;
}

void AnalyzeAll(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    testing::Incident fresh = testing::make_incident(kWriters);
    state.ResumeTiming();
    benchmark::DoNotOptimize(analyze(fresh.recording, {}));
  }
}
BENCHMARK(AnalyzeAll)->Unit(benchmark::kMillisecond);

void GroupThreads(benchmark::State& state) {
  const Dump& dump = incident().recording.dumps[2];
  for (auto _ : state) {
    ShapeTable shapes(incident().recording.table, GroupBy::kLines);
    benchmark::DoNotOptimize(group_threads(dump, incident().analysis.dumps[2].activities, GroupBy::kLines, shapes));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(dump.threads.size()));
}
BENCHMARK(GroupThreads)->Unit(benchmark::kMillisecond);

void JsonReport(benchmark::State& state) {
  const ReportPart part{incident().recording, incident().analysis};
  std::size_t bytes = 0;
  for (auto _ : state) bytes = json_report({&part, 1}, {}).size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(JsonReport)->Unit(benchmark::kMillisecond);

void TextReport(benchmark::State& state) {
  const ReportPart part{incident().recording, incident().analysis};
  for (auto _ : state) benchmark::DoNotOptimize(text_report({&part, 1}, {}));
}
BENCHMARK(TextReport)->Unit(benchmark::kMillisecond);

void DiffDumps(benchmark::State& state) {
  const DiffSide before{&incident().recording, &incident().analysis, 1}, after{&incident().recording, &incident().analysis, 2};
  for (auto _ : state) benchmark::DoNotOptimize(diff_dumps(before, after, GroupBy::kLines));
}
BENCHMARK(DiffDumps)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tailback::analyze
