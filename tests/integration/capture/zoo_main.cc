// Compares three unwinders on the same blocked threads: ours (from outside, memory only), libgcc's (in a signal handler on each
// thread) and libdw's (from another process, by ptrace). Prints one line a difference; exit status 0 when there is none.
//
//   zoo_<build> [--without-libdw]
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/capture/capturer.h"
#include "runtime/capture/task_directory.h"
#include "tests/integration/capture/libdw_oracle.h"
#include "tests/integration/capture/zoo.h"

namespace {

using namespace tailback;
using Stacks = std::map<pid_t, std::vector<std::uint64_t>>;

struct Reading {
  Stacks stacks;
  std::map<pid_t, std::string> absent;
  std::map<pid_t, StackQuality> quality;
  CaptureStats stats;
};

/// The physical frames' call addresses.
Reading read(Capturer& capturer) {
  Reading reading;
  Recording recording;
  const RawDump raw = capturer.capture("zoo");
  const Dump dump = capturer.resolve(raw, recording);
  capturer.release(raw);
  reading.stats = raw.stats;
  for (const ThreadRecord& thread : dump.threads) {
    const auto tid = static_cast<pid_t>(std::stol(thread.id));
    if (tid == ::gettid()) continue;
    reading.quality[tid] = thread.quality;
    if (thread.absence_reason) reading.absent[tid] = std::string(recording.table.text(thread.absence_reason));
    for (FrameId id : recording.table.stack(thread.stack)) {
      const Frame& frame = recording.table.frame(id);
      if (!frame.inlined) reading.stacks[tid].push_back(frame.address);
    }
  }
  return reading;
}

std::unique_ptr<Capturer> make(bool outside, bool signals) {
  CaptureOptions options;
  options.outside = outside;
  options.signals = signals;
  options.interrupt_calls = true;
  options.guard_scan = false;
  auto created = Capturer::create(options);
  if (!created.ok()) {
    std::printf("%s\n", created.error().to_string().c_str());
    std::exit(2);
  }
  return std::move(created).value();
}

/// Until two readings agree that everyone is blocked: the zoo's threads have only just been started.
Reading settled(Capturer& capturer, std::size_t threads) {
  for (;;) {
    Reading reading = read(capturer);
    if (reading.stats.torn_reads == 0 && reading.stats.by_absence[static_cast<std::size_t>(Absence::kSignalsOff)] == 0 && reading.stats.threads >= threads) {
      const Reading again = read(capturer);
      if (again.stacks == reading.stacks) return reading;
    }
  }
}

/// libdw takes a signal trampoline's own address for exact, we and libgcc for a return address: one byte is no difference.
bool same(const std::vector<std::uint64_t>& a, const std::vector<std::uint64_t>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](std::uint64_t x, std::uint64_t y) { return x - y + 1 <= 2; });
}

int differences(const char* oracle, const std::vector<zoo::Animal>& animals, const Reading& ours, const Stacks& truth) {
  int different = 0;
  for (const zoo::Animal& animal : animals) {
    const auto found = truth.find(animal.tid);
    const auto& mine = ours.stacks.contains(animal.tid) ? ours.stacks.at(animal.tid) : std::vector<std::uint64_t>{};
    if (found == truth.end() || ours.absent.contains(animal.tid) || same(found->second, mine)) continue;
    ++different;
    std::printf("DIFFERENT from %s: %s\n  ours:", oracle, animal.name.c_str());
    for (std::uint64_t address : mine) std::printf(" %llx", static_cast<unsigned long long>(address));
    std::printf("\n  %s:", oracle);
    for (std::uint64_t address : found->second) std::printf(" %llx", static_cast<unsigned long long>(address));
    std::printf("\n");
  }
  return different;
}

}  // namespace

int main(int argc, char** argv) {
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  const bool libdw = argc < 2 || std::strcmp(argv[1], "--without-libdw") != 0;
  const auto animals = zoo::start_all();
  const Reading ours = settled(*make(true, false), animals.size());
  int complete = 0, recovered = 0;
  for (const zoo::Animal& animal : animals) {
    if (ours.absent.contains(animal.tid)) std::printf("not whole: %s: %s\n", animal.name.c_str(), ours.absent.at(animal.tid).c_str());
    else ++complete;
    recovered += ours.quality.contains(animal.tid) && ours.quality.at(animal.tid) == StackQuality::kRecovered;
  }
  std::printf("%d of %zu read from outside, %d of them with a recovered frame pointer\n", complete, animals.size(), recovered);

  int different = 0;
  if (libdw) {
    std::string problem;
    const Stacks truth = unwind_by_libdw(::getpid(), problem);
    if (!problem.empty()) std::printf("libdw: %s\n", problem.c_str());
    std::printf("libdw tells of %zu threads\n", truth.size());
    different += differences("libdw", animals, ours, truth);
  }
  const Reading libgcc = read(*make(false, true));
  different += differences("libgcc", animals, ours, libgcc.stacks);
  std::printf("libgcc tells of %u threads; %d differences\n", libgcc.stats.signalled, different);
  std::fflush(stdout);
  // Everyone must be read, or say why; nobody may be read wrongly. One frame without rules (a hand-made one) is allowed for.
  ::_exit(different == 0 && complete + 1 >= static_cast<int>(animals.size()) ? 0 : 1);
}
