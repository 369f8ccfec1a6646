// Feeds bytes to the reader of one format (READER_FORMAT) and checks what every consumer of a recording relies on: ids that
// are in range. Whatever the bytes, a reader neither crashes nor invents a thread, lock or frame that is not there.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/unit/sources/others/other_formats.h"
#include "tests/unit/sources/others/read_text.h"

namespace {

using namespace tailback;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check(const Recording& recording, const Dump& dump) {
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const replay::Format* format = replay::find_format(READER_FORMAT);
  require(format != nullptr, "the format's name");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(!format->recognise(text).reason.empty(), "a recogniser says why");
  const std::vector<Recording> recordings = replay::read_all(*format, text);
  for (const Recording& recording : recordings) {
    for (const Dump& dump : recording.dumps) check(recording, dump);
    for (const Sample& sample : recording.samples) {
      for (const MetricValue& value : sample.values) require(value.metric.index < recording.metrics.size(), "a value's metric");
    }
  }
  (void)replay::describe(recordings);
  return 0;
}
