// The words of tailback as values: what is known of a process at one instant, and over time.
//
// Every source (the live process, a captured log, an incident file) yields these, and nothing
// after a source can tell which one it was. A source states *facts*: what the text or the memory
// says. Interpretation (which lock a frame waits for, who holds it) is analyze/'s; where a fact already
// is a wait or a hold (an owner word, a `- locked <…>` line) the source records it as one.
//
// Units: times are nanoseconds; `wall_ns` since 1970-01-01T00:00:00Z, `mono_ns` of CLOCK_MONOTONIC; 0 is
// "unknown". Metric values are in the metric's base unit (bytes, seconds, count).
// Ownership: plain values; texts, frames and stacks live in the recording's StackTable.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/incident/ids.h"
#include "runtime/incident/large_pages.h"
#include "runtime/incident/stack_table.h"

namespace tailback {

/// What made the stacks.
enum class Runtime : std::uint8_t { kUnknown, kNative, kGo, kJava, kPython, kKernel };

/// What a thread is doing, as coarsely as every format tells it.
enum class ThreadState : std::uint8_t {
  kUnknown,
  kRunning,   ///< on a processor, or ready to be
  kBlocked,   ///< parked: on a lock, condition, channel, join; the stack tells which
  kSleeping,  ///< in a timed sleep
  kIo,        ///< in a system call or runtime wait for I/O
  kIdle,      ///< the runtime itself says that it has nothing to do
  kDead,      ///< exiting or gone
};

/// What kind of synchronisation object a lock is.
enum class LockKind : std::uint8_t {
  kUnknown,
  kMutex,
  kRecursiveMutex,
  kRwlock,
  kMonitor,      ///< Java's intrinsic lock
  kSemaphore,
  kCondition,
  kWaitGroup,    ///< wait groups, latches, count-downs: waits until a count is reached
  kBarrier,
  kOnce,
  kChannel,
  kFuture,
  kJoin,         ///< the end of another thread
  kFutex,        ///< a futex of no known kind
};

/// What a read-write lock does with a reader while a writer waits. See replay/schedule for the meaning of each.
enum class LockPolicy : std::uint8_t {
  kUnknown,
  kPreferReaders,
  kPreferWriters,
  kFifo,       ///< fair: in order of arrival
  kReentrant,  ///< a thread that reads already may read again (Java)
  kEither,     ///< the implementation promises nothing
};

enum class LockMode : std::uint8_t { kExclusive, kShared };

/// Whether somebody holds a lock of this kind: a mutex yes, a channel no. A futex word may be anything.
[[nodiscard]] bool can_be_held(LockKind kind);

/// How a hold is known.
enum class Basis : std::uint8_t {
  kObserved,  ///< owner word, lock registry, `- locked <…>` line
  kInferred,  ///< evidence in a frame; `evidence` says which
};

/// Why a thread's stack is not there, or not whole.
enum class StackQuality : std::uint8_t {
  kComplete,
  kRecovered,  ///< a register had to be recovered by looking at code or stack words
  kPartial,    ///< ends early; `absence_reason` says why
  kMissing,    ///< none; `absence_reason` says why
};

struct ThreadRecord {
  std::string id;                ///< as its runtime prints it: a tid, a goroutine's number, a Java thread's
                                 ///< name where there is no number
  StringId name;
  StackId stack;                 ///< innermost frame first; none when missing
  ThreadState state = ThreadState::kUnknown;
  StackQuality quality = StackQuality::kComplete;
  StringId absence_reason;       ///< none when complete
  StringId state_text;           ///< the state as the source prints it: "semacquire", "BLOCKED (on object monitor)"
  StringId label;                ///< logical task, pprof labels
  StringId created_by;           ///< function that started it
  ArgumentsId arguments;         ///< argument words of its frames
  std::uint32_t count = 1;       ///< threads that this row stands for (profiles, grouped dumps)
  std::int32_t system_call = -1; ///< number of the system call it is in; -1: none or unknown
  std::int64_t waited_ns = -1;   ///< how long it has been in this state; -1: unknown
  std::int64_t cpu_ns = -1;      ///< CPU time used; -1: unknown
};

/// Begins the name of the monitor under which a Java class is initialised: "initialiser of com.acme.Config".
inline constexpr std::string_view kInitialiserOf = "initialiser of ";

/// Ends Lock::owner where a text names the owner, and no thread of the dump can be identified as it: it may live, or be any of several of that name.
inline constexpr std::string_view kNotIdentified = " (not identified)";

struct Lock {
  std::uint64_t address = 0;     ///< base address; 0: the source does not tell
  LockKind kind = LockKind::kUnknown;
  LockPolicy policy = LockPolicy::kUnknown;
  StringId name;                 ///< "HashSet.mu", a Java class, a symbol; none: unnamed
  std::int64_t readers = -1;     ///< how many hold it shared, by its own words; -1: unknown
  std::int64_t queued = -1;      ///< how many wait for it, by its own words; -1: unknown
  std::string owner;             ///< id of the exclusive owner by its own words; empty: none or unknown; see kNotIdentified
  std::uint64_t registry_id = 0; ///< id of an instrumented lock, never re-used; 0: not instrumented

