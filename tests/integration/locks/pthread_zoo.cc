// What programs do with pthread's locks, one line of results each. It prints the same with and without libtailback_preload.so.
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

extern char** environ;

namespace {

void say(const char* what, std::initializer_list<int> results) {
  std::printf("%s:", what);
  for (const int result : results) std::printf(" %d", result);
  std::printf("\n");
}

timespec in_a_moment(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  time.tv_nsec += 1'000'000;
  if (time.tv_nsec >= 1'000'000'000) time.tv_nsec -= 1'000'000'000, ++time.tv_sec;
  return time;
}

/// Runs `body` in a thread and waits for its end.
template <class Body>
void in_thread(Body body) {
  std::thread(body).join();
}

pthread_mutex_t make_mutex(int type, int shared = PTHREAD_PROCESS_PRIVATE, int robust = PTHREAD_MUTEX_STALLED, int protocol = PTHREAD_PRIO_NONE) {
  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  ::pthread_mutexattr_settype(&attributes, type);
  ::pthread_mutexattr_setpshared(&attributes, shared);
  ::pthread_mutexattr_setrobust(&attributes, robust);
  ::pthread_mutexattr_setprotocol(&attributes, protocol);
  pthread_mutex_t mutex;
  ::pthread_mutex_init(&mutex, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  return mutex;
}

pthread_mutex_t in_static_memory = PTHREAD_MUTEX_INITIALIZER;
pthread_rwlock_t rw_in_static_memory = PTHREAD_RWLOCK_INITIALIZER;
pthread_cond_t condition_in_static_memory = PTHREAD_COND_INITIALIZER;

void kinds_of_mutex() {
  say("static", {::pthread_mutex_lock(&in_static_memory), ::pthread_mutex_trylock(&in_static_memory), ::pthread_mutex_unlock(&in_static_memory)});
  static pthread_mutex_t recursive = make_mutex(PTHREAD_MUTEX_RECURSIVE);
  say("recursive", {::pthread_mutex_lock(&recursive), ::pthread_mutex_lock(&recursive), ::pthread_mutex_trylock(&recursive)});
  in_thread([] { say("recursive, another's", {::pthread_mutex_trylock(&recursive), ::pthread_mutex_unlock(&recursive)}); });
  say("recursive, back", {::pthread_mutex_unlock(&recursive), ::pthread_mutex_unlock(&recursive), ::pthread_mutex_unlock(&recursive), ::pthread_mutex_unlock(&recursive)});
  static pthread_mutex_t checking = make_mutex(PTHREAD_MUTEX_ERRORCHECK);
  say("checking", {::pthread_mutex_lock(&checking), ::pthread_mutex_lock(&checking)});
  in_thread([] { say("checking, another's", {::pthread_mutex_unlock(&checking), ::pthread_mutex_trylock(&checking)}); });
  say("checking, back", {::pthread_mutex_unlock(&checking), ::pthread_mutex_unlock(&checking), ::pthread_mutex_destroy(&checking)});
  static pthread_mutex_t inheriting = make_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT);
  say("inheriting", {::pthread_mutex_lock(&inheriting), ::pthread_mutex_unlock(&inheriting)});
  static pthread_mutex_t robust = make_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_PRIVATE, PTHREAD_MUTEX_ROBUST);
  in_thread([] { ::pthread_mutex_lock(&robust); });
  say("robust", {::pthread_mutex_lock(&robust), ::pthread_mutex_consistent(&robust), ::pthread_mutex_unlock(&robust), ::pthread_mutex_lock(&robust),
                 ::pthread_mutex_unlock(&robust)});
  in_thread([] { ::pthread_mutex_lock(&robust); });
  say("robust, lost", {::pthread_mutex_lock(&robust), ::pthread_mutex_unlock(&robust), ::pthread_mutex_lock(&robust),
                       ::pthread_mutex_unlock(&robust)});
}

void waits_with_limits() {
  static pthread_mutex_t mutex = make_mutex(PTHREAD_MUTEX_NORMAL);
  ::pthread_mutex_lock(&mutex);
  in_thread([] {
    timespec real = in_a_moment(CLOCK_REALTIME), steady = in_a_moment(CLOCK_MONOTONIC), wrong{0, 2'000'000'000};
    say("timed mutex", {::pthread_mutex_timedlock(&mutex, &real), ::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &steady),
                        ::pthread_mutex_clocklock(&mutex, CLOCK_PROCESS_CPUTIME_ID, &steady), ::pthread_mutex_timedlock(&mutex, &wrong)});
  });
  ::pthread_mutex_unlock(&mutex);

  say("rwlock", {::pthread_rwlock_wrlock(&rw_in_static_memory), ::pthread_rwlock_wrlock(&rw_in_static_memory), ::pthread_rwlock_rdlock(&rw_in_static_memory)});
  in_thread([] {
    timespec real = in_a_moment(CLOCK_REALTIME), steady = in_a_moment(CLOCK_MONOTONIC);
    say("timed rwlock", {::pthread_rwlock_timedrdlock(&rw_in_static_memory, &real), ::pthread_rwlock_clockrdlock(&rw_in_static_memory, CLOCK_MONOTONIC, &steady),
                         ::pthread_rwlock_timedwrlock(&rw_in_static_memory, &real), ::pthread_rwlock_clockwrlock(&rw_in_static_memory, CLOCK_MONOTONIC, &steady),
                         ::pthread_rwlock_tryrdlock(&rw_in_static_memory), ::pthread_rwlock_trywrlock(&rw_in_static_memory)});
  });
  say("rwlock, back", {::pthread_rwlock_unlock(&rw_in_static_memory), ::pthread_rwlock_rdlock(&rw_in_static_memory), ::pthread_rwlock_rdlock(&rw_in_static_memory),
                       ::pthread_rwlock_unlock(&rw_in_static_memory), ::pthread_rwlock_unlock(&rw_in_static_memory)});

  timespec real = in_a_moment(CLOCK_REALTIME), steady = in_a_moment(CLOCK_MONOTONIC);
  ::pthread_mutex_lock(&mutex);
  say("timed condition", {::pthread_cond_timedwait(&condition_in_static_memory, &mutex, &real),
                          ::pthread_cond_clockwait(&condition_in_static_memory, &mutex, CLOCK_MONOTONIC, &steady), ::pthread_mutex_trylock(&mutex)});
  ::pthread_mutex_unlock(&mutex);
}

void cancellation() {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
  static sem_t waits;
  ::sem_init(&waits, 0, 0);
  pthread_t thread{};
  ::pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        ::pthread_mutex_lock(&mutex);
        pthread_cleanup_push([](void*) { ::pthread_mutex_unlock(&mutex); }, nullptr);
        ::sem_post(&waits);
        while (true) ::pthread_cond_wait(&never, &mutex);
        pthread_cleanup_pop(1);
        return nullptr;
      },
      nullptr);
  ::sem_wait(&waits);
  void* result = nullptr;
  say("cancelled", {::pthread_cancel(thread), ::pthread_join(thread, &result), result == PTHREAD_CANCELED, ::pthread_mutex_trylock(&mutex), ::pthread_mutex_unlock(&mutex)});
}

