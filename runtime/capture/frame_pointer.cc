#include "runtime/capture/frame_pointer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "runtime/capture/machine_code.h"

namespace tailback {
#if defined(__x86_64__)
namespace {

constexpr std::uint64_t kWord = 8;
constexpr std::size_t kScanWords = 1024;  ///< of a frame's locals, at most 8 KB

template <class T>
T load(const unsigned char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// How far the prologue sets the stack pointer below the frame pointer, or -1 where it is not of the plain form
///   [endbr64] push %rbp; mov %rsp,%rbp; { push %reg | mov … }; sub $size,%rsp
std::int64_t frame_size(Memory& memory, const FrameRow& row, std::uint64_t call_address) {
  std::array<unsigned char, 64> code{};
  const std::size_t wanted = std::min<std::uint64_t>(code.size(), call_address - row.function_begin);
  const std::size_t size = memory.read(row.function_begin, code.data(), wanted);
  std::size_t at = 0;
  if (size >= 4 && load<std::uint32_t>(code.data()) == 0xfa1e0ff3u) at = 4;
  if (at + 4 > size || code[at] != 0x55) return -1;
  ++at;
  if (std::memcmp(&code[at], "\x48\x89\xe5", 3) != 0 && std::memcmp(&code[at], "\x48\x8b\xec", 3) != 0) return -1;
  at += 3;
  std::int64_t pushed = 0;
  while (at < size) {
    const unsigned char byte = code[at];
    if (byte >= 0x50 && byte <= 0x57) { pushed += kWord; ++at; continue; }
    if (byte == 0x41 && at + 1 < size && code[at + 1] >= 0x50 && code[at + 1] <= 0x57) { pushed += kWord; at += 2; continue; }
    if (at + 4 <= size && std::memcmp(&code[at], "\x48\x83\xec", 3) == 0) return pushed + static_cast<std::int8_t>(code[at + 3]);
    if (at + 7 <= size && std::memcmp(&code[at], "\x48\x81\xec", 3) == 0) return pushed + load<std::int32_t>(&code[at + 3]);
    // mov %reg,%reg between the pushes (48/49/4c/4d 89 or 8b, register form) moves no stack pointer unless it is one end.
    if ((byte & 0xf8) == 0x48 && at + 3 <= size && (code[at + 1] == 0x89 || code[at + 1] == 0x8b) && code[at + 2] >= 0xc0) { at += 3; continue; }
    break;
  }
  return pushed;  // no locals of its own on the stack
}

}  // namespace

bool recover_frame_pointer(Memory& memory, StackWindow& stack, RowCache& rows, const FrameRow& row, std::uint64_t call_address,
                           std::uint64_t stack_pointer, std::uint64_t& frame_pointer) noexcept {
  if (!row.pushes_frame_pointer || row.cfa_value != 2 * static_cast<std::int64_t>(kWord)) return false;
  std::uint64_t return_address = 0;
  const std::int64_t size = frame_size(memory, row, call_address);
  if (size >= 0) {
    const std::uint64_t candidate = stack_pointer + static_cast<std::uint64_t>(size);
    if (stack.word(candidate + kWord, return_address) && rows.code().find(return_address) != nullptr) {
      const Call call = call_before(memory, return_address, row.function_begin);
      if (call == Call::kThisFunction || call == Call::kIndirect) {
        frame_pointer = candidate;
        return true;
      }
    }
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
