// truth: {"kind":["recursive_lock"],"waiting":["log_line","on_hangup"],"holder":["log_line","flush_lines"]}
// A signal handler logs; the signal arrives while the thread is inside the logger.
#include <mutex>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

static std::mutex log_mutex;
static std::vector<std::string> lines;
static volatile int flushing;

__attribute__((noinline)) static void flush_lines() {
  flushing = 1;
  for (volatile long i = 0; i < 400000000; ++i) {}
  lines.clear();
}
__attribute__((noinline)) void log_line(const char* text) {
  std::lock_guard<std::mutex> lock(log_mutex);
  lines.emplace_back(text);
  if (lines.size() > 3) flush_lines();
}
static void on_hangup(int) { log_line("hangup: reopening"); }

int main() {
  signal(SIGHUP, on_hangup);
  std::thread worker([] {
    for (int i = 0; i < 4; ++i) log_line("request");
  });
  while (!flushing) usleep(1000);
  pthread_kill(worker.native_handle(), SIGHUP);
  std::vector<std::thread> others;
  for (int i = 0; i < 5; ++i) others.emplace_back([] { log_line("other"); });
  worker.join();
}
