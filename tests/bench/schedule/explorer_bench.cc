// The explorer: states a second, the incident with more and more identical threads, rings of k locks, proofs of fixes.
#include <benchmark/benchmark.h>

#include <string>

#include "replay/schedule/explorer.h"
#include "replay/schedule/predict.h"
#include "replay/schedule/scenario.h"

namespace tailback::replay {
namespace {

Program incident(std::int64_t workers, const std::string& policy, bool fixed) {
  return *parse_scenario("lock mu rwlock " + policy + "\nrefresher: rdlock mu; " + (fixed ? "" : "rdlock mu; unlock mu; ") + "unlock mu\nworker x " + std::to_string(workers) +
                             ": wrlock mu; unlock mu\n",
                         "bench");
}

/// k threads, thread i takes lock i and then lock i + 1, `rounds` times.
Program ring(std::int64_t k, int rounds, bool inverted) {
  std::string text;
  for (std::int64_t i = 0; i < k; ++i) text += "lock l" + std::to_string(i) + "\n";
  for (std::int64_t i = 0; i < k; ++i) {
    std::int64_t first = i, second = (i + 1) % k;
    if (!inverted && first > second) std::swap(first, second);
    text += "t" + std::to_string(i) + ":";
    for (int round = 0; round < rounds; ++round) {
      text += " lock l" + std::to_string(first) + "; lock l" + std::to_string(second) + "; unlock l" + std::to_string(second) + "; unlock l" + std::to_string(first) + ";";
    }
    text += "\n";
  }
  return *parse_scenario(text, "bench");
}

void run(benchmark::State& state, const Program& program, SearchEnd expected) {
  const Model model(program);
  std::uint64_t states = 0;
  for (auto _ : state) {
    const Exploration result = explore(model, {20'000'000, std::uint64_t{8} << 30});
    if (result.end != expected) state.SkipWithError("another end than expected");
    states = result.states;
  }
  state.counters["states"] = static_cast<double>(states);
  state.counters["states/s"] = benchmark::Counter(static_cast<double>(states), benchmark::Counter::kIsIterationInvariantRate);
}

void Incident(benchmark::State& state) { run(state, incident(state.range(0), "go", false), SearchEnd::kFound); }
BENCHMARK(Incident)->Arg(8)->Arg(64)->Arg(1000)->Arg(47841)->Unit(benchmark::kMicrosecond);

void RingOfLocks(benchmark::State& state) { run(state, ring(state.range(0), 2, true), SearchEnd::kFound); }
BENCHMARK(RingOfLocks)->DenseRange(4, 8)->Unit(benchmark::kMillisecond);

void NoDeadlockInARing(benchmark::State& state) { run(state, ring(state.range(0), 2, false), SearchEnd::kExhausted); }
BENCHMARK(NoDeadlockInARing)->DenseRange(4, 6)->Unit(benchmark::kMillisecond);

void FixDropInnerRead(benchmark::State& state) { run(state, incident(state.range(0), "go", true), SearchEnd::kExhausted); }
BENCHMARK(FixDropInnerRead)->Arg(8)->Arg(32)->Arg(128)->Unit(benchmark::kMillisecond);

void FixPreferReaders(benchmark::State& state) { run(state, incident(state.range(0), "prefer-readers", false), SearchEnd::kExhausted); }
BENCHMARK(FixPreferReaders)->Arg(8)->Arg(32)->Arg(128)->Unit(benchmark::kMillisecond);

/// The prediction's own rule, for comparison with the search above: no search at all but for the witness.
void PredictIncident(benchmark::State& state) {
  const Program program = incident(state.range(0), "go", false);
  for (auto _ : state) benchmark::DoNotOptimize(predict(program).deadlocks.size());
}
BENCHMARK(PredictIncident)->Arg(8)->Arg(47841)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tailback::replay
