#include "runtime/capture/frame_pointer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/capture/machine_code.h"

namespace tailback {
#if defined(__x86_64__)
namespace {

constexpr std::uint64_t kWord = 8, kMostPushed = 64;
constexpr std::size_t kScanWords = 1024;  ///< of a frame's locals, at most 8 KB

template <class T>
T load(const unsigned char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// How far the prologue sets the stack pointer below the frame pointer: the registers that it pushes, which the rules tell, and what it
/// then subtracts: `sub $imm8,%rsp` (48 83 ec) or `sub $imm32,%rsp` (48 81 ec). The compiler puts other instructions in between, so the
/// subtraction is looked for byte by byte; a wrong one is found out by what then stands at the return address' place.
std::int64_t frame_size(Memory& memory, const FrameRow& row, std::uint64_t call_address) {
  std::int64_t pushed = 0;
  for (unsigned reg : arch::kCalleeSaved) {
    if (row.kind[reg] == RuleKind::kOffset) pushed = std::max(pushed, -row.value[reg] - 2 * static_cast<std::int64_t>(kWord));
  }
  std::array<unsigned char, 128> code{};
  const std::size_t wanted = std::min<std::uint64_t>(code.size(), call_address - row.function_begin);
  const std::size_t size = memory.read(row.function_begin, code.data(), wanted);
  for (std::size_t at = 0; at + 7 <= size; ++at) {
    if (std::memcmp(&code[at], "\x48\x83\xec", 3) == 0) return pushed + static_cast<std::int8_t>(code[at + 3]);
    if (std::memcmp(&code[at], "\x48\x81\xec", 3) == 0) return pushed + load<std::int32_t>(&code[at + 3]);
  }
  return pushed;  // no locals of its own on the stack
}

/// Whether a call of this function, or one that can't be told, would return there; a signal handler returns to the trampoline.
bool may_return_to(Memory& memory, RowCache& rows, std::uint64_t return_address, std::uint64_t function) {
  const Call call = call_before(memory, return_address, function);
  if (call == Call::kThisFunction || call == Call::kIndirect) return true;
  const FrameRow* caller = rows.find(return_address - 1);
  return caller != nullptr && caller->signal_frame;
}

}  // namespace

bool recover_frame_pointer(Memory& memory, StackWindow& stack, RowCache& rows, const FrameRow& row, std::uint64_t call_address,
                           std::uint64_t stack_pointer, std::uint64_t& frame_pointer) noexcept {
  if (!row.pushes_frame_pointer || row.cfa_value != 2 * static_cast<std::int64_t>(kWord)) return false;
  std::uint64_t return_address = 0;
  const std::int64_t size = frame_size(memory, row, call_address);
  // Below that may lie arguments that this call was given on the stack, or a push that only aligns it.
  for (std::uint64_t more = 0; size >= 0 && more <= kMostPushed; more += kWord) {
    const std::uint64_t candidate = stack_pointer + static_cast<std::uint64_t>(size) + more;
    // The ABI aligns the stack to 16 at a call, so a pushed frame pointer's place is aligned too.
    if (candidate % 16 != 0) continue;
    if (!stack.word(candidate + kWord, return_address)) break;
    if (rows.code().find(return_address) == nullptr || !may_return_to(memory, rows, return_address, row.function_begin)) continue;
    frame_pointer = candidate;
    return true;
  }
  // A stack allocated at run time (alloca), a realigned stack, or a shape not known: the first return address of a direct call of this function.
  for (std::size_t i = 0; i < kScanWords; ++i) {
    const std::uint64_t candidate = stack_pointer + i * kWord;
    if (!stack.word(candidate + kWord, return_address)) return false;
    if (rows.code().find(return_address) == nullptr) continue;
    if (call_before(memory, return_address, row.function_begin) != Call::kThisFunction) continue;
    std::uint64_t saved = 0;
    // What was saved there is the caller's frame pointer or something else that register held; as a frame pointer it lies further out.
    if (!stack.word(candidate, saved)) return false;
    frame_pointer = candidate;
    return true;
  }
  return false;
}
#else
bool recover_frame_pointer(Memory&, StackWindow&, RowCache&, const FrameRow&, std::uint64_t, std::uint64_t, std::uint64_t&) noexcept {
  return false;
}
#endif

}  // namespace tailback
