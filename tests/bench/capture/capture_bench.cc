// Measures the capture of N blocked threads of this process:
//
//   capture_bench [--peers] N...        one process a size, the median of five captures each
//
// Beside it, in the same process: the same number of signals with a handler that does nothing, 64 in flight, which is the least that asking
// each thread costs. With --peers: eu-stack and gdb on the same process, each stopped after 60 s.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/futex.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "runtime/capture/capturer.h"
#include "runtime/capture/task_directory.h"
#include "tests/bench/capture/stuck_threads.h"

namespace {

using namespace tailback;
using Clock = std::chrono::steady_clock;
constexpr int kRepetitions = 5, kEmptySignal = 50, kInFlight = 64, kPeerSeconds = 60;

std::atomic<std::uint32_t> answers{0};

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

void empty_handler(int) {
  answers.fetch_add(1);
  ::syscall(SYS_futex, &answers, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

class Lister final : public ThreadVisitor {
 public:
  bool thread(pid_t tid) noexcept override {
    if (tid != ::gettid()) tids.push_back(tid);
    return true;
  }
  std::vector<pid_t> tids;
};

double signal_everyone() {
  const auto begin = Clock::now();
  TaskDirectory tasks;
  Lister lister;
  tasks.list(lister);
  answers = 0;
  std::uint32_t sent = 0;
  for (pid_t tid : lister.tids) {
    for (std::uint32_t seen = answers.load(); sent - seen >= kInFlight; seen = answers.load()) {
      ::syscall(SYS_futex, &answers, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
    }
    sent += ::syscall(SYS_tgkill, ::getpid(), tid, kEmptySignal) == 0;
  }
  for (std::uint32_t seen = answers.load(); seen < sent; seen = answers.load()) ::syscall(SYS_futex, &answers, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
  return milliseconds(Clock::now() - begin);
}

double run_peer(const std::string& command) {
  const std::string whole = "timeout -s INT " + std::to_string(kPeerSeconds) + " " + command + " >/dev/null 2>&1";
  const auto begin = Clock::now();
  const int status = std::system(whole.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return -1;
  return milliseconds(Clock::now() - begin);
}

long resident_kb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

int measure(std::size_t count, bool peers) {
  for (const std::string& line : bench::obstacles(count)) std::printf("%6zu threads: %s\n", count, line.c_str());
  if (!bench::obstacles(count).empty()) return 0;
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  bench::StuckThreads threads(count);
  if (!threads.error().empty()) std::printf("%6zu threads: %s\n", count, threads.error().c_str());
  CaptureOptions options;
  auto created = Capturer::create(options);
  if (!created.ok()) return std::printf("%s\n", created.error().to_string().c_str()), 1;
  Capturer& capturer = *created.value();
  struct sigaction action {};
  action.sa_handler = &empty_handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(kEmptySignal, &action, nullptr);

  const long before = resident_kb();
  std::vector<double> raw_ms, resolve_ms, empty_ms;
  RawDump raw;
  ResolveStats resolved;
  for (int i = 0; i < kRepetitions; ++i) {
    raw = capturer.capture("benchmark");
    raw_ms.push_back(milliseconds(raw.stats.total));
    Recording recording;
    static_cast<void>(capturer.resolve(raw, recording, &resolved));
    resolve_ms.push_back(milliseconds(resolved.total));
    capturer.release(raw);
  }
  const long grown = resident_kb() - before;
  for (int i = 0; i < kRepetitions; ++i) empty_ms.push_back(signal_everyone());
  const double mine = median(raw_ms), empty = median(empty_ms), n = static_cast<double>(raw.stats.threads);
  std::printf("%6u threads: capture %8.1f ms (%5.2f us each; outside %u, signalled %u, missing %u; spool %.0f KB, resident +%ld KB)\n", raw.stats.threads, mine,
              1000 * mine / n, raw.stats.outside, raw.stats.signalled, raw.stats.missing, static_cast<double>(raw.stats.spool_bytes) / 1024, grown);
  std::printf("        empty handler %8.1f ms (%5.2f us each); capture is %.2f times that\n", empty, 1000 * empty / n, mine / empty);
  std::printf("        resolving     %8.1f ms, of that guard scan %.1f ms over %u threads (%u not looked at, %u holds inferred)\n", median(resolve_ms),
              milliseconds(resolved.guard_scan), resolved.guard_scan_threads, resolved.guard_scan_unseen, resolved.inferred_holds);
  if (peers) {
    const std::string pid = std::to_string(::getpid());
    for (const auto& [name, command] : {std::pair{"eu-stack", "eu-stack -p " + pid},
                                        std::pair{"gdb", "gdb -nx -batch -p " + pid + " -ex 'set print frame-arguments none' -ex 'thread apply all bt'"}}) {
      const double ms = run_peer(command);
      if (ms < 0) std::printf("        %-13s not installed\n", name);
      else std::printf("        %-13s %8.1f ms%s, %.0f times capture and resolving\n", name, ms, ms >= kPeerSeconds * 1000 ? " (stopped)" : "", ms / (mine + median(resolve_ms)));
    }
  }
  std::fflush(stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  bool peers = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--peers") == 0) { peers = true; continue; }
    const std::size_t count = std::strtoul(argv[i], nullptr, 10);
    if (count < 2) return std::fprintf(stderr, "capture_bench: not a number of threads: %s\n", argv[i]), 2;
    std::fflush(stdout);
    // Each size in a process of its own: a stuck thread can't be taken back.
    const pid_t child = ::fork();
    if (child == 0) ::_exit(measure(count, peers));
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return 1;
  }
  if (argc < 2) return std::fprintf(stderr, "usage: capture_bench [--peers] N...\n"), 2;
  return 0;
}
