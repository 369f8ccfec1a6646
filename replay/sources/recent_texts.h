// Remembers what the last different texts were parsed to: the frames that 47,841 threads share are parsed twice, and a dump of distinct
// stacks pays next to nothing for asking in vain.
//
// Direct-mapped: a text has one place, and takes it when it comes for the second time with no other between. Nothing is hashed but the length,
// the last bytes, in which functions and places differ, and those behind the first ones, where an address has its low digits. Thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tailback::replay {

template <class Value, unsigned kBits = 8>
class RecentTexts {
 public:
  /// The value of `text`, as it was parsed before or else now by parse(text, value), which is given a Value{}. Valid until the next call.
  template <class Parse>
  const Value& get(std::string_view text, Parse&& parse) {
    const std::uint64_t key = key_of(text);
    Entry& entry = entries_[key >> (64 - kBits)];
    if (entry.key != key) {
      entry.key = key;
      unremembered_ = {};
      parse(text, unremembered_);
      return unremembered_;
    }
    if (entry.text != text) {
      entry.value = {};
      parse(text, entry.value);
      entry.text = text;
    }
    return entry.value;
  }

 private:
  struct Entry {
    std::uint64_t key = 0;     ///< of the last text that came
    std::string text;          ///< that was remembered; empty as long as nothing was: `Value{}` is what an empty text is parsed to
    Value value{};
  };
  static std::uint64_t key_of(std::string_view text) {
    std::uint64_t last = 0, second = 0;
    if (text.size() >= sizeof last) std::memcpy(&last, text.data() + text.size() - sizeof last, sizeof last);
    if (text.size() >= 2 * sizeof second) std::memcpy(&second, text.data() + sizeof second, sizeof second);
    return (last ^ text.size() ^ second * 31) * 0x9e3779b97f4a7c15u;
  }

  std::array<Entry, std::size_t{1} << kBits> entries_;
  Value unremembered_{};
};

}  // namespace tailback::replay
