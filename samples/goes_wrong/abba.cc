// Two accounts, two transfers in opposite directions, each locking its source first: the classic ring of two.
#include <latch>
#include <mutex>

#include "samples/goes_wrong/scenario.h"

namespace goes_wrong {
namespace {

struct Account {
  std::mutex mutex;
  long balance = 100;
};

Account savings, checking;
std::latch both_hold_one(2);

[[gnu::noinline]] void deposit(Account& to, long amount) {
  const std::lock_guard hold(to.mutex);
  to.balance += amount;
}

[[gnu::noinline]] void transfer(Account& from, Account& to, long amount) {
  const std::lock_guard hold(from.mutex);
  from.balance -= amount;
  both_hold_one.arrive_and_wait();
  deposit(to, amount);
}

[[gnu::noinline]] long balance_of(Account& account) {
  const std::lock_guard hold(account.mutex);
  return account.balance;
}

void start(std::size_t threads) {
  spawn([] { transfer(savings, checking, 10); });
  spawn([] { transfer(checking, savings, 20); });
  both_hold_one.wait();
  spawn_many(threads, [] { (void)balance_of(savings); });
}

}  // namespace

const Scenario kAbba{"abba", "deadlock_cycle", "two transfers lock the same two accounts in opposite order", 20, start, nullptr};

}  // namespace goes_wrong