  [[nodiscard]] bool owner_not_identified() const { return owner.ends_with(kNotIdentified); }
};

/// thread → lock: it can't go on before the lock is granted.
struct Wait {
  static constexpr std::uint16_t kNoFrame = 0xffff;

  ThreadIndex thread;
  LockId lock;
  LockMode mode = LockMode::kExclusive;
  bool front = false;            ///< known to be next in line (a writer that waits for the readers, not for the queue)
  std::uint16_t frame = 0;       ///< index of the frame that waits; who asks for the lock is told by Dump::asking_frame();
                                 ///< kNoFrame: the lock's functions have none (Python's are C code), so the innermost one asks
  std::int64_t since_ns = -1;    ///< how long it has waited; -1: unknown
};

/// thread → lock: it has been granted and not been released.
struct Hold {
  static constexpr std::uint16_t kNoFrame = 0xffff;

  ThreadIndex thread;            ///< none: the owner is known by id only and is not in the dump (see Lock::owner)
  LockId lock;
  LockMode mode = LockMode::kExclusive;
  Basis basis = Basis::kObserved;
  std::uint16_t frame = kNoFrame; ///< index into the thread's stack of the frame that took it
  std::uint8_t strength = 2;      ///< inferred: 2 supports `likely`, 1 only `possible`; observed: 1 when the owner's word changed while
                                  ///< the dump was taken (proves no ring), else 2
  StringId evidence;              ///< in words, e.g. "r15 equals the lock's address in Values()"
};

/// All threads of the process at one instant.
struct Dump {
  std::int64_t id = 0;            ///< unique in the recording, ascending in time
  std::int64_t wall_ns = 0;
  std::int64_t mono_ns = 0;
  std::int64_t duration_ns = 0;   ///< how long the capture took; 0: unknown
  StringId reason;                ///< trigger text, "on demand: …", "SIGQUIT", or none
  std::int64_t breach_id = 0;     ///< 0: not taken for a breach
  std::vector<ThreadRecord, LargePageAllocator<ThreadRecord>> threads;
  std::vector<Lock> locks;
  std::vector<Wait> waits;
  std::vector<Hold> holds;
  std::vector<StringId> statements;     ///< verdicts that the source itself prints: "fatal error: all goroutines are asleep - deadlock!"
  std::vector<std::uint64_t> line_of_thread; ///< 1-based line of each thread in the input; empty where there are no lines
  std::uint64_t threads_missed = 0;     ///< known to exist, not in `threads`

  [[nodiscard]] std::uint64_t thread_count() const;  ///< sum of the rows' counts
  /// Index of the frame that asks for the lock, in the waiting thread's stack; may be the stack's size. A lock is asked for through functions of
  /// its own, the outermost of which is Wait::frame, so the next one out asks; a monitor is entered by the language, so the frame that waits asks.
  [[nodiscard]] std::size_t asking_frame(const Wait& wait) const;
};

/// A metric's identity. Names are the words of triggers: "threads", "rss", "heap_in_use", …
struct MetricInfo {
  std::string name;
  std::string unit;   ///< "bytes", "seconds", "count", "ratio"
  bool counter = false; ///< only ever grows
};

struct MetricValue {
  MetricId metric;
  double value = 0;
  std::int64_t age_ns = 0; ///< how old the value was when the sample was taken
};

/// The metrics at one instant.
struct Sample {
  std::int64_t wall_ns = 0;
  std::int64_t mono_ns = 0;
  std::vector<MetricValue> values;