void processes() {
  auto* shared = static_cast<pthread_mutex_t*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  *shared = make_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_ROBUST);
  int& count = *reinterpret_cast<int*>(shared + 1);
  std::fflush(stdout);
  const auto count_up = [&](int times) {
    for (int i = 0; i < times; ++i) {
      ::pthread_mutex_lock(shared);
      ++count;
      ::pthread_mutex_unlock(shared);
    }
  };
  int counted[2];
  if (::pipe(counted) != 0) return say("pipe", {errno});
  const pid_t child = ::fork();
  if (child == 0) {
    count_up(10'000);
    in_thread([] {});
    ::close(counted[1]);
    char end = 0;
    while (::read(counted[0], &end, 1) > 0) {  // till the other has counted, too: it would be given what is left behind
    }
    ::pthread_mutex_lock(shared);  // and dies with it
    ::_exit(0);
  }
  count_up(10'000);
  ::close(counted[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  const int after_death = ::pthread_mutex_lock(shared);
  say("between processes", {status, after_death, ::pthread_mutex_consistent(shared), ::pthread_mutex_unlock(shared), count});
  pid_t started = 0;
  char name[] = "/bin/true";
  char* arguments[] = {name, nullptr};
  const int spawned = ::posix_spawn(&started, name, nullptr, nullptr, arguments, environ);
  ::waitpid(started, &status, 0);
  say("exec", {spawned, status});
}

void standard_library() {
  std::mutex mutex;
  std::recursive_timed_mutex timed;
  std::shared_timed_mutex rw;
  std::condition_variable condition;
  std::condition_variable_any any;
  int sum = 0, ready = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        const std::scoped_lock both(mutex, timed);
        const std::unique_lock write(rw, std::chrono::seconds(60));
        sum += write.owns_lock();
      }
      std::unique_lock hold(mutex);
      ++ready;
      condition.notify_all();
      condition.wait(hold, [&] { return ready == 4; });
    });
  }
  for (auto& thread : threads) thread.join();
  std::unique_lock hold(mutex);
  const bool timed_out = any.wait_for(hold, std::chrono::milliseconds(1)) == std::cv_status::timeout;
  say("std", {sum, ready, timed_out});
}

void libraries() {
  void* library = ::dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return say("dlopen", {1, 0});
  const auto threadsafe = reinterpret_cast<int (*)()>(::dlsym(library, "sqlite3_threadsafe"));
  const auto initialize = reinterpret_cast<int (*)()>(::dlsym(library, "sqlite3_initialize"));
  say("dlopen", {threadsafe() != 0, initialize(), ::dlclose(library)});
}

}  // namespace

int main() {
  kinds_of_mutex();
  waits_with_limits();
  cancellation();
  processes();
  standard_library();
  libraries();
  say("end", {0});
}
