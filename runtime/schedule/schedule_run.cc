// A run of a schedule. The gate: an operation that is a step waits for the steps before it; see tailback/schedule.h for when a step is done.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include <tailback/schedule.h>

#include "runtime/locks/deadlock.h"
#include "runtime/schedule/hook.h"
#include "runtime/schedule/parked.h"

namespace tailback {

using locks::ScheduledOperation;

namespace {

using Clock = std::chrono::steady_clock;

/// Between two looks whether a thread is parked; two looks in a row must agree, as a futex call may be about to return.
constexpr std::chrono::microseconds kLook{50};
constexpr int kLooksInARow = 2;
/// How long all that is left of a run must stand parked before it is called a deadlock of locks that are not instrumented.
constexpr int kLooksForDeadlock = 200;

constexpr std::uint32_t kNoStep = UINT32_MAX;

/// What the calling thread is in the run.
struct Role {
  schedule_run::state* run = nullptr;
  std::uint32_t thread = 0;      // index into state::threads
  std::string name;              // its own copy: the list of threads may grow meanwhile
  std::uint32_t operations = 0;  // on locks of the schedule, so far
  std::uint32_t step = kNoStep;  // issued and not done
  bool in_wait = false;          // of a condition, whose own lock operations don't count
};
thread_local Role role;

std::string_view word_of(ScheduledOperation operation, bool rwlock) {
  switch (operation) {
    case ScheduledOperation::kLock: return rwlock ? "wrlock" : "lock";
    case ScheduledOperation::kLockShared: return "rdlock";
    case ScheduledOperation::kTry: return rwlock ? "trywrlock" : "trylock";
    case ScheduledOperation::kTryShared: return "tryrdlock";
    case ScheduledOperation::kUnlock: return "unlock";
    case ScheduledOperation::kWait: return "wait";
    case ScheduledOperation::kNotify: return "notify";
    case ScheduledOperation::kNotifyAll: break;
  }
  return "notify_all";
}

bool is_deadlock(const std::system_error& error) { return error.code() == std::errc::resource_deadlock_would_occur; }

}  // namespace

struct schedule_run::state final : locks::ScheduleHook, std::enable_shared_from_this<schedule_run::state> {
  enum class Progress : std::uint8_t { kPending, kIssued, kParked, kGranted };
  struct Thread {
    std::string name;
    pid_t tid = 0;
    std::uint32_t children = 0;
    bool ended = false, native = false;
    std::string failure;  // what its body threw
    std::thread handle;
  };

  state(schedule the_plan, schedule_options the_options) : plan(std::move(the_plan)), options(the_options), progress(plan.steps.size(), Progress::kPending) {}

  // The hook.
  void before(ScheduledOperation operation, const lock_identity& lock) override {
    if (role.run != this || role.in_wait) return;
    arrive(lock.name() == nullptr ? "" : lock.name(), word_of(operation, lock.kind() == lock_kind::rwlock));
    // Once it has been given back its part is played: nothing tells that it has been, and whoever comes next waits a moment at most.
    const bool instant = operation == ScheduledOperation::kUnlock || operation == ScheduledOperation::kNotify || operation == ScheduledOperation::kNotifyAll;
    if (instant) settle(Progress::kGranted);
    role.in_wait = operation == ScheduledOperation::kWait;
  }
  void after() override {
    if (role.run == this && !role.in_wait) settle(Progress::kGranted);
  }
  void woke() override {
    if (role.run != this) return;
    role.in_wait = false;
    settle(Progress::kGranted);
  }
  void parked() override {
    if (role.run != this || role.step == kNoStep) return;
    const std::lock_guard hold(mutex);
    if (progress[role.step] != Progress::kIssued) return;
    progress[role.step] = Progress::kParked;
    changed.notify_all();
  }

  void arrive(std::string_view lock, std::string_view operation);
  void settle(Progress to);
  void wait_turn(std::uint32_t step);
  [[nodiscard]] bool done(std::uint32_t step) const;
  bool look_at_native();
  void diverge(std::string text);
  void body(std::uint32_t thread, const std::function<void()>& run);
  schedule_verdict conclude();
  [[nodiscard]] std::string where(std::uint32_t step) const;
  [[nodiscard]] bool all_ended() const;
  [[nodiscard]] bool all_parked() const;

