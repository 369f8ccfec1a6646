#include "runtime/capture/collector.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/capture/machine_code.h"
#include "runtime/capture/system_calls.h"

namespace tailback {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRounds = 4;    ///< of asking by signal
constexpr int kReadings = 3;  ///< of a thread that moves while it is read; then a signal asks it

}  // namespace

Collector::Collector(const CaptureOptions& options, int signal, TaskDirectory& tasks, Memory& memory, Unwinder& unwinder, DumpWriter& writer)
    : options_(options), signal_(signal), tasks_(tasks), memory_(memory), unwinder_(unwinder), writer_(writer),
      frames_(std::max<std::size_t>(options.max_frames, 1)) {}

bool Collector::run(CaptureStats& stats) noexcept {
  const auto begin = Clock::now();
  if (!tasks_.list(*this)) return false;
  const auto listed = Clock::now();
  unwinder_.revalidate();
  read_all(stats);
  const auto read = Clock::now();
  signal_rest();
  writer_.read_locks_again();
  const auto end = Clock::now();
  stats.listing = listed - begin;
  stats.reading = read - listed;
  stats.signalling = end - read;
  count(stats);
  return true;
}

bool Collector::thread(pid_t tid) noexcept {
  writer_.add_row(static_cast<std::uint32_t>(tid));
  return true;  // also with no room: the rest is counted
}

void Collector::read_all(CaptureStats& stats) noexcept {
  const auto self = static_cast<std::uint32_t>(::syscall(SYS_gettid));
  for (std::uint32_t index = 0; index < writer_.row_count(); ++index) {
    ThreadRow& row = writer_.row(index);
    row.cpu_ns = thread_cpu_ns(static_cast<pid_t>(row.tid));
    if (row.tid == self) {
      read_own(row);
    } else if (options_.outside) {
      static_cast<void>(read_outside(row, stats));
    } else {
      row.reading = static_cast<std::uint8_t>(CallReading::kClosed);
    }
  }
}

Collector::Outside Collector::read_outside(ThreadRow& row, CaptureStats& stats) noexcept {
  CallFile file(tasks_.fd(), static_cast<pid_t>(row.tid));
  SystemCall call = file.read();
  for (int reading = 0; reading < kReadings; ++reading) {
    store_call(row, call);
    if (call.reading == CallReading::kGone) {
      give_up(row, Absence::kGone);
      return Outside::kUnread;
    }
    const bool blocked = call.reading == CallReading::kInCall || call.reading == CallReading::kNoCall;
    if (!blocked || !arch::kOutsideReading) return Outside::kUnread;
    const WalkEnd end = walk(call);
    const std::uint64_t lock = is_futex_wait(call) ? writer_.lock(call.arguments[0]) : 0;
    const SystemCall again = file.read();
    if (again == call) {
      row.lock = lock;
      const bool deep = end == WalkEnd::kMore;
      if (end == WalkEnd::kOutermost || deep) {
        store_stack(row, unwinder_.recovered() ? RowWay::kRecovered : RowWay::kOutside, deep ? Absence::kDeep : Absence::kNone);
        return Outside::kComplete;
      }
      // Kept as it is in case a signal can't do better, but not done.
      row.stack = writer_.stack(frames_.data(), frame_count_);
      row.lock = lock;
      row.way = RowWay::kOutside;
      return Outside::kPartial;
    }
    ++stats.torn_reads;
    call = again;
  }
  return Outside::kUnread;
}

WalkEnd Collector::walk(const SystemCall& call) noexcept {
  frame_count_ = 0;
  // In a call the counter is behind the `syscall` instruction; in a page fault it is at the instruction itself.
  unwinder_.start(call.stack_pointer, call.pc, true);
  frames_[frame_count_++] = call.reading == CallReading::kInCall ? call.pc - 1 : call.pc;
  for (;;) {
    const WalkEnd end = unwinder_.step();
    if (end != WalkEnd::kMore) return end;
    if (frame_count_ == frames_.size()) return WalkEnd::kMore;
    frames_[frame_count_++] = unwinder_.call_address();
  }
}

