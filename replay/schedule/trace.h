// A recorded trace of lock operations, in one form whatever wrote it: instrumented locks (LockEvents of a recording), the STD text format
// (std_trace.h), a generator of a benchmark.
//
// A TraceStream can be walked any number of times, so that nothing has to be kept in memory between the passes of the prediction.
//
// Thread safety: none.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "replay/schedule/program.h"
#include "runtime/incident/model.h"

namespace tailback::replay {

enum class TraceOperation : std::uint8_t {
  kRequest,     ///< of a lock; may be left out before kAcquire
  kAcquire,
  kTryAcquire,  ///< would not have waited for ever
  kRelease,
  kGiveUp,      ///< a try or timed request was refused
  kWait,        ///< on condition `lock`: gives up lock `other`, whose kAcquire follows on waking
  kNotify,
  kNotifyAll,
  kStart,       ///< thread `other` begins; `thread`: by whom, or kNone
  kEnd,
  kJoin,        ///< thread `other` has ended, and `thread` waited for that
};

struct TraceEvent {
  TraceOperation operation = TraceOperation::kAcquire;
  LockMode mode = LockMode::kExclusive;
  std::uint32_t thread = kNone;
  std::uint32_t lock = kNone;   ///< index into TraceNames::locks
  std::uint32_t other = kNone;
  std::uint32_t place = 0;      ///< index into TraceNames::places; 0: none
};

struct TraceNames {
  std::vector<ProgramLock> locks;
  std::vector<std::string> threads;
  std::vector<std::string> places{""};
};

class TraceStream {
 public:
  virtual ~TraceStream() = default;
  /// Every event, in the order in which it happened; the same each time.
  virtual void walk(const std::function<void(const TraceEvent&)>& visit) const = 0;

  /// Whether events are missing between others, so that a lock may look held whose release nobody noted, and threads look unordered that were ordered.
  [[nodiscard]] virtual bool has_gaps() const { return false; }

  /// Of all that the events name. Policies may be changed, to ask what if.
  [[nodiscard]] const TraceNames& names() const { return names_; }
  [[nodiscard]] TraceNames& names() { return names_; }

 protected:
  TraceNames names_;
};

/// A trace in memory: 24 bytes an event.
class Trace final : public TraceStream {
 public:
  void walk(const std::function<void(const TraceEvent&)>& visit) const override;

  [[nodiscard]] std::vector<TraceEvent>& events() { return events_; }
  [[nodiscard]] const std::vector<TraceEvent>& events() const { return events_; }

 private:
  std::vector<TraceEvent> events_;
};

/// The trace as programs of its threads with the recorded order, for traces that fit into memory (trace_tail.h). What the trace was cut off from is
/// assumed: each open section is closed after the thread's last step. An operation that contradicts those before it (a release of what is not
/// held) is left out and noted.
[[nodiscard]] Program program_of(const TraceStream& trace, std::vector<Diagnostic>& diagnostics);

/// A run of the program in the model: in its recorded order as far as that is possible, the rest in turn.
[[nodiscard]] Trace execute(const Program& program);

}  // namespace tailback::replay
