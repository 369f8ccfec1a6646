// Call frame information: how to get from a function's registers to its caller's, at one program counter.
//
// Reads .eh_frame through a Memory (the tables of a library can be unmapped under us), finds the function by the binary search
// table of .eh_frame_hdr, and runs its program up to the counter. Bounded in time and space whatever the tables hold.
//
// Thread safety: none (buffers inside). No malloc, no lock.
// Source: DWARF 5 section 6.4; Linux Standard Base Core 5.0 section 10.6 (the .eh_frame differences).
#pragma once

#include <array>
#include <cstdint>

#include "runtime/capture/arch.h"
#include "runtime/capture/memory.h"

namespace tailback {

enum class RuleKind : std::uint8_t {
  kSame,             ///< unchanged; also what DWARF leaves unspecified
  kUndefined,        ///< lost; of the return address: this is the outermost frame
  kOffset,           ///< saved at CFA + value
  kValueOffset,      ///< is CFA + value
  kRegister,         ///< is in register `value`
  kExpression,       ///< saved at the address that the expression at `value` computes
  kValueExpression,  ///< is what that expression computes
};

/// The rules at one program counter.
struct FrameRow {
  std::uint64_t function_begin = 0, function_end = 0;
  std::uint64_t exception_table = 0;  ///< language-specific data: where exceptions land; 0: none
  std::int64_t cfa_value = 0;      ///< offset, or the expression's address
  std::uint8_t cfa_register = 0;
  bool cfa_expression = false;     ///< an expression: a ULEB128 length, then the operations
  bool signal_frame = false;       ///< its caller was interrupted, it made no call
  bool pushes_frame_pointer = false; ///< the frame pointer's rule is an offset: the function has saved it
  std::array<RuleKind, arch::kRegisters> kind{};
  std::array<std::int64_t, arch::kRegisters> value{};
};

class CfiReader {
 public:
  explicit CfiReader(Memory& memory) : memory_(memory) {}

  /// The rules at `pc`, from the module whose .eh_frame_hdr begins at `header`. False: none, or not understood.
  bool find(std::uint64_t header, std::uint64_t pc, FrameRow& row) noexcept;

 private:
  struct Cie {
    std::uint64_t code_factor = 1;
    std::int64_t data_factor = 1;
    std::uint8_t pointer_encoding = 0, exception_encoding = 0xff;
    bool augmented = false, signal_frame = false;
    unsigned return_register = arch::kReturnAddress;
    const unsigned char *program = nullptr, *program_end = nullptr;
  };
  static constexpr std::size_t kLongestEntry = 32768, kLongestCie = 1024;

  std::uint64_t find_entry(std::uint64_t header, std::uint64_t pc) noexcept;
  bool load_entry(std::uint64_t address, unsigned char* buffer, std::size_t limit, std::size_t& size) noexcept;
  bool parse_cie(std::uint64_t address, Cie& cie) noexcept;

  Memory& memory_;
  std::array<unsigned char, kLongestEntry> fde_;
  std::array<unsigned char, kLongestCie> cie_;
};

/// Runs a DWARF expression over `registers` (those in `known`), with `initial` on the stack where `push_initial` says so.
/// `address`: of its ULEB128 length. False: not understood, not readable, or it needs a register that is not known.
bool evaluate_expression(Memory& memory, std::uint64_t address, const std::array<std::uint64_t, arch::kRegisters>& registers,
                         std::uint64_t known, bool push_initial, std::uint64_t initial, std::uint64_t& result) noexcept;

}  // namespace tailback
