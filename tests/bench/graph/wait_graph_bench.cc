// Rings and queues in dumps of many threads: the wait-for graph alone, and all findings of a dump like the modelled incident's.
#include <benchmark/benchmark.h>

#include <random>

#include "analyze/analysis.h"
#include "analyze/graph/wait_graph.h"

namespace tailback::analyze {
namespace {

/// Threads that hold one of the locks and wait for another, at random: long chains, a few rings, tails behind them.
Dump random_dump(std::uint32_t threads, std::uint32_t locks) {
  std::mt19937 random(7);
  Dump dump;
  dump.threads.resize(threads);
  dump.locks.assign(locks, Lock{.address = 1, .kind = LockKind::kMutex});
  for (std::uint32_t i = 0; i < locks && i < threads; ++i) dump.holds.push_back(Hold{.thread = {i}, .lock = {i}});
  for (std::uint32_t i = 0; i < threads; ++i) {
    if (random() % 8 != 0) dump.waits.push_back(Wait{.thread = {i}, .lock = {static_cast<std::uint32_t>(random() % locks)}});
  }
  return dump;
}

void FindRings(benchmark::State& state) {
  const auto threads = static_cast<std::uint32_t>(state.range(0));
  const Dump dump = random_dump(threads, threads / 10);
  std::size_t rings = 0;
  for (auto _ : state) rings = WaitGraph(dump).rings().size();
  state.counters["rings"] = static_cast<double>(rings);
  state.SetComplexityN(threads);
}
BENCHMARK(FindRings)->Arg(1000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond)->Complexity(benchmark::oN);

FrameId frame(StackTable& table, std::string_view function, std::uint32_t line) {
  Frame result;
  result.function = table.intern(function);
  result.file = table.intern("hashset.go");
  result.line = line;
  return table.intern(result);
}

/// The modelled incident: one reader that reads again, one writer at the front, and all others behind it, each with words of its own.
Recording incident(std::uint32_t threads) {
  Recording recording;
  recording.info.runtime = Runtime::kGo;
  StackTable& table = recording.table;
  const FrameId semacquire = frame(table, "sync.runtime_SemacquireMutex", 71), slow = frame(table, "sync.(*Mutex).lockSlow", 138);
  const FrameId lock = frame(table, "sync.(*RWMutex).Lock", 98), rlock = frame(table, "sync.(*RWMutex).RLock", 50);
  const FrameId add = frame(table, "main.(*HashSet).AddOne", 41), size = frame(table, "main.(*HashSet).Size", 70), values = frame(table, "main.(*HashSet).Values", 64);
  const FrameId get = frame(table, "main.(*segmentCache).Get", 108);
  const FrameId reader[] = {semacquire, rlock, size, values}, front[] = {semacquire, lock, add, get}, queued[] = {semacquire, slow, lock, add, get};
  Dump dump;
  for (std::uint32_t i = 0; i < threads; ++i) {
    ThreadRecord thread;
    thread.id = std::to_string(i);
    thread.state = ThreadState::kBlocked;
    thread.state_text = table.intern("semacquire");
    const std::uint16_t own = i < 2 ? 2 : 3;
    std::vector<Argument> words{{0xc0001041a0, {}, own, 0, false}, {0xc000000000 + std::uint64_t{i} * 64, {}, static_cast<std::uint16_t>(own + 1), 0, false}};
    if (i == 0) words[1].value = 0xc0001041a0;
    if (i > 1) words.insert(words.begin(), Argument{0xc0001041a0, {}, 1, 0, false});
    thread.stack = i == 0 ? table.intern(reader) : i == 1 ? table.intern(front) : table.intern(queued);
    thread.arguments = table.intern(words);
    dump.threads.push_back(std::move(thread));
  }
  recording.dumps.push_back(std::move(dump));
  return recording;
}

void AnalyzeIncident(benchmark::State& state) {
  AnalyzeOptions options;
  options.source_from_paths = false;
  std::size_t findings = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Recording recording = incident(static_cast<std::uint32_t>(state.range(0)));
    state.ResumeTiming();
    findings = analyze(recording, options).findings.size();
  }
  state.counters["findings"] = static_cast<double>(findings);
  state.SetComplexityN(state.range(0));
}
BENCHMARK(AnalyzeIncident)->Arg(4790)->Arg(47'905)->Unit(benchmark::kMillisecond)->Complexity(benchmark::oN);

}  // namespace
}  // namespace tailback::analyze

BENCHMARK_MAIN();
