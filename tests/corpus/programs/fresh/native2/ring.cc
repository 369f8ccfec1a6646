// truth: {"kind":["deadlock_cycle"],"waiting":["reserve_stock","charge_card","write_order"],"holder":["place_order","release_stock","refund_card"]}
// Three C-style modules, each with a pthread mutex of its own, that call each other in a ring.
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t orders_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t stock_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t card_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_in;
static volatile int orders, stock = 1000, cents = 5000;

__attribute__((noinline)) static void reserve_stock(int count) {
  pthread_mutex_lock(&stock_mutex);
  stock -= count;
  pthread_mutex_unlock(&stock_mutex);
}
__attribute__((noinline)) static void charge_card(int amount) {
  pthread_mutex_lock(&card_mutex);
  cents -= amount;
  pthread_mutex_unlock(&card_mutex);
}
__attribute__((noinline)) static void write_order(int id) {
  pthread_mutex_lock(&orders_mutex);
  orders = id;
  pthread_mutex_unlock(&orders_mutex);
}
static void* place_order(void*) {
  pthread_mutex_lock(&orders_mutex);
  orders++;
  pthread_barrier_wait(&all_in);
  reserve_stock(2);
  pthread_mutex_unlock(&orders_mutex);
  return nullptr;
}
static void* release_stock(void*) {
  pthread_mutex_lock(&stock_mutex);
  stock++;
  pthread_barrier_wait(&all_in);
  charge_card(-10);
  pthread_mutex_unlock(&stock_mutex);
  return nullptr;
}
static void* refund_card(void*) {
  pthread_mutex_lock(&card_mutex);
  cents++;
  pthread_barrier_wait(&all_in);
  write_order(7);
  pthread_mutex_unlock(&card_mutex);
  return nullptr;
}
static void* report(void*) {
  for (;;) {
    printf("%d %d\n", stock, cents);
    sleep(5);
  }
}

int main() {
  pthread_barrier_init(&all_in, nullptr, 3);
  pthread_t threads[4];
  pthread_create(&threads[0], nullptr, place_order, nullptr);
  pthread_create(&threads[1], nullptr, release_stock, nullptr);
  pthread_create(&threads[2], nullptr, refund_card, nullptr);
  pthread_create(&threads[3], nullptr, report, nullptr);
  for (pthread_t thread : threads) pthread_join(thread, nullptr);
}
