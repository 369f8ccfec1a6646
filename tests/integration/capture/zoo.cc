#include "tests/integration/capture/zoo.h"

#include <alloca.h>
#include <atomic>
#include <barrier>
#include <condition_variable>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <latch>
#include <linux/futex.h>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <semaphore>
#include <shared_mutex>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#define ZOO_NOINLINE __attribute__((noinline))

namespace tailback::zoo {
namespace {

// Each is held for ever by the thread that starts the others.
std::mutex held_mutex;
std::recursive_mutex held_recursive;
std::timed_mutex held_timed;
std::shared_mutex held_shared;
pthread_rwlock_t writer_preferring;
std::condition_variable never_notified;
std::condition_variable_any never_notified_any;
sem_t empty_semaphore;
std::promise<int> never_kept;
std::latch never_down{1};
std::barrier<> never_full{2};
std::counting_semaphore<8> none_left{0};
std::atomic<int> never_changed{0};
std::atomic<bool> never_changed_byte{false};
int raw_futex = 0;
pthread_barrier_t pthread_never_full;
pthread_t sleeping_forever;
int never_written[2], always_full[2];
volatile int sink;

ZOO_NOINLINE void block() {
  held_mutex.lock();
  sink = sink + 1;
}

ZOO_NOINLINE int on_dynamic_stack(std::size_t bytes) {
  auto* room = static_cast<volatile char*>(alloca(bytes));
  room[0] = 1;
  block();
  return room[0];
}

ZOO_NOINLINE int with_variable_arguments(int count, ...) {
  va_list list;
  va_start(list, count);
  block();
  const int first = va_arg(list, int);
  va_end(list);
  return first;
}

ZOO_NOINLINE int deep(int levels) {
  if (levels == 0) { block(); return 1; }
  return deep(levels - 1) + 1;
}

ZOO_NOINLINE int with_many_arguments(int a, int b, int c, int d, int e, int f, int g, int h, int i) {
  block();
  return a + b + c + d + e + f + g + h + i;
}

struct BlocksAtItsEnd {
  BlocksAtItsEnd() = default;
  ~BlocksAtItsEnd() { block(); }
  int value = 1;
};

struct alignas(64) Aligned { char bytes[256]; };
ZOO_NOINLINE int on_realigned_stack(int value) {
  Aligned room;
  std::memset(room.bytes, value, sizeof room.bytes);
  block();
  return room.bytes[static_cast<unsigned>(value) % sizeof room.bytes];
}

int blocking_compare(const void*, const void*) {
  block();
  return 0;
}

int initialised_slowly() {
  block();
  return 1;
}

int one_static() {
  static const int value = initialised_slowly();
  return value;
}

void blocking_handler(int) { block(); }

void lock_by_attribute(int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutex_lock(&mutex);
  std::thread inner([&mutex] { pthread_mutex_lock(&mutex); });
  inner.join();
}

struct Exhibit {
  const char* name;
  std::function<void()> body;
};

std::vector<Exhibit> exhibits() {
  return {
      {"mutex", [] { held_mutex.lock(); }},
      {"lock_guard", [] { const std::lock_guard guard(held_mutex); }},
      {"recursive_mutex", [] { held_recursive.lock(); }},
      {"timed_mutex", [] { held_timed.lock(); }},
      {"timed_mutex try_lock_for", [] { static_cast<void>(held_timed.try_lock_for(std::chrono::hours(10))); }},
      {"errorcheck mutex and join", [] { lock_by_attribute(PTHREAD_MUTEX_ERRORCHECK); }},
      {"shared_mutex shared", [] { held_shared.lock_shared(); }},
      {"shared_mutex exclusive", [] { held_shared.lock(); }},
      {"rwlock write", [] { pthread_rwlock_wrlock(&writer_preferring); }},
      {"rwlock read", [] { pthread_rwlock_rdlock(&writer_preferring); }},
      {"condition", [] { std::mutex own; std::unique_lock lock(own); never_notified.wait(lock, [] { return false; }); }},
      {"condition for hours", [] { std::mutex own; std::unique_lock lock(own); never_notified.wait_for(lock, std::chrono::hours(10), [] { return false; }); }},
      {"condition_any", [] { std::mutex own; std::unique_lock lock(own); never_notified_any.wait(lock, [] { return false; }); }},
      {"sem_wait", [] { while (::sem_wait(&empty_semaphore) != 0) {} }},
      {"future", [] { static const auto future = never_kept.get_future().share(); future.wait(); }},
      {"latch", [] { never_down.wait(); }},
      {"barrier", [] { never_full.arrive_and_wait(); }},
      {"pthread barrier", [] { pthread_barrier_wait(&pthread_never_full); }},
      {"counting_semaphore", [] { none_left.acquire(); }},
      {"atomic wait", [] { never_changed.wait(0); }},
      {"atomic byte wait", [] { never_changed_byte.wait(false); }},
      {"raw futex", [] { for (;;) ::syscall(SYS_futex, &raw_futex, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0); }},
      {"pthread_join", [] { pthread_join(sleeping_forever, nullptr); }},
      {"read", [] { char byte; while (::read(never_written[0], &byte, 1) < 0) {} }},
      {"write", [] { char bytes[4096] = {}; while (::write(always_full[1], bytes, sizeof bytes) != 0) {} }},
      {"poll", [] { pollfd one{never_written[0], POLLIN, 0}; while (::poll(&one, 1, -1) <= 0) {} }},
      {"ppoll", [] { pollfd one{never_written[0], POLLIN, 0}; while (::ppoll(&one, 1, nullptr, nullptr) <= 0) {} }},
      {"select", [] { for (;;) { fd_set set; FD_ZERO(&set); FD_SET(never_written[0], &set); ::select(never_written[0] + 1, &set, nullptr, nullptr, nullptr); } }},
      {"epoll_wait", [] { const int fd = ::epoll_create1(0); epoll_event event; while (::epoll_wait(fd, &event, 1, -1) <= 0) {} }},
      {"nanosleep", [] { for (;;) { const timespec long_time{100'000, 0}; ::nanosleep(&long_time, nullptr); } }},
      {"sleep_for", [] { std::this_thread::sleep_for(std::chrono::hours(100)); }},
      {"pause", [] { for (;;) ::pause(); }},
      {"sigwait", [] { sigset_t set; sigemptyset(&set); sigaddset(&set, SIGUSR1); int signal; for (;;) ::sigwait(&set, &signal); }},
      {"accept", [] { const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0); sockaddr_un name{}; name.sun_family = AF_UNIX;
                      ::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof(sa_family_t)); ::listen(fd, 1); while (::accept(fd, nullptr, nullptr) < 0) {} }},
      {"recv", [] { int pair[2]; static_cast<void>(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair)); char byte; while (::recv(pair[0], &byte, 1, 0) < 0) {} }},
      {"eventfd", [] { const int fd = ::eventfd(0, 0); eventfd_t value; while (::eventfd_read(fd, &value) != 0) {} }},
      {"timerfd", [] { const int fd = ::timerfd_create(CLOCK_MONOTONIC, 0); std::uint64_t value; while (::read(fd, &value, sizeof value) < 0) {} }},
      {"inotify", [] { const int fd = ::inotify_init1(0); char bytes[512]; while (::read(fd, bytes, sizeof bytes) < 0) {} }},
      {"alloca", [] { sink = on_dynamic_stack(static_cast<std::size_t>(::getpid() % 7) * 128 + 64); }},
      {"variable arguments", [] { sink = with_variable_arguments(3, 1, 2, 3); }},
      {"deep recursion", [] { sink = deep(60); }},
      {"many arguments", [] { sink = with_many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9); }},
      {"destructor", [] { const BlocksAtItsEnd object; sink = object.value; }},
      {"catch block", [] { try { throw 1; } catch (int) { block(); } }},
      {"while unwinding", [] { try { const BlocksAtItsEnd object; throw object.value; } catch (int) {} }},
      {"realigned stack", [] { sink = on_realigned_stack(3); }},
      {"callback of qsort", [] { int two[2] = {2, 1}; std::qsort(two, 2, sizeof two[0], &blocking_compare); }},
      {"initialiser of a static", [] { sink = one_static(); }},
      {"waits for an initialiser", [] { sink = one_static(); }},
      {"signal handler", [] { ::signal(SIGUSR2, &blocking_handler); ::raise(SIGUSR2); }},
      {"packaged task", [] { std::packaged_task<void()> task([] { block(); }); task(); }},
  };
}

}  // namespace

std::vector<Animal> start_all() {
  pthread_rwlockattr_t kind;
  pthread_rwlockattr_init(&kind);
  pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&writer_preferring, &kind);
  pthread_rwlock_rdlock(&writer_preferring);
  pthread_barrier_init(&pthread_never_full, nullptr, 2);
  ::sem_init(&empty_semaphore, 0, 0);
  held_mutex.lock();
  held_recursive.lock();
  held_timed.lock();
  held_shared.lock();
  if (::pipe(never_written) != 0 || ::pipe(always_full) != 0) std::abort();
  pthread_create(&sleeping_forever, nullptr, [](void*) -> void* { for (;;) ::pause(); }, nullptr);

  static std::vector<Animal> animals;
  static const std::vector<Exhibit> all = exhibits();
  for (const Exhibit& exhibit : all) {
    std::atomic<pid_t> tid{0};
    std::thread([&exhibit, &tid] {
      tid.store(::gettid());
      tid.notify_one();
      exhibit.body();
    }).detach();
    tid.wait(0);
    animals.push_back({exhibit.name, tid.load()});
  }
  return animals;
}

}  // namespace tailback::zoo
