// A scenario of any bytes: read, and where it is one, written and read back, searched a little and predicted from.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "replay/schedule/predict.h"
#include "replay/schedule/scenario.h"
#include "replay/schedule/story.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tailback::replay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(looks_like_scenario(text));
  tailback::Result<Program> program = parse_scenario(text, "fuzz.locks");
  if (!program.ok()) return 0;
  const std::string written = write_scenario(*program);
  const tailback::Result<Program> again = parse_scenario(written, "written.locks");
  if (!again.ok() || write_scenario(*again) != written) std::abort();
  const Program small = with_counts_capped(*program, 3);
  if (small.thread_count() > 12) return 0;  // started or joined ones are not capped
  const ExploreLimits limits{500, std::uint64_t{16} << 20};
  PredictOptions options;
  options.explore = limits;
  static_cast<void>(predict(small, options));
  static_cast<void>(tell(small, {limits, 3}));
  return 0;
}
