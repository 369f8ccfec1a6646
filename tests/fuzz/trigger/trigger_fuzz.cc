// Any bytes as a list of triggers: an error with a column inside the text, or triggers that read back as themselves.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/trigger/engine.h"
#include "runtime/trigger/trigger.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  tailback::TriggerProblem problem;
  const auto triggers = tailback::parse_triggers(text, &problem);
  if (!triggers) {
    require(problem.column >= 1 && problem.column <= size + 1);
    require(triggers.error().to_string().find('\n') == std::string::npos);
    (void)tailback::point_at(text, problem.column, triggers.error().message);
    return 0;
  }
  for (const tailback::Trigger& trigger : *triggers) {
    const auto again = tailback::parse_trigger(trigger.text);
    require(again.ok() && again.value() == trigger);
  }
  // What can be read can be run.
  tailback::Recording recording;
  tailback::Sample sample;
  for (const tailback::Trigger& trigger : *triggers) sample.values.push_back({recording.metric(trigger.metric), 1e3, 0});
  tailback::TriggerEngine engine(*triggers);
  for (int i = 0; i < 3; ++i) {
    sample.mono_ns += 1'000'000'000;
    (void)engine.observe(sample, recording.metrics);
  }
  return 0;
}
