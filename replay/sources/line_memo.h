// Remembers what a text was parsed to, so that the frame line that 47,841 threads share is parsed once.
//
// Thread safety: none. Memory: texts and values of distinct lines, at most `kMaximumBytes` of text; beyond that nothing new
// is remembered, and lines are parsed each time.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tailback::replay {

template <class Value>
class LineMemo {
 public:
  /// The value remembered for `text`, else parse(text), which is remembered. Valid until the next call.
  template <class Parse>
  const Value& get(std::string_view text, Parse&& parse) {
    if (slots_.empty()) slots_.resize(1024, kEmpty);
    const std::uint64_t hash = XXH3_64bits(text.data(), text.size());
    std::size_t at = hash & (slots_.size() - 1);
    for (; slots_[at] != kEmpty; at = (at + 1) & (slots_.size() - 1)) {
      const Entry& entry = entries_[slots_[at]];
      if (entry.hash == hash && entry.text == text) return entry.value;
    }
    if (bytes_ + text.size() > kMaximumBytes) return unremembered_ = parse(text);
    bytes_ += text.size();
    slots_[at] = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({hash, std::string(text), parse(text)});
    const Value& value = entries_.back().value;
    if (entries_.size() * 2 > slots_.size()) grow();
    return value;
  }

 private:
  struct Entry {
    std::uint64_t hash;
    std::string text;
    Value value;
  };
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  static constexpr std::size_t kMaximumBytes = std::size_t{64} << 20;

  void grow() {
    slots_.assign(slots_.size() * 2, kEmpty);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      std::size_t at = entries_[i].hash & (slots_.size() - 1);
      while (slots_[at] != kEmpty) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = static_cast<std::uint32_t>(i);
    }
  }

  std::deque<Entry> entries_;
  std::vector<std::uint32_t> slots_;  ///< indices into entries_; a power of two, at most half full
  std::size_t bytes_ = 0;
  Value unremembered_{};
};

}  // namespace tailback::replay
