#include "tests/bench/capture/stuck_threads.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "runtime/capture/task_directory.h"

namespace tailback::bench {
namespace {

constexpr std::size_t kStackBytes = 64 * 1024, kOthers = 64, kPaths = 32, kDepth = 10;

pthread_rwlock_t lock;
pthread_mutex_t condition_mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t never = PTHREAD_COND_INITIALIZER;
std::atomic<std::size_t> reader_inside{0};

template <int Path>
__attribute__((noinline)) int add_one(std::size_t depth) {
  if (depth > 0) return add_one<Path>(depth - 1) + 1;
  pthread_rwlock_wrlock(&lock);
  return Path;
}

template <int... Path>
int add_one_on(std::size_t path, std::integer_sequence<int, Path...>) {
  using Function = int (*)(std::size_t);
  static constexpr Function kFunctions[] = {&add_one<Path>...};
  return kFunctions[path](kDepth);
}

void* writer(void* path) {
  add_one_on(reinterpret_cast<std::size_t>(path) % kPaths, std::make_integer_sequence<int, kPaths>());
  return nullptr;
}

class ReadGuard {
 public:
  explicit ReadGuard(pthread_rwlock_t& held) : held_(held) { pthread_rwlock_rdlock(&held_); }
  ~ReadGuard() { pthread_rwlock_unlock(&held_); }
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

 private:
  pthread_rwlock_t& held_;
};

__attribute__((noinline)) std::size_t size_of(pthread_rwlock_t& of) {
  const ReadGuard guard(of);
  return reader_inside.load();
}

__attribute__((noinline)) std::size_t values_of(pthread_rwlock_t& of) {
  const ReadGuard guard(of);
  reader_inside = 1;
  while (reader_inside.load() != 2) std::this_thread::yield();
  return size_of(of) + 1;
}

void* reader(void*) {
  values_of(lock);
  return nullptr;
}

void* other(void* which) {
  const auto index = reinterpret_cast<std::size_t>(which);
  int ends[2];
  if (index % 4 == 0 || ::pipe(ends) != 0) {
    for (;;) ::sleep(100'000);
  } else if (index % 4 == 1) {
    pthread_mutex_lock(&condition_mutex);
    for (;;) pthread_cond_wait(&never, &condition_mutex);
  } else if (index % 4 == 2) {
    epoll_event event{};
    const int poller = ::epoll_create1(0);
    while (::epoll_wait(poller, &event, 1, -1) <= 0) {}
  } else {
    char byte;
    while (::read(ends[0], &byte, 1) < 0) {}
  }
  return nullptr;
}

long read_number(const char* path) {
  long value = -1;
  std::ifstream(path) >> value;
  return value;
}

class Blocked final : public ThreadVisitor {
 public:
  explicit Blocked(TaskDirectory& tasks) : tasks_(tasks) {}
  bool thread(pid_t tid) noexcept override {
    blocked_ += CallFile(tasks_.fd(), tid).read().reading == CallReading::kInCall;
    return true;
  }
  std::size_t blocked_ = 0;

 private:
  TaskDirectory& tasks_;
};

}  // namespace

std::vector<std::string> obstacles(std::size_t count) {
  std::vector<std::string> lines;
  const auto wanted = static_cast<long>(count) + 1000;
  if (const long most = read_number("/proc/sys/kernel/pid_max"); most >= 0 && most < wanted) {
    lines.push_back("kernel.pid_max is " + std::to_string(most) + ": sysctl -w kernel.pid_max=" + std::to_string(wanted * 2));
  }
  if (const long most = read_number("/proc/sys/kernel/threads-max"); most >= 0 && most < wanted) {
    lines.push_back("kernel.threads-max is " + std::to_string(most) + ": sysctl -w kernel.threads-max=" + std::to_string(wanted * 2));
  }
  if (const long most = read_number("/sys/fs/cgroup/pids.max"); most >= 0 && most < wanted) {
    lines.push_back("the cgroup's pids.max is " + std::to_string(most));
  }
  return lines;
}

StuckThreads::StuckThreads(std::size_t count) {
  pthread_rwlockattr_t kind;
  pthread_rwlockattr_init(&kind);
  pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&lock, &kind);
  // All stacks in one mapping: two maps a thread would meet vm.max_map_count at 32,730 threads.
  void* slab = ::mmap(nullptr, count * kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (slab == MAP_FAILED) {
    error_ = std::string("no address space for the stacks: ") + std::strerror(errno);
    return;
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  auto start = [&](void* (*body)(void*), std::size_t argument) {
    pthread_t thread;
    pthread_attr_setstack(&attributes, static_cast<char*>(slab) + started_ * kStackBytes, kStackBytes);
    if (const int failed = pthread_create(&thread, &attributes, body, reinterpret_cast<void*>(argument)); failed != 0) {
      error_ = "thread " + std::to_string(started_) + " can't be started: " + std::strerror(failed);
      return false;
    }
    pthread_detach(thread);
    ++started_;
    return true;
  };
  if (!start(&reader, 0)) return;
  while (reader_inside.load() != 1) std::this_thread::yield();
  for (std::size_t i = 0; started_ < count; ++i) {
    if (!(started_ <= kOthers ? start(&other, i) : start(&writer, i))) break;
  }
  TaskDirectory tasks;
  auto wait_for = [&](std::size_t blocked) {
    for (;;) {
      Blocked counter(tasks);
      tasks.list(counter);
      if (counter.blocked_ >= blocked) return;
      std::this_thread::yield();
    }
  };
  wait_for(started_ - 1);
  reader_inside = 2;
  wait_for(started_);
}

}  // namespace tailback::bench