void Collector::store_call(ThreadRow& row, const SystemCall& call) noexcept {
  row.reading = static_cast<std::uint8_t>(call.reading);
  row.call = call.reading == CallReading::kInCall ? call.number : -1;
  std::copy(call.arguments, call.arguments + 4, row.arguments);
  row.stack_pointer = call.stack_pointer;
  row.pc = call.pc;
}

void Collector::store_stack(ThreadRow& row, RowWay way, Absence absence) noexcept {
  row.stack = writer_.stack(frames_.data(), frame_count_);
  row.way = way;
  row.absence = static_cast<std::uint8_t>(row.stack == 0 ? Absence::kSpoolFull : absence);
  std::atomic_signal_fence(std::memory_order_release);
  row.done = 1;
}

bool Collector::give_up(ThreadRow& row, Absence reason) noexcept {
  row.absence = static_cast<std::uint8_t>(reason);
  std::atomic_signal_fence(std::memory_order_release);
  row.done = 1;
  return true;
}

void Collector::read_own(ThreadRow& row) noexcept {
  std::array<const void*, 64> frames;
  const std::size_t count = own_stack(frames.data(), std::min(frames.size(), frames_.size()));
  frame_count_ = 0;
  // Boost ends the list with a null.
  for (std::size_t i = 0; i < count && frames[i] != nullptr; ++i) frames_[frame_count_++] = reinterpret_cast<std::uint64_t>(frames[i]) - 1;
  row.reading = static_cast<std::uint8_t>(CallReading::kRunning);
  store_stack(row, RowWay::kOwn, Absence::kNone);
}

