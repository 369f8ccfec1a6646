// All threads' stacks of this process, taken from inside it without stopping it.
//
//   create()   at start: everything is opened, reserved and warm; later steps only use what is there
//   capture()  raw: thread ids, system calls, program counters, lock words go into the spool. No malloc, no lock, no
//              stdio; safe beside threads that are stuck inside malloc or dlopen for ever
//   resolve()  afterwards, with malloc: symbols, and lock words → locks, waits, holds
//   release()  once the dump is committed elsewhere: the spool's room is free again
//
// Blocked threads are read from the outside: none is woken, no call is interrupted. Threads that run, or whose frames can't
// be recovered, are asked by a real-time signal; those that a signal could not reach, or would harm, are rows with the
// reason. A dump that was complete or half-written when the process died is found in the spool at the next create().
//
// Thread safety: capture() may be called from any thread; a second one at the same time returns kBusy at once, one beside a
// resolve() that asks a thread for its registers waits for that answer (a fraction of a second). resolve() and
// take_leftovers() are one thread's at a time (the recorder's), also while another captures. Not from a signal handler.
// Fork: a Capturer is its process's; in a child capture() returns kForked and touches nothing.
// Platform: x86-64 glibc in full. Elsewhere on Linux by signals only, without lock words; `limits()` says so.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/incident/event_sink.h"
#include "runtime/incident/model.h"
#include <tailback/result.h>

namespace tailback {

/// Why a thread has no stack, or only a part of one.
enum class Absence : std::uint8_t {
  kNone,
  kGone,             ///< ended between the listing and the reading
  kBlocksSignal,     ///< has the capture signal blocked
  kTraced,           ///< a debugger or strace holds it
  kUninterruptible,  ///< D state: the kernel would not run a handler
  kStopped,          ///< stopped by a job-control signal
  kWouldInterrupt,   ///< in a call that even SA_RESTART would not restart; see CaptureOptions::interrupt_calls
  kNoAnswer,         ///< signalled, and no answer before the deadline
  kUnwinderFault,    ///< the unwinder faulted on its stack; survived
  kSignalQueueFull,  ///< RLIMIT_SIGPENDING
  kSignalsOff,       ///< only a signal could have told, and the options forbid it
  kBroken,           ///< its frames end early: no unwind information, or a register that is lost
  kDeep,             ///< more frames than max_frames; the innermost are kept
  kSmallStack,       ///< runs its handlers on a signal stack too small to unwind on
  kSpoolFull,        ///< no room left for its frames
  kCount
};
[[nodiscard]] std::string_view to_string(Absence);

/// Why there is no dump at all.
enum class CaptureFailure : std::uint8_t {
  kNone,
  kBusy,       ///< another capture runs
  kForked,     ///< this is a child of the process that created the Capturer
  kSpoolFull,  ///< unreleased dumps fill the spool, and the file system gives no more room
  kNoListing,  ///< /proc/self/task can't be read
};
[[nodiscard]] std::string_view to_string(CaptureFailure);

struct CaptureOptions {
  /// The spool, beside the incident file. Empty: in memory only, and nothing survives the process.
  std::string spool_path;
  std::uint64_t spool_bytes = 8u << 20;       ///< reserved on disk at start: about 60,000 threads on 1,000 distinct stacks
  std::uint64_t spool_limit_bytes = 1u << 30; ///< grows up to here when a dump needs it
  int signal = 0;                             ///< 0: the first free real-time signal; a taken one is refused
  bool outside = true;                        ///< read blocked threads from /proc
  bool signals = true;                        ///< signal those that can't be read
  bool interrupt_calls = false;               ///< signal also threads whose call fails with EINTR for it
  std::uint16_t max_frames = 256;
  std::chrono::milliseconds signal_deadline{300}; ///< shared by all signalled threads of one capture, after the last was sent
  bool guard_scan = true;                     ///< look for the unknown holders of a lock by evidence in frames (resolve())
  std::chrono::milliseconds guard_scan_budget{500};
};

struct CaptureStats {
  std::uint32_t threads = 0;      ///< listed
  std::uint32_t outside = 0;      ///< complete, read without waking them
  std::uint32_t recovered = 0;    ///< of `outside`: with a register found by looking at code and stack words
  std::uint32_t signalled = 0;    ///< complete, by signal
  std::uint32_t blind = 0;        ///< of `signalled`: /proc did not tell which call it was in
  std::uint32_t missing = 0;      ///< rows with an Absence
  std::array<std::uint32_t, static_cast<std::size_t>(Absence::kCount)> by_absence{};
  std::uint32_t torn_reads = 0;   ///< second readings that differed from the first
  std::uint32_t late_answers = 0; ///< handlers that ran after their capture was over, since the last one
  std::uint32_t distinct_stacks = 0;
  std::uint64_t spool_bytes = 0;  ///< that this dump takes
  std::chrono::nanoseconds listing{0}, reading{0}, signalling{0}, total{0};
};

/// A dump in the spool. A small value; it stays readable until release().
struct RawDump {
  CaptureFailure failure = CaptureFailure::kNone;
  std::uint64_t offset = 0;  ///< in the spool
  CaptureStats stats;

  [[nodiscard]] bool ok() const noexcept { return failure == CaptureFailure::kNone; }
};

/// What a dump's resolution could not do.
struct ResolveStats {
  std::uint32_t distinct_addresses = 0, unnamed_addresses = 0;
  std::uint32_t locks = 0, locks_without_holder = 0;   ///< after everything
  std::uint32_t guard_scan_threads = 0, inferred_holds = 0;
  std::uint32_t guard_scan_moved = 0;   ///< had gone on since the dump
  std::uint32_t guard_scan_unseen = 0;  ///< the budget was used up before
  std::chrono::nanoseconds symbols{0}, guard_scan{0}, total{0};
};

class Capturer {
 public:
  /// Opens, reserves and warms everything. `modules` of the process are listed here too.
  /// Errors: kPermission/kIo the spool, kInvalidArgument a taken signal, kUnsupported no /proc or an unwinder that is not libgcc's.
  static Result<std::unique_ptr<Capturer>> create(CaptureOptions options);
  ~Capturer();  ///< the handler stays installed: a late signal must find it
  Capturer(const Capturer&) = delete;
  Capturer& operator=(const Capturer&) = delete;

  /// Cost: about 9 µs a blocked thread. Blocks: at most signal_deadline beyond that.
  [[nodiscard]] RawDump capture(std::string_view reason, std::int64_t breach_id = 0) noexcept;

  /// The dump as a value; frames and texts go into `recording.table`, new modules into `recording.modules`.
  /// Dump::id is the recorder's to set.
  [[nodiscard]] Dump resolve(const RawDump& raw, Recording& recording, ResolveStats* stats = nullptr);

  /// The frames at the call address (a return address minus one) of a place in this process, innermost inlined one first.
  /// One thread's at a time, as resolve().
  [[nodiscard]] std::vector<FrameId> name(std::uint64_t address, StackTable& table);

  void release(const RawDump& raw) noexcept;

  /// Calls `sink` with each dump an earlier process left in the spool: begin(), dump(), end() with its modules and pid;
  /// torn ones with a diagnostic. Call once, before the first capture(); the spool is empty afterwards.
  /// Returns how many dumps there were.
  std::size_t take_leftovers(EventSink& sink);

  /// The signal in use; 0: none.
  [[nodiscard]] int signal() const noexcept;
  /// What this platform or process does not allow, in words for the log: "threads can't be read from outside (not dumpable)".
  [[nodiscard]] std::vector<std::string> limits() const;

 private:
  struct State;
  explicit Capturer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tailback
