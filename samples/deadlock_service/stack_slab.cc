#include "samples/deadlock_service/stack_slab.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <new>
#include <sstream>

namespace deadlock_service {
namespace {

constexpr std::size_t kBytesOfAThread = 31 * 1024;  // kernel stack, slab, page tables and the touched part of its stack, measured

void* run(void* argument) {
  const std::unique_ptr<std::function<void()>> work(static_cast<std::function<void()>*>(argument));
  (*work)();
  return nullptr;
}

/// The number in a file, or 0 where there is none ("max", or no such file).
unsigned long long number_in(const std::string& path) {
  unsigned long long value = 0;
  std::ifstream(path) >> value;
  return value;
}

/// This process's folder in the pids or unified cgroup hierarchy.
std::string pids_cgroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.find(":pids:") != std::string::npos) return "/sys/fs/cgroup/pids" + line.substr(line.find(":pids:") + 6);
    if (line.starts_with("0::")) return "/sys/fs/cgroup" + line.substr(3);
  }
  return "/sys/fs/cgroup";
}

unsigned long long available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    unsigned long long kib = 0;
    if (word == "MemAvailable:" && file >> kib) return kib * 1024;
  }
  return 0;
}

}  // namespace

StackSlab::StackSlab(std::size_t threads) : threads_(threads) {
  void* const mapped = ::mmap(nullptr, threads * kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  ::madvise(mapped, threads * kStackBytes, MADV_NOHUGEPAGE);  // a huge page would be 32 stacks
  begin_ = static_cast<char*>(mapped);
}

bool StackSlab::spawn(std::function<void()> work) {
  if (started_ == threads_) {
    errno = EAGAIN;
    return false;
  }
  auto argument = std::make_unique<std::function<void()>>(std::move(work));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstack(&attributes, begin_ + started_ * kStackBytes, kStackBytes);
  pthread_t thread;
  const int failed = pthread_create(&thread, &attributes, run, argument.get());
  pthread_attr_destroy(&attributes);
  if (failed) {
    errno = failed;
    return false;
  }
  (void)argument.release();
  ++started_;
  return true;
}

std::string missing_for(std::size_t threads) {
  std::ostringstream out;
  const auto need = [&](const char* what, unsigned long long have, unsigned long long wanted, const char* remedy) {
    if (have != 0 && have < wanted) out << "  " << what << " is " << have << ", needed " << wanted << remedy << "\n";
  };
  need("kernel.pid_max", number_in("/proc/sys/kernel/pid_max"), threads + 1000, " (sysctl -w kernel.pid_max=200000)");
  need("kernel.threads-max", number_in("/proc/sys/kernel/threads-max"), threads + 1000, " (sysctl -w kernel.threads-max=200000)");
  need("vm.max_map_count", number_in("/proc/sys/vm/max_map_count"), 1000, "");
  need("pids.max of the control group", number_in(pids_cgroup() + "/pids.max"), threads + 100, "");
  need("available memory", available_memory(), threads * kBytesOfAThread, " bytes");
  return out.str();
}

}  // namespace deadlock_service
