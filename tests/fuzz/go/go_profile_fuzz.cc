// Go's counted profile as text.
#include "replay/sources/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tailback::replay::ReadOptions options;
  options.format = "go-profile";
  options.maximum_bytes = 16 << 20;
  tailback::RecordingCollector collector;
  (void)tailback::replay::read_text({reinterpret_cast<const char*>(data), size}, options, collector);
  return 0;
}
