// The input as memory at an address, for code that reads through a Memory.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "runtime/capture/memory.h"

namespace tailback {

class ImageMemory final : public Memory {
 public:
  ImageMemory(std::span<const unsigned char> bytes, std::uint64_t base) : bytes_(bytes), base_(base) {}

  std::size_t read(std::uint64_t address, void* out, std::size_t size) noexcept override {
    if (address < base_ || address - base_ >= bytes_.size()) return 0;
    const std::size_t count = std::min<std::size_t>(size, bytes_.size() - (address - base_));
    std::memcpy(out, bytes_.data() + (address - base_), count);
    return count;
  }

 private:
  std::span<const unsigned char> bytes_;
  std::uint64_t base_;
};

}  // namespace tailback
