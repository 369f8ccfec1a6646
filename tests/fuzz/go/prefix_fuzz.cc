// Prefixes, envelopes and time stamps of single lines.
#include <algorithm>

#include "replay/sources/prefix.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  tailback::replay::PrefixStripper stripper(1581413510'000000000);
  stripper.learn(text.substr(0, 4096));
  std::size_t bytes = 0;
  const auto take = [&](const tailback::replay::LogLine& line) {
    // Every byte is read, so that a view into what is gone is seen.
    for (const std::string_view part : {line.text, line.lane, line.host}) {
      for (const char c : part) bytes += static_cast<unsigned char>(c);
    }
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    stripper.strip(text.substr(0, end), true, take);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  stripper.finish(take);
  volatile std::size_t sink = bytes;  // the reading must not be optimised away
  (void)sink;
  return 0;
}
