// Measures the guard scan: how often the holder that it names is the holder (precision), and how many of the holders it names (recall).
//
// Many small programs in one, made by templates: each way to hold a read lock × each place of the lock × each thing that the holder then
// waits for; and beside them threads that have had the lock, or know where it is, and do not hold it. Each lock has a queued writer, so that
// somebody waits for it. Built with several compilers and flags. Exit status 0: of what is called likely (strength 2) at least 0.95 is right, and
// at least 0.7 of the holders are found.
#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdint>
#include <deque>
#include <linux/futex.h>
#include <memory>
#include <mutex>
#include <optional>
#include <pthread.h>
#include <set>
#include <shared_mutex>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "runtime/capture/capturer.h"

#define NOINLINE __attribute__((noinline))

namespace {

using namespace tailback;

class RwLock {
 public:
  RwLock() {
    pthread_rwlockattr_t kind;
    pthread_rwlockattr_init(&kind);
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lock_, &kind);
  }
  void lock() { pthread_rwlock_wrlock(&lock_); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { pthread_rwlock_rdlock(&lock_); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }
  pthread_rwlock_t& native() { return lock_; }

 private:
  pthread_rwlock_t lock_;
};

class ReadGuard {
 public:
  explicit ReadGuard(RwLock& lock) : lock_(lock) { lock_.lock_shared(); }
  ~ReadGuard() { lock_.unlock_shared(); }
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;

