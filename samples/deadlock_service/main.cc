// deadlock_service: the incident's C++ twin, with a recorder in it.
//
// A service that goes wrong the way the modelled one did, every time, or (with --fixed) doesn't. Its threads number N in the end, 64 of them
// innocent; the rest handle one request each and stand in HashSet::AddOne(). The recorder notices by itself; nothing in the service helps it.
#include <tailback/recorder.h>

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "runtime/locks/deadlock.h"
#include "runtime/locks/futex.h"
#include "samples/common/arguments.h"
#include "samples/common/dump_counter.h"
#include "samples/deadlock_service/service.h"

namespace {

constexpr std::size_t kInnocent = 64;  // refresher, bystanders, main and the recorder's own
constexpr std::chrono::seconds kPatience{120};

struct Options {
  std::size_t threads = 2000;
  std::size_t dumps = 3;
  bool fixed = false;
  bool lucky = false;
  bool instrumented = false;
  bool bare = false;
  bool help = false;
  std::string file = "/tmp/deadlock_service-" + std::to_string(::getpid()) + ".tailback";
};

void help(std::FILE* out) {
  std::fprintf(out,
               "usage: deadlock_service [--threads N] [--fixed] [--lucky] [--instrumented] [--bare] [--file F] [--dumps N]\n"
               "  --threads N  threads in the end, %zu of them innocent (2000; the incident had 47905)\n"
               "  --fixed      with the corrected key set: nothing goes wrong\n"
               "  --lucky      with the faulty key set on a day when no request comes while its keys are walked: nothing goes wrong yet\n"
               "  --instrumented  the key set's lock is tailback's: the deadlock is seen as it happens\n"
               "  --bare       without a recorder in it, for libtailback_preload.so\n"
               "  --file F     the incident file (/tmp/deadlock_service-PID.tailback)\n"
               "  --dumps N    end once N dumps are committed, the last with all threads there (3; 0: stay until killed)\n",
               kInnocent);
}

int usage(const std::string& why) {
  std::fprintf(stderr, "deadlock_service: %s\n", why.c_str());
  help(stderr);
  return 2;
}

/// Asked for, so on standard output and no failure.
int tell_help() {
  std::puts("deadlock_service: a service that goes wrong the way the modelled one did, every time, with a recorder in it");
  help(stdout);
  return 0;
}

std::size_t threads_now() {
  std::size_t count = 0;
  if (DIR* folder = ::opendir("/proc/self/task")) {
    while (const dirent* entry = ::readdir(folder)) count += entry->d_name[0] != '.';
    ::closedir(folder);
  }
  return count;
}

/// The argument that can't be read, or nothing.
std::string read(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* const next = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--fixed") options.fixed = true;
    else if (word == "--lucky") options.lucky = true;
    else if (word == "--instrumented") options.instrumented = true;
    else if (word == "--bare") options.bare = true;
    else if (word == "--help" || word == "-h") options.help = true;
    else if (word == "--threads" && samples::read_number(next, options.threads)) ++i;
    else if (word == "--dumps" && samples::read_number(next, options.dumps)) ++i;
    else if (word == "--file" && *next != '\0') options.file = argv[++i];
    else return argv[i];
  }
  return {};
}

void say(const std::string& line) {
  std::printf("deadlock_service: %s\n", line.c_str());
  std::fflush(stdout);
}

/// When the ring closed, was found, and its dump was in the file: measured by the registry's clock.
void tell_deadlock(std::uint64_t threads) {
  tailback::locks::DeadlockReport report;
  if (!tailback::locks::last_deadlock(report)) return;
  const std::int64_t now = tailback::locks::monotonic_ns();
  char line[200];
  std::snprintf(line, sizeof line, "a ring of %u threads, %u waiting: found %.1f ms after it closed, dump of %llu threads in the file after %.1f ms", report.length,
                report.waiting, static_cast<double>(report.found_ns - report.closed_ns) * 1e-6, static_cast<unsigned long long>(threads),
                static_cast<double>(now - report.closed_ns) * 1e-6);
  say(line);
}

tailback::RecorderOptions recorder_options(const Options& options, samples::DumpCounter& dumps) {
  tailback::RecorderOptions made;
  made.file = options.file;
  // A real service samples every second and dumps every minute; a demonstration has less patience.
  made.interval = std::chrono::milliseconds(100);
  made.cool_down = std::chrono::seconds(2);
  made.dumps_per_breach = made.dumps_per_hour = 100;
  made.triggers = "threads > " + std::to_string(std::min<std::size_t>(1000, options.threads / 2)) + "; rss > 80% of limit; deadlock";
  made.on_breach = [](const tailback::BreachReport& report) {
    if (report.trigger == "deadlock") tell_deadlock(report.threads);
  };
  made.on_dump = samples::DumpCounter::counting(dumps);
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const std::string bad = read(argc, argv, options); !bad.empty()) return usage("what is " + bad + "?");
  if (options.help) return tell_help();
  if (options.threads <= kInnocent) return usage("--threads must be more than " + std::to_string(kInnocent));
  if (const std::string missing = deadlock_service::missing_for(options.threads); !missing.empty()) {
    std::fprintf(stderr, "deadlock_service: this machine does not allow %zu threads:\n%s", options.threads, missing.c_str());
    return 3;
  }

  samples::DumpCounter dumps;
  tailback::Recorder recorder;
  if (!options.bare) recorder = tailback::record(recorder_options(options, dumps));
  say("pid " + std::to_string(::getpid()) + ", records into " + (recorder.active() ? recorder.file() : "nothing"));
  say("requests arrive; every second the refresher walks the keys" + std::string(options.fixed ? " (corrected)" : ""));

  deadlock_service::ServiceOptions service_options;
  service_options.fixed = options.fixed;
  service_options.lucky = options.lucky;
  service_options.requests = options.threads - kInnocent;
  service_options.instrumented = options.instrumented;
  service_options.bystanders = kInnocent - 1 - deadlock_service::Cache::kThreads - threads_now();
  deadlock_service::Service service(service_options);
  const std::size_t started = service.run();
  say(std::to_string(started) + " of " + std::to_string(service_options.requests) + " requests have arrived, the process has " +
      std::to_string(threads_now()) + " threads");

  bool well = true;
  if (options.fixed || options.lucky) {
    if (recorder.active()) well = recorder.dump_now("the end, and nothing went wrong").ok();
  } else if (options.dumps == 0 || !recorder.active()) {
    say("stuck; stays so until it is killed");
    while (true) ::pause();
  } else if (!dumps.wait(options.dumps, started, kPatience)) {
    say("the dumps did not come");
    well = false;
  }
  if (recorder.active()) {
    const std::string file = recorder.file();
    const tailback::Result<void> stopped = recorder.stop(std::chrono::seconds(30));
    if (!stopped) say(stopped.error().to_string());
    say("ends, " + std::to_string(threads_now()) + " threads; the incident is in " + file);
  }
  ::_exit(well ? 0 : 1);  // the threads are stuck: nothing can be joined or destroyed
}
