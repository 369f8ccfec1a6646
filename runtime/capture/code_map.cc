#include "runtime/capture/code_map.h"

#include <dlfcn.h>
#include <xxhash.h>

namespace tailback {

bool CodeMap::ask_loader(std::uint64_t pc, CodeRange& range) noexcept {
  dl_find_object found{};
  if (::_dl_find_object(reinterpret_cast<void*>(pc), &found) != 0) return false;
  range.begin = reinterpret_cast<std::uint64_t>(found.dlfo_map_start);
  range.end = reinterpret_cast<std::uint64_t>(found.dlfo_map_end);
  range.unwind_header = reinterpret_cast<std::uint64_t>(found.dlfo_eh_frame);
  std::array<unsigned char, 256> head;
  range.fingerprint = XXH3_64bits(head.data(), memory_.read(range.unwind_header, head.data(), head.size()));
  return true;
}

const CodeRange* CodeMap::find(std::uint64_t pc) noexcept {
  if (last_ < count_ && pc >= ranges_[last_].begin && pc < ranges_[last_].end) return &ranges_[last_];
  for (std::size_t i = 0; i < count_; ++i) {
    if (pc < ranges_[i].begin || pc >= ranges_[i].end) continue;
    last_ = i;
    return &ranges_[i];
  }
  CodeRange range;
  if (!ask_loader(pc, range)) return nullptr;
  last_ = count_ < kMost ? count_++ : kMost - 1;
  ranges_[last_] = range;
  return &ranges_[last_];
}

bool CodeMap::changed() noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    CodeRange now;
    if (ask_loader(ranges_[i].begin, now) && now.begin == ranges_[i].begin && now.end == ranges_[i].end &&
        now.unwind_header == ranges_[i].unwind_header && now.fingerprint == ranges_[i].fingerprint) {
      continue;
    }
    count_ = 0;
    return true;
  }
  return false;
}

}  // namespace tailback