 private:
  RwLock& lock_;
};

/// What a scenario's threads work on. With LOCK_FIRST the object's address is the lock's, and so everyone who knows the object shows it.
struct Set {
#ifndef LOCK_FIRST
  char before[40] = {};
#endif
  RwLock mu, sibling;
  std::atomic<int> inside{0}, writer_queued{0};
  int size = 1;
};

std::mutex held_elsewhere;
std::condition_variable never;
int quiet_pipe[2];
volatile int sink;

// ---- what a thread waits for -------------------------------------------------------------------------------------------------

NOINLINE int size_again(Set& set) {
  const std::shared_lock guard(set.mu);
  return set.size;
}
struct WaitsForItself {
  static constexpr const char* kName = "re-reads";
  static int run(Set& set) {
    while (set.writer_queued.load() == 0) std::this_thread::yield();
    return size_again(set);
  }
};
struct WaitsForPipe {
  static constexpr const char* kName = "reads a pipe";
  static NOINLINE int run(Set& set) {
    char byte = 0;
    static_cast<void>(!::read(quiet_pipe[0], &byte, 1));
    return byte + set.size;
  }
};
struct WaitsForMutex {
  static constexpr const char* kName = "locks a mutex";
  static NOINLINE int run(Set& set) {
    const std::lock_guard guard(held_elsewhere);
    return set.size;
  }
};
struct WaitsForCondition {
  static constexpr const char* kName = "waits for a condition";
  static NOINLINE int run(Set& set) {
    std::mutex own;
    std::unique_lock lock(own);
    never.wait(lock, [] { return false; });
    return set.size;
  }
};

// ---- ways to hold ------------------------------------------------------------------------------------------------------------

template <class Wait>
struct HoldsBySharedLock {
  static constexpr const char* kName = "std::shared_lock";
  static NOINLINE int run(Set& set) {
    const std::shared_lock guard(set.mu);
    set.inside = 1;
    return Wait::run(set) + set.size;
  }
};
template <class Wait>
struct HoldsByOwnGuard {
  static constexpr const char* kName = "own guard";
  static NOINLINE int run(Set& set) {
    const ReadGuard guard(set.mu);
    set.inside = 1;
    return Wait::run(set) + set.size;
  }
};
template <class Wait>
struct HoldsByBareCalls {
  static constexpr const char* kName = "bare calls";
  static NOINLINE int run(Set& set) {
    set.mu.lock_shared();
    set.inside = 1;
    const int result = Wait::run(set) + set.size;
    set.mu.unlock_shared();
    return result;
  }
};
template <class Wait>
struct HoldsFarOut {
  static constexpr const char* kName = "guard three calls out";
  static NOINLINE int inner(Set& set) { return Wait::run(set) + 1; }
  static NOINLINE int middle(Set& set) { return inner(set) + set.size; }
  static NOINLINE int run(Set& set) {
    const std::shared_lock guard(set.mu);
    set.inside = 1;
    return middle(set) + set.size;
  }
};
template <class Wait>
struct HoldsInALoop {
  static constexpr const char* kName = "guard in a loop";
  static NOINLINE int run(Set& set) {
    int sum = 0;
    for (int i = 0; i < set.size + 1; ++i) {
      const ReadGuard guard(set.mu);
      set.inside = 1;
      sum += Wait::run(set);
    }
    return sum;
  }
};

template <class Wait>
struct HoldsAGuardThatWasHandedOver {
  static constexpr const char* kName = "guard from a function";
  static NOINLINE std::shared_lock<RwLock> take(Set& set) {
    std::shared_lock guard(set.mu);
    set.inside = 1;
    return guard;
  }
  static NOINLINE int work(std::shared_lock<RwLock> guard, Set& set) { return Wait::run(set) + static_cast<int>(guard.owns_lock()); }
  static NOINLINE int run(Set& set) { return work(take(set), set) + set.size; }
};
template <class Wait>
struct HoldsAGuardOnTheHeap {
  static constexpr const char* kName = "guard on the heap";
  static NOINLINE int run(Set& set) {
    const auto guard = std::make_unique<ReadGuard>(set.mu);
    set.inside = 1;
    return Wait::run(set) + set.size;
  }
};
template <class Wait>
struct HoldsInAMember {
  static constexpr const char* kName = "member of a class over the set";
  struct Reader {
    Set& set;
    NOINLINE int read() {
      const std::shared_lock guard(set.mu);
      set.inside = 1;
      return Wait::run(set) + set.size;
    }
  };
  static NOINLINE int run(Set& set) { return Reader{set}.read() + set.size; }
};

// ---- threads that know the lock and do not hold it ---------------------------------------------------------------------------

NOINLINE void decoy_reference(Set& set) {
  RwLock& lock = set.mu;
  set.inside = 1;
  sink = WaitsForPipe::run(set);
  lock.lock_shared();
  sink = set.size;
  lock.unlock_shared();
}
NOINLINE void decoy_ended_scope(Set& set) {
  {
    const std::shared_lock guard(set.mu);
    sink = set.size;
  }
  set.inside = 1;
  sink = WaitsForPipe::run(set);
}
NOINLINE void decoy_between_two(Set& set) {
  {
    const ReadGuard guard(set.mu);
    sink = set.size;
  }
  set.inside = 1;
  sink = WaitsForPipe::run(set);
  const ReadGuard guard(set.mu);
  sink = set.size;
}
NOINLINE void decoy_unlocked_early(Set& set) {
  std::shared_lock guard(set.mu);
  sink = set.size;
  guard.unlock();
  set.inside = 1;
  sink = WaitsForMutex::run(set);
}
NOINLINE void decoy_takes_by_argument(RwLock& lock, Set& set) {
  set.inside = 1;
  sink = WaitsForCondition::run(set);
  const ReadGuard guard(lock);
  sink = set.size;
}
NOINLINE void decoy_argument(Set& set) { decoy_takes_by_argument(set.mu, set); }
NOINLINE void decoy_other_guard(Set& set) {
  static RwLock other;
  RwLock& lock = set.mu;
  const ReadGuard guard(other);
  set.inside = 1;
  sink = WaitsForPipe::run(set);
  lock.lock_shared();
  lock.unlock_shared();
}
/// Two locks in one object: it holds the one, and knows the other by the object only.
NOINLINE void decoy_sibling_lock(Set& set) {
  const std::shared_lock guard(set.sibling);
  set.inside = 1;
  sink = WaitsForPipe::run(set);
}
NOINLINE std::shared_lock<RwLock> take_and_pass(Set& set) { return std::shared_lock(set.mu); }
/// The guard came from a function, and was given back before the wait.
NOINLINE void decoy_passed_and_released(Set& set) {
  {
    const std::shared_lock guard = take_and_pass(set);
    sink = set.size;
  }
  set.inside = 1;
  sink = WaitsForCondition::run(set);
}
using Decoy = void (*)(Set&);
constexpr std::array<Decoy, 8> kDecoys = {&decoy_reference, &decoy_ended_scope, &decoy_between_two,  &decoy_unlocked_early,
                                          &decoy_argument,  &decoy_other_guard, &decoy_sibling_lock, &decoy_passed_and_released};

NOINLINE void write_to(Set& set) {
  const std::unique_lock guard(set.mu);
  ++set.size;
}

// ---- scenarios ---------------------------------------------------------------------------------------------------------------

struct Scenario {
  std::string name;
  Set* set = nullptr;
  std::atomic<pid_t> holder{0};  ///< 0: held by one whose frame is gone
};

std::deque<Scenario> scenarios;

template <class Body>
pid_t start(Body body) {
  auto tid = std::make_shared<std::atomic<pid_t>>(0);
  std::thread([tid, body] {
    tid->store(::gettid());
    tid->notify_one();
    body();
  }).detach();
  tid->wait(0);
  return tid->load();
}

struct Base { long words[3]; };
struct Outer : Base { Set set; };
Set globals[64];

Set& place(std::size_t index) {
  switch (index % 3) {
    case 0: return *new Set;
    case 1: return globals[index / 3 % 64];
    default: return (new Outer)->set;
  }
}

void add_decoys(Scenario& scenario, std::size_t first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    scenario.set->inside = 0;
    start([&scenario, decoy = kDecoys[(first + i) % kDecoys.size()]] { decoy(*scenario.set); });
    while (scenario.set->inside.load() == 0) std::this_thread::yield();
  }
}

