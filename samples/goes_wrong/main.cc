// goes_wrong SCENARIO [--threads N] [--seconds S]: a small service that goes wrong as its scenario says.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include "samples/goes_wrong/scenario.h"

namespace {

using goes_wrong::Scenario;

struct Options {
  const Scenario* scenario = nullptr;
  std::size_t threads = 0;
  int seconds = 10;
};

int usage(const char* why) {
  std::fprintf(stderr, "goes_wrong: %s\nusage: goes_wrong SCENARIO [--threads N] [--seconds S]\n", why);
  for (const Scenario* s : goes_wrong::scenarios()) {
    std::fprintf(stderr, "  %-12.*s %.*s\n", int(s->name.size()), s->name.data(), int(s->summary.size()), s->summary.data());
  }
  return 2;
}

const Scenario* find(std::string_view name) {
  for (const Scenario* s : goes_wrong::scenarios()) {
    if (s->name == name) return s;
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--threads" && i + 1 < argc) options.threads = std::strtoul(argv[++i], nullptr, 10);
    else if (word == "--seconds" && i + 1 < argc) options.seconds = std::atoi(argv[++i]);
    else if (!options.scenario && find(word)) options.scenario = find(word);
    else return usage("which scenario?");
  }
  if (!options.scenario) return usage("which scenario?");
  const Scenario& scenario = *options.scenario;
  scenario.start(options.threads ? options.threads : scenario.default_threads);
  std::printf("goes_wrong: %s; pid %d\n", scenario.summary.data(), int(::getpid()));
  std::fflush(stdout);
  for (int tick = 0; tick < options.seconds * 10; ++tick) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (scenario.tick) scenario.tick();
  }
  ::_exit(0);  // the threads are stuck: nothing can be joined
}