  [[nodiscard]] std::optional<double> value(MetricId metric) const;
};

/// A trigger going from quiet to fired.
struct Breach {
  std::int64_t id = 0;             ///< unique in the recording, ascending; never 0
  std::string trigger;             ///< as written
  std::string metric;
  double value = 0;                ///< at opening
  double threshold = 0;
  std::int64_t opened_wall_ns = 0;
  std::int64_t closed_wall_ns = 0; ///< 0: still open when the recording ended
};

enum class LockOperation : std::uint8_t {
  kCreate, kDestroy,
  kRequest,  ///< about to ask for it; blocks until granted
  kAcquire,  ///< granted; kRequest before it may be left out where it was granted at once
  kRelease,
  kTryFail,  ///< a try or timed request that gave up
  kWait,     ///< on a condition: releases its mutex (`other`) and waits; the mutex's kAcquire follows when it woke
  kNotify, kNotifyAll,
  kThreadStart, kThreadEnd,
  kThreadJoin,  ///< waited for the end of thread `other`, and got it
  kTryAcquire,  ///< granted to a try or timed request, which would have given up rather than wait for ever
};

/// One step of one thread on one lock, in the order in which it happened.
struct LockEvent {
  std::uint64_t order = 0;      ///< total order within the recording
  std::int64_t mono_ns = 0;     ///< 0: no time was recorded
  std::uint64_t thread = 0;     ///< logical thread id, never re-used within the recording
  std::uint64_t lock = 0;       ///< instrumented lock's id, never re-used; 0 for thread start and end
  LockOperation operation = LockOperation::kAcquire;
  LockMode mode = LockMode::kExclusive;
  std::uint64_t other = 0;      ///< kWait: the mutex released; kThreadStart: the parent thread; kThreadJoin: the joined thread; else 0
  StringId place;               ///< "function file:line", or none
};

struct Module {
  std::string path;
  std::string build_id;         ///< hexadecimal; empty: none
  std::uint64_t base = 0;       ///< load bias
  std::uint64_t begin = 0, end = 0;
};

enum class Severity : std::uint8_t { kInformation, kDataLoss, kError };

/// What a reader or recorder could not do, where, and why. Repeated ones are counted, not repeated.
struct Diagnostic {
  Severity severity = Severity::kInformation;
  std::string file;
  std::uint64_t line = 0;       ///< 1-based; 0: not about a line
  std::string reason;
  std::uint64_t count = 1;
};

/// Where a recording came from.
struct RecordingInfo {
  std::string source;           ///< "live", "go-log", "go-profile", "jstack", "gdb", "eu-stack", "core", …
  Runtime runtime = Runtime::kUnknown;
  std::string instance = "1";
  std::string file;             ///< the input's name as given; empty for live
  std::string host, command, version;
  std::int64_t pid = 0;
  std::int64_t started_wall_ns = 0;
  std::int64_t ended_wall_ns = 0; ///< 0: unknown, or it ended without saying so
};

/// Everything captured from one process.
struct Recording {
  RecordingInfo info;
  StackTable table;
  std::vector<MetricInfo> metrics;         ///< indexed by MetricId
  std::vector<Sample> samples;             ///< in time order
  std::vector<Breach> breaches;
  std::vector<Dump> dumps;                 ///< in time order
  std::vector<LockEvent> lock_events;      ///< in order
  std::vector<Lock> instrumented_locks;    ///< what `LockEvent::lock` names (by registry_id)
  std::vector<Module> modules;
  std::vector<Diagnostic> diagnostics;
  std::vector<std::pair<std::string, std::uint64_t>> counters; ///< the recorder's own: lost samples, dumps not taken by reason, …

  /// The id of a metric, adding it if it is new.
  MetricId metric(std::string_view name, std::string_view unit = "count", bool counter = false);
  [[nodiscard]] MetricId find_metric(std::string_view name) const;
};

/// Stable words for files, JSON and text. The same in schema, reports and documentation.
[[nodiscard]] std::string_view to_string(Runtime);
[[nodiscard]] std::string_view to_string(ThreadState);
[[nodiscard]] std::string_view to_string(LockKind);
[[nodiscard]] std::string_view to_string(LockPolicy);
[[nodiscard]] std::string_view to_string(LockMode);
[[nodiscard]] std::string_view to_string(Basis);
[[nodiscard]] std::string_view to_string(StackQuality);
[[nodiscard]] std::string_view to_string(LockOperation);
[[nodiscard]] std::string_view to_string(Severity);

/// The inverse; none for a word that is not one of them.
template <class Enum>
[[nodiscard]] std::optional<Enum> from_string(std::string_view word);

}  // namespace tailback
