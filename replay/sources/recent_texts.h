// Remembers what the last different texts were parsed to: the frames that 47,841 threads share are parsed a few times, and a dump of distinct
// stacks pays next to nothing for asking in vain.
//
// Direct-mapped: a text has one place, and takes it from the one that was there. Nothing is hashed but the length, the last bytes, in which
// functions and places differ, and those behind the first ones, where an address has its low digits. Thread safety: none.
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
  /// The value of `text`, else parse(text), which takes its place. Valid until the next call.
  template <class Parse>
  const Value& get(std::string_view text, Parse&& parse) {
    Entry& entry = entries_[place_of(text)];
    if (entry.text == text) return entry.value;
    entry.value = parse(text);
    entry.text = text;
    return entry.value;
  }

 private:
  struct Entry {
    std::string text;  ///< empty as long as nothing is there; `Value{}` is what an empty text is parsed to
    Value value{};
  };
  static std::size_t place_of(std::string_view text) {
    std::uint64_t last = 0, second = 0;
    if (text.size() >= sizeof last) std::memcpy(&last, text.data() + text.size() - sizeof last, sizeof last);
    if (text.size() >= 2 * sizeof second) std::memcpy(&second, text.data() + sizeof second, sizeof second);
    return ((last ^ text.size() ^ second * 31) * 0x9e3779b97f4a7c15u) >> (64 - kBits);
  }

  std::array<Entry, std::size_t{1} << kBits> entries_;
};

}  // namespace tailback::replay
