// A captured interleaving, forced on real threads: an incident becomes a test that goes wrong (or right) every time.
//
//   auto plan = tailback::schedule::parse(R"(tailback-schedule 1
//   expect deadlocks
//   step 1 refresher 1 rdlock HashSet.mu
//   step 2 worker 1 wrlock HashSet.mu waits after 1
//   step 3 refresher 2 rdlock HashSet.mu waits after 2
//   )");
//   tailback::schedule_run run(plan.value());
//   run.start("refresher", [&] { set.values(); });
//   run.start("worker", [&] { set.add("key"); });
//   EXPECT_TRUE(run.finish().met);
//
// `tailback replay locks FILE --emit-schedule OUT` writes one from an incident file, a trace or a scenario; with --keep-schedule it is put into the incident file itself.
//
// A step is the NUMBERth operation of a logical thread on the locks that the schedule names. It is held back until the steps after which it comes are
// done: an operation that `waits` is done once its thread stands in the lock's queue, any other once it has been granted. That is a partial order; everything
// that no step names runs freely. A step that is not reached in time makes the run `diverged`: never a silent pass.
//
// Instrumented locks (tailback/mutex.h, tailback/shared_mutex.h, tailback/condition_variable.h) obey by their name. A lock of another kind obeys in a scheduled_lock,
// and is then taken to wait once the kernel shows its thread parked.
//
// While a run lives, a deadlock of instrumented locks makes the lock() of one thread of it throw std::system_error (resource_deadlock_would_occur); start()'s
// threads end with it, so the process does not hang. Code that locks under noexcept ends the process instead.
//
// Thread safety: start() and finish() from one thread. One run at a time in a process; a second one says so.
// Cost: none while no run lives but a load and a branch in each operation.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tailback/result.h>

namespace tailback {

enum class schedule_expectation : std::uint8_t { completes, deadlocks };

struct schedule_step {
  std::string thread;
  std::uint32_t number = 0;        ///< 1-based
  std::string operation;           ///< lock, rdlock, wrlock, trylock, tryrdlock, trywrlock, unlock, wait, notify, notify_all
  std::string lock;
  bool waits = false;
  std::vector<std::uint32_t> after; ///< indices of steps
};

class schedule {
 public:
  /// Errors: kMalformed, with the line.
  [[nodiscard]] static Result<schedule> parse(std::string_view text, std::string_view name = "schedule");
  /// Reads the text form from a file, or what `--keep-schedule` put into an incident file (of several recordings, the newest's).
  /// Errors: kNotFound (no file, or an incident file without a schedule, with the command that makes one), kMalformed.
  [[nodiscard]] static Result<schedule> load(const std::string& path);
  /// What parse() reads back.
  [[nodiscard]] std::string text() const;

  schedule_expectation expectation = schedule_expectation::completes;
  std::vector<schedule_step> steps;
};

enum class schedule_outcome : std::uint8_t { completed, deadlocked, diverged };

struct schedule_verdict {
  schedule_outcome outcome = schedule_outcome::diverged;
  bool met = false;                ///< the outcome is the one expected, and every step was reached
  std::string text;                ///< what happened, in words
};

struct schedule_options {
  std::chrono::milliseconds watchdog{2000};  ///< a step whose turn has not come by then: diverged
};

class schedule_run {
 public:
  explicit schedule_run(schedule plan, schedule_options options = {});
  /// Waits as finish() does.
  ~schedule_run();
  schedule_run(const schedule_run&) = delete;
  schedule_run& operator=(const schedule_run&) = delete;

  /// Runs `body` in a thread of that name; without one it is called after the thread that starts it: "main.1", "main.1.2".
  void start(std::string name, std::function<void()> body);
  /// Waits for all threads to end, or to be caught for good. Blocks: as long as the bodies do, and the watchdog at most for what is stuck.
  schedule_verdict finish();

  struct state;

 private:
  std::shared_ptr<state> state_;
};

namespace detail {
void scheduled_before(const char* lock, const char* operation);
void scheduled_after();
}  // namespace detail

/// Makes a lock that is not instrumented obey: std::mutex, a pthread wrapper, any library's. Usable with std's guards.
template <class Lock>
class scheduled_lock {
 public:
  template <class... Arguments>
  explicit scheduled_lock(const char* name, Arguments&&... arguments) : lock_(std::forward<Arguments>(arguments)...), name_(name) {}

  void lock() { guarded(exclusive(), [this] { lock_.lock(); }); }
  void unlock() { guarded("unlock", [this] { lock_.unlock(); }); }
  void lock_shared() { guarded("rdlock", [this] { lock_.lock_shared(); }); }
  void unlock_shared() { guarded("unlock", [this] { lock_.unlock_shared(); }); }

 private:
  static constexpr const char* exclusive() {
    if constexpr (requires(Lock& one) { one.lock_shared(); }) return "wrlock";
    return "lock";
  }
  template <class Operation>
  void guarded(const char* operation, Operation run) {
    detail::scheduled_before(name_, operation);
    run();
    detail::scheduled_after();
  }

  Lock lock_;
  const char* name_;
};

}  // namespace tailback
