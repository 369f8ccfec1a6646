#include "analyze/cli/lock_input.h"

#include "analyze/cli/input.h"
#include "replay/schedule/recorded_trace.h"
#include "replay/schedule/scenario.h"
#include "replay/schedule/std_trace.h"
#include "replay/schedule/trace_tail.h"
#include "replay/sources/decompress.h"
#include "runtime/incident/incident_reader.h"

namespace tailback::cli {
namespace {

constexpr std::size_t kHead = 64 * 1024;
constexpr std::size_t kMaxScenarioBytes = std::size_t{64} << 20;

Result<std::string> read_all(replay::ByteSource& source, const std::string& name) {
  std::string text;
  std::vector<char> block(kHead);
  for (;;) {
    const Result<std::size_t> got = source.read(block);
    if (!got.ok()) return got.error();
    if (*got == 0) return text;
    text.append(block.data(), *got);
    if (text.size() > kMaxScenarioBytes) return Error{ErrorCode::kResourceExhausted, "is too large for a scenario", name};
  }
}

Result<LockInput> from_scenario(replay::ByteSource& source, const std::string& name) {
  const Result<std::string> text = read_all(source, name);
  if (!text.ok()) return text.error();
  Result<replay::Program> program = replay::parse_scenario(*text, name);
  if (!program.ok()) return program.error();
  LockInput input;
  input.program = std::move(*program);
  input.about = {name, "scenario", input.program.thread_count(), input.program.locks.size(), 0, {}};
  return input;
}

template <class Stream>
Result<LockInput> from_trace(Result<std::unique_ptr<Stream>> opened, const std::string& name) {
  if (!opened.ok()) return Error{opened.error().code, opened.error().message, name};
  LockInput input;
  const replay::TraceNames& names = (*opened)->names();
  input.about = {name, "trace", names.threads.size(), names.locks.size(), (*opened)->size(), (*opened)->diagnostics()};
  if constexpr (std::is_same_v<Stream, replay::RecordedTrace>) input.recording = (*opened)->recording();
  input.trace = std::move(*opened);
  return input;
}

}  // namespace

Result<LockInput> read_lock_input(const std::string& path) {
  if (Result<void> checked = check_inputs({path}); !checked.ok()) return checked.error();
  const std::string name = replay::input_name(path);
  Result<std::unique_ptr<replay::ByteSource>> raw = replay::open_file(path);
  if (!raw.ok()) return raw.error();
  const replay::ByteSource* as_it_is = raw->get();
  Result<std::unique_ptr<replay::PeekableSource>> source = replay::decompress(std::move(*raw), name);
  if (!source.ok()) return source.error();
  const Result<std::string_view> head = (*source)->peek(kHead);
  if (!head.ok()) return head.error();
  const bool recording = looks_like_incident(*head), std_trace = !recording && replay::looks_like_std_trace(*head);
  if (path.ends_with(".locks") || replay::looks_like_scenario(*head)) return from_scenario(**source, name);
  if (!recording && !std_trace) {
    return Error{ErrorCode::kUnknownFormat, "is neither a .locks scenario, nor an STD trace, nor an incident file with lock events", name};
  }
  std::optional<replay::SpooledFile> spooled;
  if (path == "-" || !(*source)->wraps(as_it_is)) {
    Result<replay::SpooledFile> made = replay::SpooledFile::of(**source);
    if (!made.ok()) return made.error();
    spooled = std::move(*made);
  }
  const std::string& file = spooled ? spooled->path() : path;
  Result<LockInput> input = recording ? from_trace(replay::RecordedTrace::open(file), name) : from_trace(replay::StdTrace::open(file), name);
  if (input.ok() && spooled) {
    input->recording.reset();
    input->spooled = std::move(spooled);
  }
  return input;
}

void to_program(LockInput& input, std::uint64_t most) {
  if (!input.trace || !input.program.threads.empty()) return;
  const std::uint64_t skipped = input.about.events > most ? input.about.events - most : 0;
  if (skipped > 0) {
    input.about.diagnostics.push_back({Severity::kInformation, input.about.file, 0, "earlier events were only followed for who holds what; --window takes in more", skipped});
  }
  input.trace = std::make_unique<replay::Trace>(replay::tail_of(*input.trace, skipped));
  input.program = replay::program_of(*input.trace, input.about.diagnostics);
}

}  // namespace tailback::cli
