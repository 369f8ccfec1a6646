// Walks a thread's stack from the outside, from its stack pointer and program counter alone.
//
// The other registers are unknown at first and become known as frames are found to have saved them. Where a frame's rules need a frame
// pointer that nobody saved (it is still in the kernel), it is recovered from the code and the stack (frame_pointer.h) and the walk is
// marked so. What can't be found ends the walk with the reason; nothing is guessed.
//
// The stack may change under us: the caller checks afterwards that the thread has not moved.
//
// Thread safety: none. No malloc, no lock.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/capture/memory.h"
#include "runtime/capture/registers.h"
#include "runtime/capture/row_cache.h"

namespace tailback {

/// How a walk ended.
enum class WalkEnd : std::uint8_t {
  kMore,         ///< not yet
  kOutermost,    ///< the unwind information says that there is no caller: complete
  kNoRules,      ///< no unwind information at this counter
  kLostRegister, ///< the rules need a register that is not known
  kUnreadable,   ///< a stack word is not there
  kNoProgress,   ///< the stack pointer would go backwards
};

class Unwinder {
 public:
  explicit Unwinder(Memory& memory) : memory_(memory), stack_(memory), rows_(memory) {}

  /// To be called before a series of walks: libraries may have been unloaded.
  void revalidate() noexcept { rows_.revalidate(); }

  /// Starts at the innermost frame of a thread. `interrupted`: `pc` is the next instruction, not a return address.
  void start(std::uint64_t stack_pointer, std::uint64_t pc, bool interrupted) noexcept;
  /// A register known from elsewhere, right after start().
  void know(unsigned reg, std::uint64_t word) noexcept { registers_.set(reg, word); }

  /// Goes to the caller's frame. After kMore the accessors below tell of that frame; else they still tell of this one.
  WalkEnd step() noexcept;

  [[nodiscard]] std::uint64_t pc() const noexcept { return registers_.value[arch::kReturnAddress]; }
  /// An address inside the call or the interrupted instruction: what to name and to look up.
  [[nodiscard]] std::uint64_t call_address() const noexcept { return interrupted_ ? pc() : pc() - 1; }
  [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }
  [[nodiscard]] std::uint64_t stack_pointer() const noexcept { return registers_.value[arch::kStackPointer]; }
  [[nodiscard]] const Registers& registers() const noexcept { return registers_; }
  /// Whether any register so far had to be recovered.
  [[nodiscard]] bool recovered() const noexcept { return recovered_; }
  /// The rules of this frame's function; null where there are none.
  [[nodiscard]] const FrameRow* row() noexcept { return rows_.find(call_address()); }
  /// The rules at any address; valid until the next look-up.
  [[nodiscard]] const FrameRow* rules(std::uint64_t address) noexcept { return rows_.find(address); }
  /// Whether the function at `address` is a signal trampoline.
  [[nodiscard]] bool is_signal_frame(std::uint64_t address) noexcept {
    const FrameRow* row = rows_.find(address);
    return row != nullptr && row->signal_frame;
  }
  [[nodiscard]] bool stack_word(std::uint64_t address, std::uint64_t& out) noexcept { return stack_.word(address, out); }
  [[nodiscard]] CodeMap& code() noexcept { return rows_.code(); }

 private:
  WalkEnd frame_address(const FrameRow& row, std::uint64_t& cfa) noexcept;
  WalkEnd apply(const FrameRow& row, std::uint64_t cfa, Registers& caller) noexcept;

  Memory& memory_;
  StackWindow stack_;
  RowCache rows_;
  Registers registers_;
  bool interrupted_ = false, recovered_ = false;
};

}  // namespace tailback
