#include "analyze/cli/lock_input.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

#include "analyze/cli/input.h"
#include "replay/schedule/scenario.h"
#include "replay/schedule/std_trace.h"

namespace tailback::cli {
namespace {

constexpr std::size_t kMaxShownEvents = 5'000'000;
constexpr std::size_t kHead = 64 * 1024;

std::string read_all(std::istream& stream) { return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()}; }

Result<LockInput> from_scenario(std::string_view text, const std::string& path) {
  Result<replay::Program> program = replay::parse_scenario(text, path);
  if (!program.ok()) return program.error();
  LockInput input;
  input.program = std::move(*program);
  input.about = {path, "scenario", input.program.thread_count(), input.program.locks.size(), 0, {}};
  return input;
}

LockInput from_trace(replay::Trace trace, const std::string& path) {
  LockInput input;
  input.about = {path, "trace", trace.names().threads.size(), trace.names().locks.size(), trace.events().size(), trace.diagnostics()};
  input.trace = std::move(trace);
  return input;
}

Result<LockInput> from_recording(const std::string& path) {
  InputOptions options;
  options.paths = {path};
  const Result<std::vector<Recording>> recordings = read_recordings(options);
  if (!recordings.ok()) return recordings.error();
  const auto most = std::max_element(recordings->begin(), recordings->end(), [](const Recording& a, const Recording& b) {
    return a.lock_events.size() < b.lock_events.size();
  });
  if (most->lock_events.empty()) {
    return Error{ErrorCode::kMalformed, "holds no lock events: record with instrumented locks and lock events on, or write a .locks scenario", path};
  }
  return from_trace(replay::trace_of(*most), path);
}

}  // namespace

Result<LockInput> read_lock_input(const std::string& path) {
  if (Result<void> checked = check_inputs({path}); !checked.ok()) return checked.error();
  std::string text;
  const std::string name = path == "-" ? "standard input" : path;
  if (path == "-") {
    text = read_all(std::cin);
  } else {
    std::ifstream file(path, std::ios::binary);
    text.resize(kHead);
    file.read(text.data(), static_cast<std::streamsize>(kHead));
    text.resize(static_cast<std::size_t>(file.gcount()));
    const bool ours = path.ends_with(".locks") || replay::looks_like_scenario(text) || replay::looks_like_std_trace(text);
    if (!ours) return from_recording(path);
    if (text.size() == kHead) text += read_all(file);
  }
  if (path.ends_with(".locks") || replay::looks_like_scenario(text)) return from_scenario(text, name);
  Result<replay::Trace> trace = replay::parse_std_trace(text, name);
  if (!trace.ok()) return Error{ErrorCode::kUnknownFormat, "is neither a .locks scenario nor an STD trace", name};
  return from_trace(std::move(*trace), name);
}

Result<void> to_program(LockInput& input) {
  if (!input.trace || !input.program.threads.empty()) return {};
  if (input.trace->events().size() > kMaxShownEvents) {
    return Error{ErrorCode::kResourceExhausted, "has " + std::to_string(input.trace->events().size()) + " events, too many to show; `predict` reads it", input.about.file};
  }
  input.program = replay::program_of(*input.trace, input.about.diagnostics);
  return {};
}

}  // namespace tailback::cli
