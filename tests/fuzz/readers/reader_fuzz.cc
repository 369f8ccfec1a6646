// Feeds bytes to the reader of one format (READER_FORMAT) and checks what every consumer of a recording relies on: ids that
// are in range. Whatever the bytes, a reader neither crashes nor invents a thread, lock or frame that is not there.
#include <cstdint>

#include "tests/fuzz/recording_checks.h"
#include "tests/unit/sources/others/other_formats.h"
#include "tests/unit/sources/others/read_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tailback;
  static const replay::Format* format = replay::find_format(READER_FORMAT);
  fuzz::require(format != nullptr, "the format's name");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::require(!format->recognise(text).reason.empty(), "a recogniser says why");
  const std::vector<Recording> recordings = replay::read_all(*format, text);
  for (const Recording& recording : recordings) fuzz::check(recording);
  (void)replay::describe(recordings);
  return 0;
}
