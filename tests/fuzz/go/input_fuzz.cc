// The whole way of an input of unknown kind: decompression of all four sorts, recognition, containers' lines, lanes.
#include "replay/sources/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tailback::replay::ReadOptions options;
  options.maximum_bytes = 16 << 20;
  options.maximum_line_bytes = 64 << 10;
  tailback::RecordingCollector collector;
  (void)tailback::replay::read_text({reinterpret_cast<const char*>(data), size}, options, collector);
  return 0;
}
