// Reads a text as the program would, and asks the recording about it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "replay/sources/read.h"

namespace tailback::replay {

struct Read {
  Result<void> result;
  std::vector<Recording> recordings;
};

inline Read read(std::string_view text, ReadOptions options = {}) {
  options.file = "input";
  RecordingCollector collector;
  Result<void> result = read_text(text, options, collector);
  return {std::move(result), collector.take()};
}

/// The only recording in `text`; an empty one, and a failure, where there is none or more.
inline Recording read_one(std::string_view text, ReadOptions options = {}) {
  Read all = read(text, std::move(options));
  EXPECT_TRUE(all.result.ok()) << all.result.error().to_string();
  EXPECT_EQ(all.recordings.size(), 1u);
  return all.recordings.size() == 1 ? std::move(all.recordings.front()) : Recording{};
}

inline std::vector<std::string> functions(const Recording& recording, const ThreadRecord& thread) {
  std::vector<std::string> names;
  for (const FrameId frame : recording.table.stack(thread.stack)) names.emplace_back(recording.table.function(frame));
  return names;
}

inline std::vector<std::string> reasons(const Recording& recording) {
  std::vector<std::string> all;
  for (const Diagnostic& diagnostic : recording.diagnostics) all.push_back(diagnostic.reason);
  return all;
}

inline std::vector<std::size_t> threads_of_dumps(const Recording& recording) {
  std::vector<std::size_t> counts;
  for (const Dump& dump : recording.dumps) counts.push_back(dump.threads.size());
  return counts;
}

}  // namespace tailback::replay
