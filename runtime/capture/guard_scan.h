// Looks for the holders of a lock that does not say who holds it: a read-held rwlock knows only how many.
//
// A function that holds a guard keeps the lock's address somewhere until the guard's end: at -O2 in a register that its callees give back,
// at -O0 in the guard on its stack. So for each thread that could be it, the stack is walked once more, and in each frame the registers
// that *this* function has saved and set, and the words of *its* part of the stack, are compared with the lock's address.
//
// What does not count: frames of the lock's functions and of wrappers around them; the function that waits for this very lock (its
// guard is the one being taken); slots where a function keeps its caller's registers.
// Strong evidence (strength 2) is an address in a frame that will also give the lock back: an exception thrown through its call would land
// in code that unlocks, or the guard's own flag says that it owns. Everything else is weak (strength 1). And the lock's own words bound the
// answer: with more candidates than holders, none is strong.
//
// Threads that have moved since the dump are left out. Bounded by a budget of time; what was not looked at is counted.
#pragma once

#include <memory>

#include "runtime/capture/capturer.h"
#include "runtime/capture/resolver.h"
#include "runtime/capture/signaller.h"
#include "runtime/capture/task_directory.h"
#include "runtime/capture/unwinder.h"

namespace tailback {

class GuardScan final : private AnswerVisitor {
 public:
  GuardScan(const CaptureOptions& options, int signal, Memory& memory, TaskDirectory& tasks, Resolver& resolver,
            Symbolizer& symbolizer, Recording& recording);

  /// Adds inferred holds to `dump`.
  void run(Dump& dump, ResolveStats& stats);

 private:
  struct Target {
    LockId lock;
    std::uint64_t address = 0;
  };
  struct Candidate {
    Hold hold;
    bool strong = false;
    std::string evidence;
  };
  struct FrameArea;

  void answered(std::uint32_t row, const SignalSlot& slot) noexcept override;
  void unanswered(std::uint32_t) noexcept override {}

  std::vector<Target> find_targets(const Dump& dump) const;
  std::vector<std::uint32_t> order_suspects(const Dump& dump) const;
  void scan_all(const Dump& dump, const std::vector<std::uint32_t>& suspects, ResolveStats& stats);
  void scan_with_registers(const Dump& dump, const std::vector<std::uint32_t>& suspects);
  bool scan_thread(const Dump& dump, std::uint32_t index, const std::array<std::uint64_t, 6>* registers);
  void scan_frame(const Dump& dump, std::uint32_t index, const ResolvedStack& stack, std::size_t position, const FrameArea& area);
  bool still_there(const ThreadRow& row) const;
  std::size_t first_own_frame(const ResolvedStack& stack) const;
  bool library_frame(FrameId frame) const;
  bool gives_back(const FrameRow& row, std::uint64_t call_address);
  void propose(const Dump& dump, std::uint32_t index, const ResolvedStack& stack, std::size_t position, const Target& target, bool strong, std::string from);
  void decide(Dump& dump, ResolveStats& stats);

  const CaptureOptions& options_;
  const int signal_;
  Memory& memory_;
  TaskDirectory& tasks_;
  std::unique_ptr<Unwinder> unwinder_;   ///< its own: a capture may run meanwhile
  Resolver& resolver_;
  Symbolizer& symbolizer_;
  Recording& recording_;
  std::vector<Target> targets_;
  std::vector<Candidate> candidates_;
  std::unordered_map<std::uint64_t, bool> gives_back_;   ///< by call address
  std::array<std::uint64_t, 6> answered_registers_{};
  std::uint64_t answered_pc_ = 0, answered_stack_pointer_ = 0;
  bool answered_ = false;
};

/// Whether a function's name says that it takes a lock: "RwLock::lock_shared", "ReadGuard::ReadGuard". Exposed for tests.
[[nodiscard]] bool names_lock_taking(std::string_view function);

}  // namespace tailback
