// Finds a frame pointer that only the kernel still has.
//
// A blocked thread's registers other than stack pointer and counter are not told by /proc. In code that is built with frame pointers
// the rules of a frame say "CFA = rbp + 16", and if no inner frame has saved rbp, it is missing. But where this function's caller
// pushed its return address is known in two independent ways: the prologue tells how far below rbp the stack pointer was set, and
// the word there must be an address right after a call of this very function.
#pragma once

#include <cstdint>

#include "runtime/capture/memory.h"
#include "runtime/capture/row_cache.h"

namespace tailback {

/// The frame pointer of the frame that `row` describes, stopped at `call_address` with `stack_pointer`. False: not found for certain.
bool recover_frame_pointer(Memory& memory, StackWindow& stack, RowCache& rows, const FrameRow& row, std::uint64_t call_address,
                           std::uint64_t stack_pointer, std::uint64_t& frame_pointer) noexcept;

}  // namespace tailback
