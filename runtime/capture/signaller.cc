#include "runtime/capture/signaller.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <linux/futex.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace tailback {
namespace {

std::atomic<int> installed_signal{0};

bool is_free(int signal) {
  struct sigaction now {};
  return ::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

bool is_ours(int signal) {
  struct sigaction now {};
  return ::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == tailback_capture_handler;
}

Result<int> install(int signal) {
  struct sigaction action {};
  action.sa_sigaction = tailback_capture_handler;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  // No other handler on top of ours: the unwinder must not be entered twice on one thread by a profiler's signal.
  sigfillset(&action.sa_mask);
  for (int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT}) sigdelset(&action.sa_mask, fault);
  if (::sigaction(signal, &action, nullptr) != 0) {
    return Error{ErrorCode::kInvalidArgument, std::string("signal can't be handled: ") + std::strerror(errno), std::to_string(signal)};
  }
  installed_signal.store(signal);
  return signal;
}

}  // namespace

Result<int> install_capture_signal(int wanted) {
  const int current = installed_signal.load();
  if (current != 0 && (wanted == 0 || wanted == current) && is_ours(current)) return current;
  if (wanted != 0) {
    if (wanted < SIGRTMIN || wanted > SIGRTMAX) {
      return Error{ErrorCode::kInvalidArgument, "the capture signal must be a real-time signal, SIGRTMIN to SIGRTMAX", std::to_string(wanted)};
    }
    if (!is_free(wanted)) return Error{ErrorCode::kInvalidArgument, "the signal is taken: it has a handler or is ignored", std::to_string(wanted)};
    return install(wanted);
  }
  // The lowest ones are what other libraries take first.
  constexpr int kFirst = 12;
  for (int signal = SIGRTMIN + kFirst; signal < SIGRTMAX; ++signal) {
    if (is_free(signal)) return install(signal);
  }
  for (int signal = SIGRTMIN; signal < SIGRTMIN + kFirst; ++signal) {
    if (is_free(signal)) return install(signal);
  }
  return Error{ErrorCode::kResourceExhausted, "no real-time signal is free", ""};
}

Signaller::Signaller(int signal, std::chrono::nanoseconds deadline, std::chrono::nanoseconds overall, AnswerVisitor& visitor) noexcept
    : signal_(signal), deadline_(deadline), overall_end_(now() + overall), visitor_(visitor) {}

Signaller::~Signaller() { drain(); }

/// Moves an unanswered request out of the handler's reach. False: the handler has begun, and its answer is near.
bool Signaller::take_back(std::size_t index) noexcept {
  SignalSlot& slot = signal_shared.slots[index];
  std::uint64_t expected = SignalSlot::pack(flights_[index].generation, SlotState::kQueued);
  return slot.word.compare_exchange_strong(expected, SignalSlot::pack(flights_[index].generation, SlotState::kFree));
}

void Signaller::collect() noexcept {
  const Time time = now();
  for (std::size_t i = 0; i < kSignalSlots; ++i) {
    Flight& flight = flights_[i];
    if (!flight.used) continue;
    SignalSlot& slot = signal_shared.slots[i];
    const bool done = slot.word.load(std::memory_order_acquire) == SignalSlot::pack(flight.generation, SlotState::kDone);
    if (done) {
      visitor_.answered(flight.row, slot);
      slot.word.store(SignalSlot::pack(flight.generation, SlotState::kFree), std::memory_order_release);
    } else if (time >= flight.sent + deadline_ || time >= overall_end_) {
      // A handler that has begun but not ended keeps its slot; free_slot() looks again in a later capture.
      constexpr std::chrono::milliseconds kPatience{50};
      if (!take_back(i) && time < flight.sent + deadline_ + kPatience) continue;
      visitor_.unanswered(flight.row);
    } else {
      continue;
    }
    flight.used = false;
    --in_flight_;
  }
}

void Signaller::wait(std::uint32_t answers_seen) noexcept {
  const timespec time{0, 2'000'000};
  ::syscall(SYS_futex, &signal_shared.answers, FUTEX_WAIT_PRIVATE, answers_seen, &time, nullptr, 0);
}

std::size_t Signaller::free_slot() noexcept {
  for (;;) {
    const std::uint32_t answers = signal_shared.answers.load(std::memory_order_acquire);
    if (in_flight_ >= kSignalSlots / 2) collect();
    for (std::size_t i = 0; i < kSignalSlots; ++i) {
      if (flights_[i].used) continue;
      const SlotState state = SignalSlot::state_of(signal_shared.slots[i].word.load(std::memory_order_acquire));
      if (state == SlotState::kFree || state == SlotState::kDone) return i;  // done: an answer that came after its capture
    }
    if (in_flight_ == 0 && out_of_time()) return kSignalSlots;  // all held by handlers of an earlier capture that never ended
    wait(answers);
    collect();
  }
}

SendResult Signaller::send(pid_t tid, std::uint32_t row, SlotRequest request) noexcept {
  const std::size_t index = free_slot();
  if (index == kSignalSlots) return SendResult::kFailed;
  SignalSlot& slot = signal_shared.slots[index];
  Flight& flight = flights_[index];
  flight.generation = (slot.word.load(std::memory_order_relaxed) >> 2) + 1;
  slot.tid.store(tid, std::memory_order_relaxed);
  slot.request = request;
  slot.word.store(SignalSlot::pack(flight.generation, SlotState::kQueued), std::memory_order_release);

  siginfo_t info{};
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(make_token(index, flight.generation));
  if (::syscall(SYS_rt_tgsigqueueinfo, info.si_pid, tid, signal_, &info) == 0) {
    flight.used = true;
    flight.row = row;
    flight.sent = now();
    ++in_flight_;
    return SendResult::kSent;
  }
  const int reason = errno;
  slot.word.store(SignalSlot::pack(flight.generation, SlotState::kFree), std::memory_order_release);
  if (reason == ESRCH) return SendResult::kGone;
  return reason == EAGAIN ? SendResult::kQueueFull : SendResult::kFailed;
}

void Signaller::drain() noexcept {
  while (in_flight_ > 0) {
    const std::uint32_t answers = signal_shared.answers.load(std::memory_order_acquire);
    collect();
    if (in_flight_ > 0) wait(answers);
  }
}

FaultGuard::FaultGuard() noexcept {
  struct sigaction action {};
  action.sa_sigaction = tailback_fault_handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (auto [signal, previous] : {std::pair{SIGSEGV, &previous_segv}, {SIGBUS, &previous_bus}}) {
    struct sigaction before {};
    ::sigaction(signal, &action, &before);
    // Left in place by an earlier guard whose handler had not ended: what was before *that* is the one to go back to.
    if ((before.sa_flags & SA_SIGINFO) == 0 || before.sa_sigaction != tailback_fault_handler) *previous = before;
  }
}

FaultGuard::~FaultGuard() {
  for (const SignalSlot& slot : signal_shared.slots) {
    if (SignalSlot::state_of(slot.word.load(std::memory_order_acquire)) == SlotState::kRunning) return;  // still needed
  }
  for (auto [signal, previous] : {std::pair{SIGSEGV, &previous_segv}, {SIGBUS, &previous_bus}}) {
    struct sigaction now {};
    // Someone may have put a handler of its own there meanwhile.
    if (::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == tailback_fault_handler) {
      ::sigaction(signal, previous, nullptr);
    }
  }
}

}  // namespace tailback
