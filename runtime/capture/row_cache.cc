#include "runtime/capture/row_cache.h"

namespace tailback {

RowCache::RowCache(Memory& memory) : code_(memory), reader_(memory), entries_(kSets * kWays) {}

const FrameRow* RowCache::find(std::uint64_t pc) noexcept {
  const std::size_t set = (pc * 0x9e3779b97f4a7c15ULL) >> 52;
  static_assert(kSets == 1u << 12);
  Entry* ways = &entries_[set * kWays];
  for (std::size_t way = 0; way < kWays; ++way) {
    if (ways[way].pc == pc) return ways[way].known ? &ways[way].row : nullptr;
  }
  const CodeRange* range = code_.find(pc);
  if (range == nullptr) return nullptr;  // not remembered: code may be mapped there later
  Entry& entry = ways[ways[0].pc == 0 ? 0 : ways[1].pc == 0 ? 1 : (pc >> 4 & 1)];
  entry.known = range->unwind_header != 0 && reader_.find(range->unwind_header, pc, entry.row);
  entry.pc = pc;
  return entry.known ? &entry.row : nullptr;
}

void RowCache::revalidate() noexcept {
  if (!code_.changed()) return;
  for (Entry& entry : entries_) entry.pc = 0;
}

}  // namespace tailback
