#include "replay/schedule/state_store.h"

#include <algorithm>

#include <xxhash.h>

namespace tailback::replay {

StateStore::StateStore() : ends_{0}, slots_(1024, 0) {}

StateStore::Added StateStore::add(std::span<const std::uint16_t> words) {
  const auto hash = static_cast<std::uint32_t>(XXH3_64bits(words.data(), words.size_bytes()));
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const std::uint32_t index = slots_[slot] - 1;
    if (hashes_[index] == hash && std::ranges::equal((*this)[index], words)) return {index, false};
  }
  const std::uint32_t index = size();
  arena_.insert(arena_.end(), words.begin(), words.end());
  ends_.push_back(arena_.size());
  hashes_.push_back(hash);
  slots_[slot] = index + 1;
  if (hashes_.size() * 2 > slots_.size()) grow();
  return {index, true};
}

void StateStore::grow() {
  std::vector<std::uint32_t> larger(slots_.size() * 2, 0);
  const std::size_t mask = larger.size() - 1;
  for (std::uint32_t index = 0; index < hashes_.size(); ++index) {
    std::size_t slot = hashes_[index] & mask;
    while (larger[slot] != 0) slot = (slot + 1) & mask;
    larger[slot] = index + 1;
  }
  slots_ = std::move(larger);
}

std::uint64_t StateStore::bytes() const {
  return arena_.capacity() * 2 + ends_.capacity() * 8 + hashes_.capacity() * 4 + slots_.size() * 4;
}

}  // namespace tailback::replay
