// truth: {"kind":["stalled_holder"],"waiting":["append","rotate"],"holder":["append","write_with_retry"]}
// A journal that retries a failed write with a growing pause, its lock held.
#include <cerrno>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <thread>
#include <unistd.h>
#include <vector>

struct journal {
  pthread_mutex_t lock;
  int fd;
  unsigned long lines;
};

__attribute__((noinline)) static int write_with_retry(struct journal* j, const char* text) {
  useconds_t pause = 900000;
  while (write(j->fd, text, strlen(text)) < 0) {
    if (errno != EAGAIN) return -1;
    usleep(pause);
    pause += 90000;
  }
  return 0;
}
__attribute__((noinline)) int journal_append(struct journal* j, const char* text) {
  pthread_mutex_lock(&j->lock);
  int failed = write_with_retry(j, text);
  j->lines++;
  pthread_mutex_unlock(&j->lock);
  return failed;
}
__attribute__((noinline)) void journal_rotate(struct journal* j) {
  pthread_mutex_lock(&j->lock);
  j->lines = 0;
  pthread_mutex_unlock(&j->lock);
}

int main() {
  journal j{PTHREAD_MUTEX_INITIALIZER, -1, 0};
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0) return 1;
  char block[4096] = {};
  while (write(ends[1], block, sizeof block) > 0) {}
  j.fd = ends[1];
  std::vector<std::thread> threads;
  for (int i = 0; i < 7; ++i) threads.emplace_back([&] { journal_append(&j, "line\n"); });
  usleep(50000);
  threads.emplace_back([&] { journal_rotate(&j); });
  for (auto& thread : threads) thread.join();
}
