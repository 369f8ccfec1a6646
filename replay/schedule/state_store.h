// The positions a search has seen, each once: words in one arena behind an open-addressing table of indices.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tailback::replay {

class StateStore {
 public:
  StateStore();

  struct Added {
    std::uint32_t index;
    bool fresh;
  };
  Added add(std::span<const std::uint16_t> words);

  /// Valid until the next add().
  [[nodiscard]] std::span<const std::uint16_t> operator[](std::uint32_t index) const {
    return std::span(arena_).subspan(ends_[index], ends_[index + 1] - ends_[index]);
  }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size() - 1); }
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  void grow();

  std::vector<std::uint16_t> arena_;
  std::vector<std::uint64_t> ends_;    // offsets into arena_: the state i is [ends_[i], ends_[i + 1])
  std::vector<std::uint32_t> hashes_;  // lower half of each state's hash
  std::vector<std::uint32_t> slots_;   // index + 1; 0: empty. A power of two, at most half full
};

}  // namespace tailback::replay