template <class Holder>
void add_held(const char* wait) {
  Scenario& scenario = scenarios.emplace_back();
  const std::size_t index = scenarios.size() - 1;
  scenario.name = std::string(Holder::kName) + ", " + wait;
  scenario.set = &place(index);
  add_decoys(scenario, index, index % 3);
  scenario.set->inside = 0;
  scenario.holder = start([&scenario] { sink = Holder::run(*scenario.set); });
  while (scenario.set->inside.load() == 0) std::this_thread::yield();
}

template <class Wait>
void add_all_holders() {
  add_held<HoldsBySharedLock<Wait>>(Wait::kName);
  add_held<HoldsByOwnGuard<Wait>>(Wait::kName);
  add_held<HoldsByBareCalls<Wait>>(Wait::kName);
  add_held<HoldsFarOut<Wait>>(Wait::kName);
  add_held<HoldsInALoop<Wait>>(Wait::kName);
  add_held<HoldsAGuardThatWasHandedOver<Wait>>(Wait::kName);
  add_held<HoldsAGuardOnTheHeap<Wait>>(Wait::kName);
  add_held<HoldsInAMember<Wait>>(Wait::kName);
}

NOINLINE void hold_and_forget(RwLock& lock) { lock.lock_shared(); }

/// Held by a frame that is gone: whoever is named here is named wrongly.
void add_hidden(std::size_t decoys) {
  Scenario& scenario = scenarios.emplace_back();
  scenario.name = "no holder to be seen, decoys " + std::to_string(decoys);
  scenario.set = &place(scenarios.size() - 1);
  add_decoys(scenario, scenarios.size(), decoys);
  hold_and_forget(scenario.set->mu);
}

/// All are blocked for good when two captures show no running thread and the same stacks.
Dump settle(Capturer& capturer, Recording& recording, ResolveStats& stats) {
  for (;;) {
    const RawDump raw = capturer.capture("evidence");
    if (raw.stats.torn_reads == 0 && raw.stats.signalled == 0 && raw.stats.missing == 0) {
      Dump dump = capturer.resolve(raw, recording, &stats);
      if (dump.waits.size() >= scenarios.size()) return dump;
    }
    capturer.release(raw);
    std::this_thread::yield();
  }
}

