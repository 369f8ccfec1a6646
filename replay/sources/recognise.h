// Which format an input is of, and what is said of one that no format takes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "replay/sources/source.h"

namespace tailback::replay {

/// Why each format said no to an input. Recognition goes over an input in windows: what came near in one is not forgotten over the next.
class Refusals {
 public:
  void add(std::string_view format, const Recognition& recognition);
  [[nodiscard]] bool empty() const { return all_.empty(); }
  /// A line for each format that came near, then one that counts and names the others, and one that says where their reasons are.
  [[nodiscard]] std::string told() const;

 private:
  struct Refusal {
    std::string_view format;
    Recognition why;
  };
  std::vector<Refusal> all_;
};

/// The format that recognises `head` most surely; null where none does, with the reasons of all added to `refusals`. `binary`: among those that read bytes.
[[nodiscard]] const Format* recognise_format(std::string_view head, bool binary, Refusals* refusals = nullptr);

/// The same of one of a log's many windows. Only formats that have left a sign in it are asked: the others would say no, and not even come near.
[[nodiscard]] const Format* recognise_window(std::string_view window, Refusals& refusals);

/// What there is to know of a text that no format takes.
struct UnknownText {
  std::string_view head;       ///< its first bytes
  std::uint64_t lines = 0;
  bool timed = false;          ///< its lines begin with times
};

/// The error for a text that no format takes: what it looks like and what to do, then what was tried.
[[nodiscard]] Error unknown_text(const UnknownText& text, const Refusals& refusals, const std::string& file);

/// The error for an input that was to be read as `format` (--format-in) and holds nothing of it. `head`: its beginning, prefixes cut off;
/// `damage`: what its reader said of it, or empty.
[[nodiscard]] Error nothing_of_format(const Format& format, std::string_view head, const std::string& damage, const std::string& file);

[[nodiscard]] bool is_binary(std::string_view head);
/// "is a zip archive; unpack it"
[[nodiscard]] std::string_view kind_of_binary(std::string_view head);

}  // namespace tailback::replay
