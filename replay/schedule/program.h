// What threads do with locks, as straight-line programs: the input of the explorer, the prediction and the fixes.
//
// A Program comes from a hand-written scenario (scenario.h) or from recorded lock events (trace_program.h). Each thread is a
// list of steps; which locks it holds before a step follows from the steps before it, and so is never stored in a state.
//
// Invariants after check(): every index is in range; a thread releases only what it holds.
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replay/schedule/policy.h"
#include "runtime/incident/model.h"
#include <tailback/result.h>

namespace tailback::replay {

inline constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

enum class StepKind : std::uint8_t {
  kLock,       ///< asks, and waits until it is granted
  kTry,        ///< asks once or for a limited time; when refused, its section is skipped
  kUnlock,
  kWait,       ///< on a condition: gives up `other`, sleeps until notified, takes `other` again
  kNotify,
  kNotifyAll,
  kStart,      ///< lets thread `other` begin
  kJoin,       ///< waits for the end of thread `other`
};

struct Step {
  StepKind kind = StepKind::kLock;
  LockMode mode = LockMode::kExclusive;  ///< kLock, kTry; kUnlock: of the hold it ends (check() fills it in)
  bool timed = false;                    ///< kTry: after a time; kWait: ends by itself too
  bool assumed = false;                  ///< not recorded: the trace ended before it
  std::uint32_t lock = kNone;            ///< index into Program::locks; a condition for waits and notifies
  std::uint32_t other = kNone;           ///< kWait: the lock given up; kStart, kJoin: the thread
  std::uint32_t skip_to = kNone;         ///< kTry: the step after its section; none: a refused try is repeated (check() fills it in)
  std::uint32_t site = 0;                ///< index into Program::sites; 0: none
  std::uint32_t line = 0;                ///< 1-based line in the scenario, or the event's number; 0: unknown
};

struct ProgramLock {
  std::string name;
  LockKind kind = LockKind::kMutex;
  LockPolicy policy = LockPolicy::kUnknown;

  [[nodiscard]] LockRule rule() const { return rule_of(kind, policy); }
};

struct ProgramThread {
  std::string name;
  std::vector<Step> steps;
  std::uint32_t count = 1;  ///< so many threads do this
  std::uint32_t line = 0;
};

/// One turn of a recorded interleaving.
enum class TurnKind : std::uint8_t {
  kMove,     ///< the thread's next move
  kRequest,  ///< asks for the lock of its next step, which a kGrant completes, or nothing does
  kGrant,
};
struct Turn {
  Turn(std::uint32_t of, TurnKind what = TurnKind::kMove, std::uint32_t event = 0) : thread(of), kind(what), line(event) {}
  std::uint32_t thread;
  TurnKind kind;
  std::uint32_t line;  ///< Step::line of the step it is about; 0: whichever comes. A fix may have taken the step away, or put others before it
};

struct Program {
  std::vector<ProgramLock> locks;
  std::vector<ProgramThread> threads;
  std::vector<std::string> sites{""};
  std::vector<Turn> order;           ///< recorded interleaving (recorded_order.h); empty: none was recorded

  [[nodiscard]] std::uint32_t find_lock(std::string_view name) const;    ///< or kNone
  [[nodiscard]] std::uint32_t find_thread(std::string_view name) const;  ///< or kNone
  std::uint32_t site(std::string_view text);                             ///< interned
  [[nodiscard]] std::uint64_t thread_count() const;                      ///< sum of the counts
};

/// One hold of a thread before a step.
struct StepHold {
  std::uint32_t lock = kNone;
  LockMode mode = LockMode::kExclusive;
  std::uint32_t step = kNone;  ///< that took it
};

/// The holds of one thread before each of its steps, and after the last: steps.size() + 1 lists, oldest hold first.
class HoldTable {
 public:
  explicit HoldTable(const ProgramThread& thread);
  [[nodiscard]] const std::vector<StepHold>& before(std::size_t step) const { return lists_[index_[step]]; }

 private:
  std::vector<std::vector<StepHold>> lists_;  // a new one only where the holds change
  std::vector<std::uint32_t> index_;
};

/// Completes the steps (modes of unlocks, ends of try sections) or says which thread does at which line what it can't:
/// releasing what it does not hold, waiting on a condition without the lock, ending with a lock held.
/// `allow_open`: a thread may end inside a section (a trace that was cut).
[[nodiscard]] Result<void> check(Program& program, std::string_view file, bool allow_open = false);

/// "rdlock mu", "HashSet::Size:rdlock mu", "wait cv mu", "join worker": the words of the scenario format.
[[nodiscard]] std::string to_string(const Program& program, const Step& step, bool with_site = true);

/// "mutex", "rdlock", …: the step's verb as the scenario format writes it.
[[nodiscard]] std::string_view verb_of(const Program& program, const Step& step);

}  // namespace tailback::replay