  schedule plan;
  schedule_options options;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Progress> progress;
  std::vector<std::unique_ptr<Thread>> threads;
  std::uint32_t children_of_main = 0;
  std::map<std::uint32_t, int> native_looks;  // thread → looks in a row that found it parked
  std::optional<std::string> divergence;
  bool open = false;         // gates are open: it has diverged
  bool deadlock = false;     // some lock() threw
  std::string deadlock_text;
  bool active = false;       // this run has the hook
  locks::DeadlockPolicy policy_before = locks::DeadlockPolicy::kReport;
  std::int64_t delay_before = 0;
};

namespace {

std::mutex current_mutex;
std::shared_ptr<schedule_run::state> current;  // of the process

}  // namespace

std::string schedule_run::state::where(std::uint32_t step) const {
  const schedule_step& it = plan.steps[step];
  return "step " + std::to_string(step + 1) + " (" + it.thread + ", operation " + std::to_string(it.number) + ": " + it.operation + " " + it.lock + ")";
}

bool schedule_run::state::done(std::uint32_t step) const {
  if (progress[step] == Progress::kGranted) return true;
  return progress[step] == Progress::kParked && plan.steps[step].waits;
}

// Under `mutex`.
void schedule_run::state::diverge(std::string text) {
  if (!divergence) divergence = std::move(text);
  open = true;
  changed.notify_all();
}

void schedule_run::state::settle(Progress to) {
  if (role.step == kNoStep) return;
  const std::lock_guard hold(mutex);
  progress[role.step] = to;
  role.step = kNoStep;
  changed.notify_all();
}

// Under `mutex`. Threads in locks that are not instrumented: parked once the kernel has said so twice.
bool schedule_run::state::look_at_native() {
  bool any = false;
  for (std::uint32_t i = 0; i < threads.size(); ++i) {
    Thread& thread = *threads[i];
    if (!thread.native || thread.ended) continue;
    any = true;
    native_looks[i] = locks::stands_in_futex(thread.tid) ? native_looks[i] + 1 : 0;
    if (native_looks[i] < kLooksInARow) continue;
    for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
      if (plan.steps[s].thread == thread.name && progress[s] == Progress::kIssued) progress[s] = Progress::kParked;
    }
  }
  return any;
}

void schedule_run::state::wait_turn(std::uint32_t step) {
  std::unique_lock hold(mutex);
  const auto turn = [&] {
    return open || std::all_of(plan.steps[step].after.begin(), plan.steps[step].after.end(), [&](std::uint32_t before) { return done(before); });
  };
  const auto deadline = Clock::now() + options.watchdog;
  while (!turn()) {
    if (Clock::now() >= deadline) {
      std::string text = where(step) + " waits in vain for";
      for (const std::uint32_t before : plan.steps[step].after) {
        if (!done(before)) text += " " + where(before) + (plan.steps[before].waits && progress[before] == Progress::kGranted ? ", which was granted" : "");
      }
      diverge(std::move(text));
      break;
    }
    const bool native = look_at_native();
    if (native && turn()) break;
    changed.wait_until(hold, native ? Clock::now() + kLook : deadline);
  }
  if (progress[step] == Progress::kPending) progress[step] = Progress::kIssued;
}

void schedule_run::state::arrive(std::string_view lock, std::string_view operation) {
  settle(Progress::kGranted);  // what came before on this thread is over, a refused try too
  const bool named = std::any_of(plan.steps.begin(), plan.steps.end(), [&](const schedule_step& step) { return step.lock == lock; });
  if (!named) return;
  const std::uint32_t number = ++role.operations;
  const std::string& name = role.name;
  for (std::uint32_t i = 0; i < plan.steps.size(); ++i) {
    const schedule_step& step = plan.steps[i];
    if (step.thread != name || step.number != number) continue;
    if (step.lock != lock || step.operation != operation) {
      const std::lock_guard hold(mutex);
      if (!open) diverge(where(i) + " was expected; it did " + std::string(operation) + " " + std::string(lock));
      return;
    }
    wait_turn(i);
    role.step = i;
    return;
  }
}

void schedule_run::state::body(std::uint32_t thread, const std::function<void()>& run) {
  {
    const std::lock_guard hold(mutex);
    role = {this, thread, threads[thread]->name};
  }
  std::string failure;
  bool caught = false;
  try {
    run();
  } catch (const std::system_error& error) {
    caught = is_deadlock(error);
    if (!caught) failure = error.what();
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = "something that is no std::exception";
  }
  const std::lock_guard hold(mutex);
  // A step that waited to the last is settled as parked; it has not been granted.
  if (role.step != kNoStep && !caught) progress[role.step] = Progress::kGranted;
  role = {};
  threads[thread]->ended = true;
  threads[thread]->failure = std::move(failure);
  deadlock = deadlock || caught;
  changed.notify_all();
}

bool schedule_run::state::all_ended() const {
  return std::all_of(threads.begin(), threads.end(), [](const auto& thread) { return thread->ended; });
}

// Under `mutex`: nobody is left but threads that stand in locks that are not instrumented.
bool schedule_run::state::all_parked() const {
  for (std::uint32_t i = 0; i < threads.size(); ++i) {
    if (threads[i]->ended) continue;
    const auto looks = native_looks.find(i);
    if (!threads[i]->native || looks == native_looks.end() || looks->second < kLooksForDeadlock) return false;
  }
  return true;
}

