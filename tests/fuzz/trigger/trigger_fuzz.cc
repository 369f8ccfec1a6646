// Any bytes as a list of triggers: an error with a column inside the text, or triggers that read back as themselves.
#include <cstdint>
#include <string_view>

#include "runtime/trigger/engine.h"
#include "runtime/trigger/trigger.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tailback::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  tailback::TriggerProblem problem;
  const auto triggers = tailback::parse_triggers(text, &problem);
  if (!triggers) {
    require(problem.column >= 1 && problem.column <= size + 1, "a column in the text");
    require(triggers.error().to_string().find('\n') == std::string::npos, "an error of one line");
    (void)tailback::point_at(text, problem.column, triggers.error().message);
    return 0;
  }
  for (const tailback::Trigger& trigger : *triggers) {
    const auto again = tailback::parse_trigger(trigger.text);
    require(again.ok() && again.value() == trigger, "a trigger that reads back as itself");
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
