// Reads the few machine instructions that the capture must understand: calls and jump stubs.
//
// Everywhere but on x86-64 nothing is understood, and the answers say so.
#pragma once

#include <cstdint>

#include "runtime/capture/memory.h"
#include "runtime/capture/registers.h"

namespace tailback {

/// How a presumed return address came to be.
enum class Call : std::uint8_t {
  kNone,          ///< there is no call before it
  kIndirect,      ///< through a register or memory: of what can't be told
  kThisFunction,  ///< of the function asked about
  kOther,         ///< of another one
};

[[nodiscard]] Call call_before(Memory& memory, std::uint64_t return_address, std::uint64_t function) noexcept;

/// Where a jump stub of a PLT goes, by what its slot holds now; 0: not a stub.
[[nodiscard]] std::uint64_t stub_target(Memory& memory, std::uint64_t address) noexcept;

/// Where the counter of a thread in a system call is: behind the `syscall` instruction. A signal that makes the kernel restart the call
/// finds it set back to the instruction itself; then this is the place behind. `in_call` tells whether it is one at all.
[[nodiscard]] std::uint64_t behind_system_call(Memory& memory, std::uint64_t pc, bool& in_call) noexcept;

/// Calls `visit(target, code, at)` for everything in [begin, begin + size) that reads as a direct call or a call through a slot, stubs
/// followed; `code + at` is the call, and what lies before it is readable. Bytes are looked at one by one: what a target *is* must be
/// checked, and a wrong one is then most unlikely. At most 4 KB are looked at.
template <class Visit>
void for_each_call(Memory& memory, std::uint64_t begin, std::uint64_t size, const Visit& visit);

/// The target of the call at `address`; 0: no call there. `bytes` holds at least 6 readable bytes from there.
[[nodiscard]] std::uint64_t call_target(Memory& memory, const unsigned char* bytes, std::uint64_t address) noexcept;

/// Follows a few plain moves and jumps: compilers put clean-up code out of the way.
[[nodiscard]] std::uint64_t follow_jumps(Memory& memory, std::uint64_t address) noexcept;

/// The first argument of the call at `code + at`, from the last instructions before it that set it, with the registers as given.
/// `code_address`: where `code` lies in the process. False: not one of the usual forms, or a register is not known.
[[nodiscard]] bool first_argument(Memory& memory, const unsigned char* code, std::uint64_t code_address, std::size_t at, const Registers& registers,
                                  std::uint64_t& value) noexcept;

template <class Visit>
void for_each_call(Memory& memory, std::uint64_t begin, std::uint64_t size, const Visit& visit) {
  constexpr std::size_t kMost = 4096, kLongest = 6;
  unsigned char code[kMost + kLongest];
  const std::size_t wanted = static_cast<std::size_t>(size < kMost ? size : kMost);
  const std::size_t got = memory.read(begin, code, wanted + kLongest);
  for (std::size_t at = 0; at + kLongest <= got && at < wanted; ++at) {
    if (const std::uint64_t target = call_target(memory, code + at, begin + at); target != 0) visit(target, code, at);
  }
}

}  // namespace tailback
