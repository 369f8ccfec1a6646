#include "tests/unit/findings/stacks.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "analyze/findings/find.h"
#include "analyze/group/group_threads.h"
#include "analyze/holders/infer.h"

namespace tailback::analyze::testing {
namespace {

ThreadState state_of(std::string_view state) {
  if (state.starts_with("running") || state.starts_with("runnable")) return ThreadState::kRunning;
  if (state.starts_with("IO wait") || state.starts_with("syscall")) return ThreadState::kIo;
  if (state.starts_with("sleep")) return ThreadState::kSleeping;
  return state.empty() ? ThreadState::kUnknown : ThreadState::kBlocked;
}

void read_arguments(StackTable& table, std::string_view words, std::uint16_t frame, std::vector<Argument>& arguments) {
  std::istringstream in{std::string(words)};
  std::string word;
  for (std::uint8_t position = 0; std::getline(in, word, ','); ++position) {
    while (!word.empty() && word.front() == ' ') word.erase(0, 1);
    if (word.empty() || word == "...") continue;
    Argument argument;
    argument.frame = frame;
    argument.position = position;
    if (const std::size_t equal = word.find('='); equal != std::string::npos) {
      argument.name = table.intern(word.substr(0, equal));
      word.erase(0, equal + 1);
    }
    argument.uncertain = word.ends_with('?');
    argument.value = std::stoull(word, nullptr, 16);
    arguments.push_back(argument);
  }
}

/// "main.(*HashSet).Size(0xc0000b4008) hashset.go:43"
FrameId read_frame(StackTable& table, const std::string& line, std::uint16_t index, std::vector<Argument>& arguments) {
  Frame frame;
  std::string name = line;
  if (const std::size_t space = line.rfind(' '); space != std::string::npos && line.find(':', space) != std::string::npos) {
    const std::size_t colon = line.rfind(':');
    frame.file = table.intern(line.substr(space + 1, colon - space - 1));
    frame.line = static_cast<std::uint32_t>(std::stoul(line.substr(colon + 1)));
    name = line.substr(0, space);
  }
  if (name.ends_with(')')) {
    const std::size_t open = name.rfind('(');
    read_arguments(table, std::string_view(name).substr(open + 1, name.size() - open - 2), index, arguments);
    name.erase(open);
  }
  frame.function = table.intern(name);
  return table.intern(frame);
}

ThreadRecord read_header(StackTable& table, const std::string& line) {
  ThreadRecord thread;
  const std::size_t open = line.find('['), close = line.find(']');
  thread.id = line.substr(0, line.find(' '));
  if (open == std::string::npos) return thread;
  const std::string state = line.substr(open + 1, close - open - 1);
  thread.state_text = table.intern(state);
  thread.state = state_of(state);
  std::istringstream rest{line.substr(close + 1)};
  for (std::string word; rest >> word;) {
    if (word.front() == 'x') thread.count = static_cast<std::uint32_t>(std::stoul(word.substr(1)));
    else thread.waited_ns = std::stoll(word) * 1'000'000'000;
  }
  return thread;
}

}  // namespace

Dump& add_dump(Recording& recording, std::string_view text) {
  Dump dump;
  dump.id = static_cast<std::int64_t>(recording.dumps.size() + 1);
  dump.wall_ns = dump.id * 1'000'000'000;
  std::vector<FrameId> frames;
  std::vector<Argument> arguments;
  const auto close = [&] {
    if (dump.threads.empty() || frames.empty()) return;
    dump.threads.back().stack = recording.table.intern(frames);
    dump.threads.back().arguments = recording.table.intern(arguments);
    frames.clear();
    arguments.clear();
  };
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string::npos) continue;
    line.erase(0, begin);
    if (line.front() >= '0' && line.front() <= '9') {
      close();
      dump.threads.push_back(read_header(recording.table, line));
    } else {
      frames.push_back(read_frame(recording.table, line, static_cast<std::uint16_t>(frames.size()), arguments));
    }
  }
  close();
  recording.dumps.push_back(std::move(dump));
  return recording.dumps.back();
}

Recording recording_of(Runtime runtime, std::string_view text) {
  Recording recording;
  recording.info.runtime = runtime;
  add_dump(recording, text);
  return recording;
}

std::string many(int from, int to, std::string_view frames) {
  std::string text;
  for (int i = from; i < to; ++i) text += std::to_string(i) + " " + std::string(frames);
  return text;
}

std::vector<Finding> findings_of(Recording& recording) {
  std::vector<DumpAnalysis> dumps;
  ShapeTable shapes(recording.table, GroupBy::kLines);
  for (std::size_t i = 0; i < recording.dumps.size(); ++i) {
    DumpAnalysis dump;
    dump.dump = i;
    dump.activities = classify(recording, recording.dumps[i]);
    infer_holders(recording, i, dump.activities, {});
    dump.groups = group_threads(recording.dumps[i], dump.activities, GroupBy::kLines, shapes);
    dumps.push_back(std::move(dump));
  }
  std::vector<NotEvaluated> not_evaluated;
  return find(recording, dumps, {}, not_evaluated);
}

bool has(const std::vector<Finding>& findings, FindingKind kind) {
  return std::any_of(findings.begin(), findings.end(), [kind](const Finding& finding) { return finding.kind == kind; });
}

}  // namespace tailback::analyze::testing
