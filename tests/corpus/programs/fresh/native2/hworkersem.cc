// truth: {"kind":["none"]}
// Workers wait on a POSIX semaphore for jobs of a ring; one is busy with a child process, one with select().
#include <pthread.h>
#include <semaphore.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

struct ring {
  sem_t jobs;
  pthread_mutex_t lock;
  int head, tail;
  int slots[64];
};

static void run_job(int job) {
  if (job == 1) {
    pid_t child = fork();
    if (child == 0) {
      execl("/bin/sleep", "sleep", "4", nullptr);
      _exit(1);
    }
    waitpid(child, nullptr, 0);
  } else if (job == 2) {
    fd_set none;
    FD_ZERO(&none);
    timeval limit{30, 0};
    select(0, &none, nullptr, nullptr, &limit);
  }
}
static void* worker(void* argument) {
  ring* r = static_cast<ring*>(argument);
  for (;;) {
    sem_wait(&r->jobs);
    pthread_mutex_lock(&r->lock);
    int job = r->slots[r->tail++ % 64];
    pthread_mutex_unlock(&r->lock);
    run_job(job);
  }
  return nullptr;
}

int main() {
  static ring r{{}, PTHREAD_MUTEX_INITIALIZER, 0, 0, {}};
  sem_init(&r.jobs, 0, 0);
  pthread_t threads[10];
  for (pthread_t& thread : threads) pthread_create(&thread, nullptr, worker, &r);
  for (int job = 0; job < 6; ++job) {
    pthread_mutex_lock(&r.lock);
    r.slots[r.head++ % 64] = job;
    pthread_mutex_unlock(&r.lock);
    sem_post(&r.jobs);
  }
  for (pthread_t thread : threads) pthread_join(thread, nullptr);
}
