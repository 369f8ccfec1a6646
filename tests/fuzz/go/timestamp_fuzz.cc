// Times at the beginning of lines, of every writer: their text lies in the line, and what follows it changes nothing but where it ends.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "replay/sources/timestamp.h"

namespace {

template <class Stamp>
void check(const std::optional<Stamp>& stamp, std::string_view line) {
  if (stamp && (stamp->size == 0 || stamp->size > line.size())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tailback::replay;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const TimestampParser parser(1581413510'000000000), without_reference;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    for (const TimestampParser* p : {&parser, &without_reference}) {
      check(p->at_begin(line), line);
      check(p->glog(line), line);
    }
    check(date_at_begin(line), line);
    check(uptime_at_begin(line), line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return 0;
}
