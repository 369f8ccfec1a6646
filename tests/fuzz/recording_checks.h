// What every consumer of a recording relies on, whatever the bytes it was read from.
#pragma once

#include "runtime/incident/model.h"
#include "tests/fuzz/require.h"

namespace tailback::fuzz {

inline void check(const Recording& recording, const Dump& dump) {
  const StackTable& table = recording.table;
  require(dump.line_of_thread.size() == dump.threads.size(), "a line for each thread");
  for (const ThreadRecord& thread : dump.threads) {
    const std::size_t frames = table.stack(thread.stack).size();
    for (const FrameId frame : table.stack(thread.stack)) (void)table.function(frame);
    for (const Argument& argument : table.arguments(thread.arguments)) require(argument.frame < frames, "an argument's frame");
    require(thread.count > 0, "a row stands for a thread at least");
  }
  for (const Wait& wait : dump.waits) {
    require(wait.thread.index < dump.threads.size() && wait.lock.index < dump.locks.size(), "a wait's thread and lock");
  }
  for (const Hold& hold : dump.holds) {
    require(hold.thread.index < dump.threads.size() && hold.lock.index < dump.locks.size(), "a hold's thread and lock");
  }
}

inline void check(const Recording& recording) {
  for (const Dump& dump : recording.dumps) check(recording, dump);
  for (const Sample& sample : recording.samples) {
    for (const MetricValue& value : sample.values) require(value.metric.index < recording.metrics.size(), "a value's metric");
  }
}

}  // namespace tailback::fuzz