schedule_verdict schedule_run::state::conclude() {
  schedule_verdict verdict;
  std::string unreached;
  for (std::uint32_t i = 0; i < plan.steps.size(); ++i) {
    if (progress[i] == Progress::kPending) unreached += (unreached.empty() ? "" : ", ") + where(i);
  }
  std::string failures;
  for (const auto& thread : threads) {
    if (!thread->failure.empty()) failures += "; " + thread->name + " threw: " + thread->failure;
  }
  if (divergence || !unreached.empty()) {
    verdict.outcome = schedule_outcome::diverged;
    verdict.text = "DIVERGED: " + (divergence ? *divergence : "not reached: " + unreached) + failures;
    return verdict;
  }
  verdict.outcome = deadlock ? schedule_outcome::deadlocked : schedule_outcome::completed;
  verdict.met = deadlock == (plan.expectation == schedule_expectation::deadlocks) && failures.empty();
  verdict.text = deadlock ? "deadlocked" + (deadlock_text.empty() ? "" : ": " + deadlock_text) : "completed";
  verdict.text += failures;
  return verdict;
}

schedule_run::schedule_run(schedule plan, schedule_options options) : state_(std::make_shared<state>(std::move(plan), options)) {
  const std::lock_guard hold(current_mutex);
  if (current != nullptr) {
    state_->divergence = "another run is going on in this process";
    state_->open = true;
    return;
  }
  current = state_;
  state_->active = true;
  state_->policy_before = locks::deadlock_policy();
  state_->delay_before = locks::deadlock_delay();
  locks::set_deadlock_policy(locks::DeadlockPolicy::kThrow);
  if (state_->delay_before <= 0) locks::set_deadlock_delay(3'000'000);
  locks::set_schedule_hook(state_.get());
}

schedule_run::~schedule_run() { static_cast<void>(finish()); }

void schedule_run::start(std::string name, std::function<void()> body) {
  state& run = *state_;
  std::uint32_t index = 0;
  {
    const std::lock_guard hold(run.mutex);
    index = static_cast<std::uint32_t>(run.threads.size());
    run.threads.push_back(std::make_unique<state::Thread>());
    state::Thread& thread = *run.threads.back();
    if (name.empty()) {
      const bool nested = role.run == &run;
      const std::uint32_t ordinal = nested ? ++run.threads[role.thread]->children : ++run.children_of_main;
      name = (nested ? role.name : "main") + "." + std::to_string(ordinal);
    }
    thread.name = std::move(name);
  }
  std::thread handle([shared = state_, index, work = std::move(body)] {
    {
      const std::lock_guard hold(shared->mutex);
      shared->threads[index]->tid = static_cast<pid_t>(::syscall(SYS_gettid));
    }
    shared->body(index, work);
  });
  const std::lock_guard hold(run.mutex);
  run.threads[index]->handle = std::move(handle);
}

schedule_verdict schedule_run::finish() {
  state& run = *state_;
  {
    std::unique_lock hold(run.mutex);
    while (!run.all_ended()) {
      const bool native = run.look_at_native();
      if (native && run.all_parked()) {
        run.deadlock = true;
        run.deadlock_text = "every thread that is left stands in a lock for good";
        break;
      }
      run.changed.wait_for(hold, native ? std::chrono::milliseconds(1) : std::chrono::milliseconds(100));
    }
  }
  for (std::size_t i = 0; i < run.threads.size(); ++i) {
    std::thread handle;
    bool ended = false;
    {
      const std::lock_guard hold(run.mutex);
      handle = std::move(run.threads[i]->handle);
      ended = run.threads[i]->ended;
    }
    if (!handle.joinable()) continue;
    if (ended) {
      handle.join();
    } else {
      handle.detach();  // stands in a native lock, and would for ever; it keeps the state alive
    }
  }
  const std::lock_guard hold(current_mutex);
  if (run.active) {
    locks::set_schedule_hook(nullptr);
    locks::set_deadlock_policy(run.policy_before);
    locks::set_deadlock_delay(run.delay_before);
    run.active = false;
    current.reset();
  }
  const std::lock_guard hold_state(run.mutex);
  return run.conclude();
}

namespace detail {

void scheduled_before(const char* lock, const char* operation) {
  schedule_run::state* run = role.run;
  if (run == nullptr) return;
  {
    const std::lock_guard hold(run->mutex);
    run->threads[role.thread]->native = true;
  }
  run->arrive(lock, operation);
}

void scheduled_after() {
  if (role.run != nullptr) role.run->settle(schedule_run::state::Progress::kGranted);
}

}  // namespace detail

}  // namespace tailback
