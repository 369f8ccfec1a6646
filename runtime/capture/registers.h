// A frame's registers, as far as they are known.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/capture/arch.h"

namespace tailback {

struct Registers {
  std::array<std::uint64_t, arch::kRegisters> value{};
  std::uint64_t known = 0;  ///< a bit for each

  [[nodiscard]] bool has(unsigned reg) const noexcept { return (known >> reg & 1) != 0; }
  void set(unsigned reg, std::uint64_t word) noexcept { value[reg] = word; known |= std::uint64_t{1} << reg; }
  void forget(unsigned reg) noexcept { known &= ~(std::uint64_t{1} << reg); }
};

}  // namespace tailback
