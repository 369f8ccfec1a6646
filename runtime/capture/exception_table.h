// Where an exception thrown through a call would land: a clean-up there shows that an object with a destructor is alive.
//
// Source: the Itanium C++ ABI's language-specific data area, as gcc and clang write it (.gcc_except_table).
#pragma once

#include <cstdint>

#include "runtime/capture/memory.h"

namespace tailback {

/// The landing pad for the call at `call_address` in the function that begins at `function_begin`; 0: none.
[[nodiscard]] std::uint64_t landing_pad(Memory& memory, std::uint64_t exception_table, std::uint64_t function_begin, std::uint64_t call_address) noexcept;

}  // namespace tailback
