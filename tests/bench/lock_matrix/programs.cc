// The twelve programs of tests/corpus/locks in C++, for tools that watch a running program: `programs CASE`.
//
// Each ends: its threads do their sections one after the other. They are set apart by time alone, since a join or a barrier would tell the tools an
// order that the scenario does not have (only `forkjoin` is ordered so, by its joins).
// The read-write locks are glibc's of the kind that lets no reader pass a waiting writer: the policy `prefer-writers` of the truth files.
#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER, g = PTHREAD_MUTEX_INITIALIZER;
pthread_rwlock_t r, s;

void lock(pthread_mutex_t& m) { pthread_mutex_lock(&m); }
void unlock(pthread_mutex_t& m) { pthread_mutex_unlock(&m); }
void rd(pthread_rwlock_t& l) { pthread_rwlock_rdlock(&l); }
void wr(pthread_rwlock_t& l) { pthread_rwlock_wrlock(&l); }
void un(pthread_rwlock_t& l) { pthread_rwlock_unlock(&l); }

using Body = std::function<void()>;

void apart(const std::vector<Body>& bodies) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    threads.emplace_back([&bodies, i] {
      ::usleep(static_cast<useconds_t>(i) * 100'000);
      bodies[i]();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void in_order(pthread_mutex_t& first, pthread_mutex_t& second) {
  lock(first);
  lock(second);
  unlock(second);
  unlock(first);
}

void read_both(pthread_rwlock_t& first, pthread_rwlock_t& second) {
  rd(first);
  rd(second);
  un(second);
  un(first);
}

void write(pthread_rwlock_t& lock) {
  wr(lock);
  un(lock);
}

void read_twice() { read_both(r, r); }

void write_then_read(pthread_rwlock_t& first, pthread_rwlock_t& second) {
  wr(first);
  rd(second);
  un(second);
  un(first);
}

void read_then_lock() {
  rd(r);
  lock(a);
  unlock(a);
  un(r);
}

void lock_then_read() {
  lock(a);
  rd(r);
  un(r);
  unlock(a);
}

void gated(pthread_mutex_t& first, pthread_mutex_t& second) {
  lock(g);
  in_order(first, second);
  unlock(g);
}

bool run(const std::string& name) {
  if (name == "rr") apart({read_twice, [] { write(r); }});
  else if (name == "rr1") apart({read_twice, read_twice});
  else if (name == "abba") apart({[] { in_order(a, b); }, [] { in_order(b, a); }});
  else if (name == "abc") apart({[] { in_order(a, b); }, [] { in_order(b, c); }, [] { in_order(c, a); }});
  else if (name == "gate") apart({[] { gated(a, b); }, [] { gated(b, a); }});
  else if (name == "single") apart({[] { in_order(a, b); in_order(b, a); }});
  else if (name == "forkjoin") { apart({[] { in_order(a, b); }}); apart({[] { in_order(b, a); }}); }
  else if (name == "rdrd") apart({[] { read_both(r, s); }, [] { read_both(s, r); }});
  else if (name == "rdrdw") apart({[] { read_both(r, s); }, [] { read_both(s, r); }, [] { write(r); }, [] { write(s); }});
  else if (name == "wrrd") apart({[] { write_then_read(r, s); }, [] { write_then_read(s, r); }});
  else if (name == "rdmu") apart({read_then_lock, lock_then_read});
  else if (name == "rdmuw") apart({read_then_lock, lock_then_read, [] { write(r); }});
  else return false;
  return true;
}

}  // namespace

int main(int count, char** words) {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&r, &attributes);
  pthread_rwlock_init(&s, &attributes);
  if (count == 2 && run(words[1])) return 0;
  std::fprintf(stderr, "usage: programs CASE\n");
  return 2;
}
