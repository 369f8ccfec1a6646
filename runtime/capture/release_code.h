// Reads from a function's machine code whether it will give a certain lock back after the call that it is in.
//
// Two places tell: where an exception thrown through this call would land (a guard's clean-up is there as long as the guard stands, and
// only so long), and what the function does next with this lock on its straight path. In both, a call counts only if it is to something
// that unlocks *and* its first argument, worked out from the frame's registers and stack as they are now, is this lock or a guard on it.
// What can't be worked out does not count. Only x86-64 code is understood.
//
// Thread safety: none. Cost: a few microseconds a frame, more when a function is named for the first time.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/capture/memory.h"
#include "runtime/capture/unwinder.h"
#include "runtime/symbols/symbolizer.h"

namespace tailback {

/// Whether a function's name says that it takes a lock: "RwLock::lock_shared", "ReadGuard::ReadGuard".
[[nodiscard]] bool names_lock_taking(std::string_view function);
/// Whether it says that it gives one back: "pthread_rwlock_unlock", "std::shared_lock<RwLock>::~shared_lock".
[[nodiscard]] bool names_release(std::string_view function);

class ReleaseCode {
 public:
  ReleaseCode(Memory& memory, Unwinder& unwinder, Symbolizer& symbolizer) : memory_(memory), unwinder_(unwinder), symbolizer_(symbolizer) {}

  /// `row` and `registers`: of the frame that is in the call at `call_address`. `released_guard`: the frame holds what looks like a guard
  /// (the lock's address, then a flag) that does not own: clean-up code would skip its call to unlock, which is then no sign.
  [[nodiscard]] bool gives_back(const FrameRow& row, const Registers& registers, std::uint64_t call_address, std::uint64_t lock, bool released_guard);

 private:
  struct Deed {
    enum class Kind : std::uint8_t { kNothing, kTakes, kReleases } kind = Kind::kNothing;
    std::uint64_t behind = 0;  ///< the address behind its call
  };
  /// What the first call on `lock` in [begin, begin + size) does with it.
  Deed first_deed(std::uint64_t begin, std::uint64_t size, const Registers& registers, std::uint64_t lock, bool released_guard);
  /// Whether code at `address` goes back to before the call and into it again without taking the lock.
  bool leads_back_into(std::uint64_t address, const FrameRow& row, const Registers& registers, std::uint64_t call_address, std::uint64_t lock);
  bool is_lock_or_guard(std::uint64_t argument, std::string_view function, const Registers& registers, std::uint64_t lock, bool released_guard);

  Memory& memory_;
  Unwinder& unwinder_;
  Symbolizer& symbolizer_;
};

}  // namespace tailback
