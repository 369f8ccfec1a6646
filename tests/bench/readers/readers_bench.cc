// How fast the readers of native and Java dumps go: the golden case of each format, repeated until it is some 20 MB of text.
//     readers_bench --benchmark_filter=jstack
#include <benchmark/benchmark.h>

#include <fstream>
#include <iterator>

#include "tests/unit/sources/others/other_formats.h"
#include "tests/unit/sources/others/read_text.h"

namespace {

using namespace tailback;

void read(benchmark::State& state, const char* format_name, const char* path) {
  const replay::Format* format = replay::find_format(format_name);
  std::ifstream in(std::string(TAILBACK_TESTS_DIR "/corpus/") + path, std::ios::binary);
  const std::string once{std::istreambuf_iterator<char>(in), {}};
  if (format == nullptr || once.empty()) return state.SkipWithError("no such case");
  std::string text;
  while (text.size() < (20u << 20)) text += once;
  for (auto _ : state) benchmark::DoNotOptimize(replay::read_all(*format, text));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}

BENCHMARK_CAPTURE(read, jstack, "jstack", "java/every_kind_17/jstack.in")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, gdb_plain, "gdb", "native/abba_gdb_stripped/gdb.in")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, gdb_full, "gdb", "native/abba_gdb_full/gdb.in")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, eu_stack_smi, "eu-stack", "native/io_eu_stack_smi/eu-stack.in")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read, faulthandler, "faulthandler", "python/abba_faulthandler/faulthandler.in")->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
