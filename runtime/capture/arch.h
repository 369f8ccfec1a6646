// The one place that knows which processor this is.
//
// Registers are numbered as DWARF numbers them for the processor (x86-64 psABI figure 3.36). Only x86-64 can read blocked threads from the
// outside: /proc/PID/syscall tells the stack pointer and the program counter, which is all that x86-64's call frame
// information needs to start; on aarch64 the first frame's return address may still be in the link register, which it does not tell.
#pragma once

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ucontext.h>

namespace tailback::arch {

#if defined(__x86_64__)
inline constexpr bool kOutsideReading = true;
inline constexpr std::size_t kRegisters = 17;  ///< rax … r15, and the return address
inline constexpr unsigned kRbx = 3, kFramePointer = 6, kStackPointer = 7, kReturnAddress = 16;
/// What a called function must give back as it found it: where a caller's pointers live across a call.
inline constexpr std::array<unsigned, 6> kCalleeSaved = {3, 6, 12, 13, 14, 15};
inline constexpr std::array<const char*, kRegisters> kNames = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
                                                               "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
inline std::uint64_t program_counter(const ucontext_t& context) { return static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RIP]); }
inline std::uint64_t stack_pointer(const ucontext_t& context) { return static_cast<std::uint64_t>(context.uc_mcontext.gregs[REG_RSP]); }
/// In the order of kCalleeSaved.
inline std::array<std::uint64_t, 6> callee_saved(const ucontext_t& context) {
  const auto& g = context.uc_mcontext.gregs;
  auto word = [&](int index) { return static_cast<std::uint64_t>(g[index]); };
  return {word(REG_RBX), word(REG_RBP), word(REG_R12), word(REG_R13), word(REG_R14), word(REG_R15)};
}
#elif defined(__aarch64__)
inline constexpr bool kOutsideReading = false;
inline constexpr std::size_t kRegisters = 33;
inline constexpr unsigned kFramePointer = 29, kStackPointer = 31, kReturnAddress = 30;
inline constexpr std::array<unsigned, 6> kCalleeSaved = {19, 20, 21, 22, 23, 24};
inline constexpr std::array<const char*, 1> kNames = {"x"};
inline std::uint64_t program_counter(const ucontext_t& context) { return context.uc_mcontext.pc; }
inline std::uint64_t stack_pointer(const ucontext_t& context) { return context.uc_mcontext.sp; }
inline std::array<std::uint64_t, 6> callee_saved(const ucontext_t& context) {
  std::array<std::uint64_t, 6> saved{};
  for (std::size_t i = 0; i < saved.size(); ++i) saved[i] = context.uc_mcontext.regs[kCalleeSaved[i]];
  return saved;
}
#else
#error "tailback's capture knows x86-64 and aarch64 only"
#endif

}  // namespace tailback::arch