void Collector::signal_rest() noexcept {
  std::uint32_t waiting = 0;
  for (std::uint32_t index = 0; index < writer_.row_count(); ++index) waiting += writer_.row(index).done == 0;
  if (waiting == 0) return;
  FaultGuard guard;
  constexpr std::chrono::microseconds kEach{200};
  Signaller signaller(signal_, options_.signal_deadline, options_.signal_deadline * 3 + waiting * kEach, *this);
  // A running thread may have the signal blocked for a moment only: in pthread_create, or at the end of an earlier answer.
  for (int round = 1; round <= kRounds && waiting > 0; ++round) {
    waiting = 0;
    for (std::uint32_t index = 0; index < writer_.row_count(); ++index) {
      if (writer_.row(index).done == 0) waiting += ask(signaller, index, round == kRounds) ? 0 : 1;
    }
    signaller.drain();
    if (waiting == 0) break;
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

/// False: it is to be asked again in a later round.
bool Collector::ask(Signaller& signaller, std::uint32_t index, bool last_round) noexcept {
  ThreadRow& row = writer_.row(index);
  const bool partial = row.stack != 0;
  if (signal_ == 0 || !options_.signals) return give_up(row, partial ? Absence::kBroken : Absence::kSignalsOff);
  if (signaller.out_of_time()) return give_up(row, partial ? Absence::kBroken : Absence::kNoAnswer);
  const ThreadStatus status = tasks_.status(static_cast<pid_t>(row.tid));
  const Absence reason = unreachable(row, status);
  if (reason == Absence::kBlocksSignal && status.state == 'R' && !last_round) return false;
  if (reason != Absence::kNone) return give_up(row, partial ? Absence::kBroken : reason);
  row.blind = row.reading == static_cast<std::uint8_t>(CallReading::kClosed);
  switch (signaller.send(static_cast<pid_t>(row.tid), index, SlotRequest::kStack)) {
    case SendResult::kSent: return true;
    case SendResult::kGone: return give_up(row, Absence::kGone);
    case SendResult::kQueueFull: return give_up(row, Absence::kSignalQueueFull);
    case SendResult::kFailed: break;
  }
  return give_up(row, Absence::kNoAnswer);
}

Absence Collector::unreachable(const ThreadRow& row, const ThreadStatus& status) const noexcept {
  if (!status.present) {
    // Gone, or the file is closed to us: then the signal itself will tell.
    return row.reading == static_cast<std::uint8_t>(CallReading::kClosed) ? Absence::kNone : Absence::kGone;
  }
  if (status.state == 'Z' || status.state == 'X') return Absence::kGone;
  if (status.tracer != 0 || status.state == 't') return Absence::kTraced;
  if (status.state == 'T') return Absence::kStopped;
  if (status.state == 'D') return Absence::kUninterruptible;
  if (status.blocks(signal_)) return Absence::kBlocksSignal;
  if (options_.interrupt_calls || row.reading != static_cast<std::uint8_t>(CallReading::kInCall)) return Absence::kNone;
  SystemCall call;
  call.reading = CallReading::kInCall;
  call.number = row.call;
  std::copy(row.arguments, row.arguments + 4, call.arguments);
  return signal_would_break(call) ? Absence::kWouldInterrupt : Absence::kNone;
}

void Collector::answered(std::uint32_t index, const SignalSlot& slot) noexcept {
  ThreadRow& row = writer_.row(index);
  if (slot.outcome != SlotOutcome::kStack) {
    give_up(row, slot.outcome == SlotOutcome::kFault ? Absence::kUnwinderFault : Absence::kSmallStack);
    return;
  }
  take_frames(slot);
  bool in_call = false;
  const std::uint64_t pc = behind_system_call(memory_, slot.pc, in_call);
  if (row.stack_pointer != slot.stack_pointer || row.pc != pc) row.lock = 0;  // it has moved on since its call was read
  row.stack_pointer = slot.stack_pointer;
  row.pc = pc;
  const bool deep = slot.frame_count == slot.frames.size() || frame_count_ == frames_.size();
  store_stack(row, RowWay::kSignal, frame_count_ == 0 ? Absence::kBroken : deep ? Absence::kDeep : Absence::kNone);
}

void Collector::unanswered(std::uint32_t index) noexcept {
  ThreadRow& row = writer_.row(index);
  give_up(row, row.stack != 0 ? Absence::kBroken : Absence::kNoAnswer);
}

/// The handler's frames begin inside the handler: what it interrupted begins where the counter was. All others are return
/// addresses, except behind a signal trampoline.
void Collector::take_frames(const SignalSlot& slot) noexcept {
  frame_count_ = 0;
  std::size_t at = 0;
  while (at < slot.frame_count && reinterpret_cast<std::uint64_t>(slot.frames[at]) != slot.pc) ++at;
  bool in_call = false;
  const std::uint64_t behind = behind_system_call(memory_, slot.pc, in_call);
  bool interrupted = true;
  for (; at < slot.frame_count && slot.frames[at] != nullptr && frame_count_ < frames_.size(); ++at) {
    const auto pc = reinterpret_cast<std::uint64_t>(slot.frames[at]);
    // A thread in a system call has the same innermost address as when it is read from outside.
    const std::uint64_t address = frame_count_ == 0 && in_call ? behind - 1 : interrupted ? pc : pc - 1;
    frames_[frame_count_++] = address;
    interrupted = unwinder_.is_signal_frame(address);
  }
}

void Collector::count(CaptureStats& stats) noexcept {
  stats.threads = writer_.row_count();
  stats.distinct_stacks = writer_.distinct_stacks();
  for (std::uint32_t index = 0; index < writer_.row_count(); ++index) {
    const ThreadRow& row = writer_.row(index);
    const auto absence = static_cast<Absence>(row.absence);
    ++stats.by_absence[row.absence];
    if (absence != Absence::kNone && absence != Absence::kDeep) {
      ++stats.missing;
    } else if (row.way == RowWay::kSignal) {
      ++stats.signalled;
      stats.blind += row.blind;
    } else {
      ++stats.outside;
      stats.recovered += row.way == RowWay::kRecovered;
    }
  }
  stats.late_answers = signal_shared.late.exchange(0, std::memory_order_relaxed);
}

}  // namespace tailback
