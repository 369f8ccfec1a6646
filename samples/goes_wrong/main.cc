// goes_wrong SCENARIO: a small service that goes wrong as its scenario says, records itself, and ends.
#include <tailback/recorder.h>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "samples/common/arguments.h"
#include "samples/goes_wrong/scenario.h"

namespace {

using goes_wrong::Scenario;
using namespace std::chrono_literals;

struct Options {
  const Scenario* scenario = nullptr;
  std::size_t threads = 0;
  std::size_t dumps = 3;
  bool help = false;
  std::string file;
};

constexpr auto kTick = 100ms;
constexpr int kTicksBetweenDumps = 10;

void help(std::FILE* out) {
  std::fputs(
      "usage: goes_wrong SCENARIO [--threads N] [--file F] [--dumps N]\n"
      "  --threads N  how many requests pile up\n"
      "  --file F     the incident file (/tmp/goes_wrong-SCENARIO-PID.tailback)\n"
      "  --dumps N    dumps to take, a second apart (3; 0: stay until killed)\n"
      "scenarios, and what tailback analyze reports:\n",
      out);
  for (const Scenario* s : goes_wrong::scenarios()) {
    std::fprintf(out, "  %-12s %-16s %s\n", std::string(s->name).c_str(), std::string(s->finding).c_str(), std::string(s->summary).c_str());
  }
}

int usage(const std::string& why) {
  std::fprintf(stderr, "goes_wrong: %s\n", why.c_str());
  help(stderr);
  return 2;
}

/// Asked for, so on standard output and no failure.
int tell_help() {
  std::puts("goes_wrong: services that go wrong on purpose, one way each, and record themselves");
  help(stdout);
  return 0;
}

const Scenario* find(std::string_view name) {
  for (const Scenario* s : goes_wrong::scenarios()) {
    if (s->name == name) return s;
  }
  return nullptr;
}

/// The argument that can't be read, or nothing.
std::string read(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* const next = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--threads" && samples::read_number(next, options.threads)) ++i;
    else if (word == "--dumps" && samples::read_number(next, options.dumps)) ++i;
    else if (word == "--file" && *next != '\0') options.file = argv[++i];
    else if (word == "--help" || word == "-h") options.help = true;
    else if (options.scenario == nullptr && find(word) != nullptr) options.scenario = find(word);
    else return argv[i];
  }
  return {};
}

void run_ticks(const Scenario& scenario, int ticks) {
  for (int i = 0; i < ticks; ++i) {
    std::this_thread::sleep_for(kTick);
    if (scenario.tick != nullptr) scenario.tick();
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const std::string bad = read(argc, argv, options); !bad.empty()) return usage("what is " + bad + "?");
  if (options.help) return tell_help();
  if (options.scenario == nullptr) return usage("which scenario?");
  const Scenario& scenario = *options.scenario;
  if (options.file.empty()) options.file = "/tmp/goes_wrong-" + std::string(scenario.name) + "-%p.tailback";

  // The thresholds of a real service would not be reached by so few threads; here the dumps are asked for.
  tailback::RecorderOptions recording;
  recording.file = options.file;
  recording.interval = kTick;
  recording.triggers = "threads > 1000; rss > 80% of limit; deadlock";
  tailback::Recorder recorder = tailback::record(std::move(recording));
  const std::string name(scenario.name);
  std::printf("goes_wrong: %s; pid %d, records into %s\n", std::string(scenario.summary).c_str(), static_cast<int>(::getpid()),
              recorder.active() ? recorder.file().c_str() : "nothing");
  std::fflush(stdout);
  scenario.start(options.threads != 0 ? options.threads : scenario.default_threads);

  while (options.dumps == 0 || !recorder.active()) run_ticks(scenario, 1);
  bool well = true;
  for (std::size_t dump = 0; dump < options.dumps; ++dump) {
    run_ticks(scenario, kTicksBetweenDumps);
    const tailback::Result<tailback::DumpReport> report = recorder.dump_now("asked for by goes_wrong " + name, 60s);
    std::printf("goes_wrong: %s\n", report ? report->headline.c_str() : report.error().to_string().c_str());
    well = well && report.ok();
  }
  if (const tailback::Result<void> stopped = recorder.stop(30s); !stopped) {
    std::printf("goes_wrong: %s\n", stopped.error().to_string().c_str());
    well = false;
  }
  std::fflush(stdout);
  ::_exit(well ? 0 : 1);  // the threads are stuck: nothing can be joined
}
