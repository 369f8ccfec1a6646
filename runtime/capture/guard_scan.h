// Looks for the holders of a lock that does not say who holds it: a read-held rwlock knows only how many.
//
// A function that holds a guard keeps the lock's address somewhere until the guard's end: at -O2 in a register that its callees give back,
// at -O0 in the guard on its stack. So for each thread that could be it, the stack is walked once more, and in each frame the registers
// that *this* function has saved and set, and the words of *its* part of the stack, are compared with the lock's address.
//
// What does not count: frames of the lock's functions and of wrappers around them; the function that waits for this very lock (its
// guard is the one being taken); slots where a function keeps its caller's registers.
// Strong evidence (strength 2) is its address, or a pointer to what may be the object that it lies in, in a frame whose code will also give
// this very lock back (release_code.h). The bare address is weak (strength 1), a mere pointer to such an object is nothing. And the lock's own
// words bound the answer: with more candidates than holders none is strong, and weak ones say nothing at all.
//
// Threads that have moved since the dump are left out. Bounded by a budget of time, so a few threads of each stack come first; how many were not looked at is
// counted, and said in the dump.
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "runtime/capture/capturer.h"
#include "runtime/capture/release_code.h"
#include "runtime/capture/resolver.h"
#include "runtime/capture/signaller.h"
#include "runtime/capture/task_directory.h"
#include "runtime/capture/unwinder.h"

namespace tailback {

/// The threads that have a stack, in the order in which they are looked at.
struct HolderSearch {
  std::vector<std::uint32_t> order;  ///< indices of threads
  std::size_t first = 0;             ///< how many of them it takes to have seen a few of each stack
};

/// First those that are most likely to show a holder before the time is over: a few of each stack (what a thousand threads at one place hold, a few of them
/// show), of those the ones that are in no queue in question, small groups before large ones; then the rest.
/// `in_queue`: by thread, whether it waits for a lock whose holder is looked for.
[[nodiscard]] HolderSearch holder_search_order(const Dump& dump, const std::vector<bool>& in_queue);

class GuardScan final : private AnswerVisitor {
 public:
  GuardScan(const CaptureOptions& options, int signal, Memory& memory, TaskDirectory& tasks, Resolver& resolver,
            Symbolizer& symbolizer, Recording& recording);

  /// Adds inferred holds to `dump`.
  void run(Dump& dump, ResolveStats& stats);

 private:
  using Clock = std::chrono::steady_clock;
  struct Target {
    LockId lock;
    std::uint64_t address = 0;
    bool named = false;  ///< the functions that wait say that it is a lock; else it may be a latch, or any value that somebody waits for
  };
  /// What was found in one frame.
  struct Evidence {
    bool strong = false;
    std::string text;
  };
  struct Candidate {
    Hold hold;
    Evidence evidence;
  };
  struct FrameArea;
  /// Where a frame shows the lock.
  struct Sight {
    enum class What : std::uint8_t { kNothing, kObject, kLock } what = What::kNothing;
    std::string where;
    bool released_guard = false;  ///< beside it: what looks like a guard that does not own
  };

  void answered(std::uint32_t row, const SignalSlot& slot) noexcept override;
  void unanswered(std::uint32_t) noexcept override {}

  std::vector<Target> find_targets(const Dump& dump) const;
  void search_for_holders(Dump& dump, const HolderSearch& search, ResolveStats& stats);
  std::size_t scan_some(const Dump& dump, std::span<const std::uint32_t> suspects, Clock::time_point end, ResolveStats& stats);
  bool all_found(const Dump& dump) const;
  void scan_with_registers(const Dump& dump, const std::vector<std::uint32_t>& suspects, Clock::time_point end);
  bool scan_thread(const Dump& dump, std::uint32_t index, const std::array<std::uint64_t, 6>* registers);
  void scan_frame(const Dump& dump, std::uint32_t index, const ResolvedStack& stack, std::size_t position, const FrameArea& area);
  Sight look_for(std::uint64_t lock, const FrameArea& area);
  static bool saves_a_register(const FrameArea& area, std::uint64_t at);
  bool still_there(const ThreadRow& row) const;
  bool is_back(const ThreadRow& row) const;
  std::size_t first_own_frame(const ResolvedStack& stack) const;
  bool library_frame(FrameId frame) const;
  void propose(const Dump& dump, std::uint32_t index, const ResolvedStack& stack, std::size_t position, const Target& target, Evidence evidence);
  void decide(Dump& dump, ResolveStats& stats);

  const CaptureOptions& options_;
  const int signal_;
  Memory& memory_;
  TaskDirectory& tasks_;
  std::unique_ptr<Unwinder> unwinder_;   ///< its own: a capture may run meanwhile
  Resolver& resolver_;
  Symbolizer& symbolizer_;
  Recording& recording_;
  std::unique_ptr<ReleaseCode> release_code_;
  std::vector<Target> targets_;
  std::vector<LockId> awaited_;          ///< by thread; none: waits for no lock
  std::vector<Candidate> candidates_;
  std::array<std::uint64_t, 6> answered_registers_{};
  std::uint64_t answered_pc_ = 0, answered_stack_pointer_ = 0;
  bool answered_ = false;
};

}  // namespace tailback
