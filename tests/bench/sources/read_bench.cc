// Reads a file as `tailback analyze` would and says how fast and with how much memory.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "replay/sources/read.h"

namespace {

/// Counts what comes and keeps none of it, so that the memory measured is the reader's.
class Counter final : public tailback::EventSink {
 public:
  tailback::Recording& begin(tailback::RecordingInfo) override { return recording; }
  void sample(tailback::Sample) override {}
  void dump(tailback::Dump dump) override {
    ++dumps;
    threads += dump.thread_count();
  }
  void breach(tailback::Breach) override {}
  void lock_event(const tailback::LockEvent&) override {}
  void diagnostic(tailback::Diagnostic) override {}
  void end() override {}

  tailback::Recording recording;
  unsigned long dumps = 0, threads = 0;
};

double cpu_seconds(const rusage& usage) {
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Counter counter;
  const auto begun = std::chrono::steady_clock::now();
  if (const auto read = tailback::replay::read_inputs({argv[1]}, {}, counter); !read.ok()) {
    std::fprintf(stderr, "%s\n", read.error().to_string().c_str());
    return 1;
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double megabytes = static_cast<double>(std::filesystem::file_size(argv[1])) / 1e6;
  std::printf("%lu dumps, %lu threads, %zu stacks; wall %.3f s, cpu %.3f s, %.0f MB/s of cpu, peak %ld MB\n", counter.dumps, counter.threads, counter.recording.table.stack_count(), wall,
              cpu_seconds(usage), megabytes / cpu_seconds(usage), usage.ru_maxrss / 1024);
  return 0;
}