/// No lock: a value that others wait to see change, as a latch's waiters do. Who knows where it is holds nothing.
NOINLINE void wait_for_change(std::atomic<std::uint32_t>& word) {
  while (word.load() == 0) ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const bool verbose = argc > 1 && std::string(argv[1]) == "-v";
  if (::pipe(quiet_pipe) != 0) return 2;
  held_elsewhere.lock();
  for (int round = 0; round < 2; ++round) {
    add_all_holders<WaitsForItself>();
    add_all_holders<WaitsForPipe>();
    add_all_holders<WaitsForMutex>();
    add_all_holders<WaitsForCondition>();
    for (std::size_t decoys = 1; decoys <= 4; ++decoys) add_hidden(decoys);
  }
  CaptureOptions options;
  options.guard_scan_budget = std::chrono::seconds(20);
  auto created = Capturer::create(options);
  if (!created.ok()) return std::printf("%s\n", created.error().to_string().c_str()), 2;
  for (Scenario& scenario : scenarios) start([&scenario] { write_to(*scenario.set); });
  // The writers must stand in the queue before the holders go on to read again.
  for (;;) {
    const RawDump raw = created.value()->capture("queue");
    Recording recording;
    const Dump dump = created.value()->resolve(raw, recording);
    created.value()->release(raw);
    const auto writers = std::count_if(dump.waits.begin(), dump.waits.end(), [](const Wait& wait) { return wait.front; });
    if (writers >= static_cast<std::ptrdiff_t>(scenarios.size())) break;
  }
  for (Scenario& scenario : scenarios) scenario.set->writer_queued = 1;

  std::atomic<std::uint32_t> word{0};
  for (int i = 0; i < 3; ++i) start([&word] { wait_for_change(word); });
  Recording recording;
  ResolveStats stats;
  const Dump dump = settle(*created.value(), recording, stats);
  int likely_right = 0, likely_wrong = 0, possible_right = 0, possible_wrong = 0, held = 0, silent = 0;
  for (const Scenario& scenario : scenarios) {
    held += scenario.holder.load() != 0;
    bool named = false;
    for (const Hold& hold : dump.holds) {
      if (dump.locks[hold.lock.index].address != reinterpret_cast<std::uint64_t>(&scenario.set->mu)) continue;
      const bool right = dump.threads[hold.thread.index].id == std::to_string(scenario.holder.load());
      ++(hold.strength == 2 ? (right ? likely_right : likely_wrong) : (right ? possible_right : possible_wrong));
      named = named || (right && hold.strength == 2);
      if (verbose || (!right && hold.strength == 2)) {
        std::printf("%s (strength %d): %s: %s\n", right ? "right" : "WRONG", hold.strength, scenario.name.c_str(), std::string(recording.table.text(hold.evidence)).c_str());
      }
    }
    if (scenario.holder.load() != 0 && !named) {
      ++silent;
      if (verbose) std::printf("silent: %s\n", scenario.name.c_str());
    }
  }
  const double precision = likely_right + likely_wrong == 0 ? 1 : static_cast<double>(likely_right) / (likely_right + likely_wrong);
  const double recall = held == 0 ? 0 : static_cast<double>(likely_right) / held;
  std::printf("likely: %d right, %d wrong; possible: %d right, %d wrong; %d of %d holders not named; precision %.3f, recall %.3f\n", likely_right, likely_wrong,
              possible_right, possible_wrong, silent, held, precision, recall);
  const bool value_held = std::any_of(dump.holds.begin(), dump.holds.end(), [&](const Hold& hold) {
    return dump.locks[hold.lock.index].address == reinterpret_cast<std::uint64_t>(&word);
  });
  if (value_held) std::printf("WRONG: a value that is no lock is said to be held\n");
  std::fflush(stdout);
  ::_exit(precision >= 0.95 && recall >= 0.7 && !value_held ? 0 : 1);
}
