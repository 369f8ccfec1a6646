// An STD trace of any bytes: read, made a program, predicted from.
#include <cstdint>
#include <string_view>

#include "replay/schedule/predict_trace.h"
#include "replay/schedule/std_trace.h"
#include "replay/schedule/story.h"
#include "replay/schedule/trace_tail.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tailback::replay;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(looks_like_std_trace(text));
  const tailback::Result<std::unique_ptr<StdTrace>> read = StdTrace::of_text(text, "fuzz.std");
  if (!read.ok() || (*read)->size() > 400) return 0;
  const StdTrace* trace = read->get();
  static_cast<void>(tail_of(*trace, trace->size() / 2));
  PredictTraceOptions options;
  options.predict.explore = {500, std::uint64_t{16} << 20};
  options.combinations = 50;
  options.window_sections = 20;
  static_cast<void>(predict(*trace, options));
  std::vector<tailback::Diagnostic> diagnostics;
  const Program program = program_of(*trace, diagnostics);
  if (program.threads.size() < 12) static_cast<void>(tell(program, {options.predict.explore, 3}));
  return 0;
}
