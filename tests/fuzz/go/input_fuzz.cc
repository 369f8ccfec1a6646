// The whole way of an input: decompression of all four sorts, containers' lines, lanes; recognised, or read as INPUT_FORMAT.
#include "replay/sources/read.h"
#include "tests/fuzz/recording_checks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tailback::replay::ReadOptions options;
  options.format = INPUT_FORMAT;
  options.maximum_bytes = 16 << 20;
  options.maximum_line_bytes = 64 << 10;
  tailback::RecordingCollector collector;
  (void)tailback::replay::read_text({reinterpret_cast<const char*>(data), size}, options, collector);
  for (const tailback::Recording& recording : collector.take()) tailback::fuzz::check(recording);
  return 0;
}
