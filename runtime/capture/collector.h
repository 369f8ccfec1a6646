// One capture: lists the threads, reads each the best way there is, and writes it into the spool.
//
//   1. list: a row for each thread
//   2. outside: for each, its system call, its stack walked from memory, its system call again. The same twice: that was its stack.
//   3. signals: those that run, that moved each time, or whose frames end early. Not those that a signal can't reach or would harm.
//   4. the locks' words once more
//
// Thread safety: none; its user has the CaptureTurn. No malloc, no lock, no stdio.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/capture/capturer.h"
#include "runtime/capture/dump_writer.h"
#include "runtime/capture/signaller.h"
#include "runtime/capture/task_directory.h"
#include "runtime/capture/unwinder.h"

namespace tailback {

class Collector final : private ThreadVisitor, private AnswerVisitor {
 public:
  Collector(const CaptureOptions& options, int signal, TaskDirectory& tasks, Memory& memory, Unwinder& unwinder, DumpWriter& writer);

  /// Captures into the record that writer.begin() has opened. False: the threads can't be listed.
  bool run(CaptureStats& stats) noexcept;

 private:
  enum class Outside : std::uint8_t { kComplete, kPartial, kUnread };

  bool thread(pid_t tid) noexcept override;
  void answered(std::uint32_t row, const SignalSlot& slot) noexcept override;
  void unanswered(std::uint32_t row) noexcept override;

  void read_all(CaptureStats& stats) noexcept;
  Outside read_outside(ThreadRow& row, CaptureStats& stats) noexcept;
  WalkEnd walk(const SystemCall& call) noexcept;
  void store_call(ThreadRow& row, const SystemCall& call) noexcept;
  void store_stack(ThreadRow& row, RowWay way, Absence absence) noexcept;
  void signal_rest() noexcept;
  bool ask(Signaller& signaller, std::uint32_t index, bool last_round) noexcept;
  Absence unreachable(const ThreadRow& row, const ThreadStatus& status) const noexcept;
  bool give_up(ThreadRow& row, Absence reason) noexcept;
  void read_own(ThreadRow& row) noexcept;
  void take_frames(const SignalSlot& slot) noexcept;
  void count(CaptureStats& stats) noexcept;

  const CaptureOptions& options_;
  const int signal_;
  TaskDirectory& tasks_;
  Memory& memory_;
  Unwinder& unwinder_;
  DumpWriter& writer_;
  std::vector<std::uint64_t> frames_;  ///< of the thread being read; reserved at construction
  std::uint32_t frame_count_ = 0;
};

}  // namespace tailback
