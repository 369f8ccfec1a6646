// --metric's patterns (the first line of the input) over the lines that follow.
#include <algorithm>
#include <string>

#include "replay/sources/metric_lines.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  auto lines = tailback::replay::MetricLines::create({std::string(text.substr(0, end))});
  if (!lines.ok()) lines = tailback::replay::MetricLines::create({});
  text.remove_prefix(std::min(end + 1, text.size()));
  while (!text.empty()) {
    const std::size_t stop = std::min(text.find('\n'), text.size());
    (void)lines.value()->read(text.substr(0, stop));
    text.remove_prefix(std::min(stop + 1, text.size()));
  }
  return 0;
}
