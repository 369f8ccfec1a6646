#include "replay/timeline/timeline.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "replay/timeline/evaluate_triggers.h"
#include "runtime/capture/lock_api.h"

namespace tailback::replay {
namespace {

/// Frames that say how a thread waits, not what for: a title of them alone would name no code of the program's.
bool of_a_library(std::string_view function) {
  for (const std::string_view prefix : {"runtime.", "sync.", "internal/", "sync/atomic.", "__", "pthread_", "std::", "java.", "jdk.", "sun.", "futex", "syscall", "tailback::"}) {
    if (function.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

std::vector<TimelineEntry> timeline_of(const Recording& recording) {
  std::vector<TimelineEntry> entries;
  entries.reserve(recording.samples.size() + recording.dumps.size() + 2 * recording.breaches.size());
  std::size_t sample = 0;
  std::int64_t last = 0;
  const auto add = [&](EntryKind kind, std::int64_t wall_ns, std::size_t index) {
    last = wall_ns != 0 ? wall_ns : last;
    entries.push_back({kind, last, index});
  };
  for (std::size_t dump = 0; dump < recording.dumps.size(); ++dump) {
    while (sample < recording.samples.size() && sample_comes_first(recording.samples[sample], recording.dumps[dump])) {
      add(EntryKind::kSample, recording.samples[sample].wall_ns, sample);
      ++sample;
    }
    add(EntryKind::kDump, recording.dumps[dump].wall_ns, dump);
  }
  for (; sample < recording.samples.size(); ++sample) add(EntryKind::kSample, recording.samples[sample].wall_ns, sample);
  std::vector<TimelineEntry> breaches;
  for (std::size_t i = 0; i < recording.breaches.size(); ++i) {
    breaches.push_back({EntryKind::kBreachOpened, recording.breaches[i].opened_wall_ns, i});
    if (recording.breaches[i].closed_wall_ns != 0) breaches.push_back({EntryKind::kBreachClosed, recording.breaches[i].closed_wall_ns, i});
  }
  const auto earlier = [](const TimelineEntry& a, const TimelineEntry& b) { return a.wall_ns < b.wall_ns; };
  std::stable_sort(breaches.begin(), breaches.end(), earlier);
  std::vector<TimelineEntry> all;
  all.reserve(entries.size() + breaches.size());
  std::merge(breaches.begin(), breaches.end(), entries.begin(), entries.end(), std::back_inserter(all), earlier);
  return all;
}

std::string own_function(const Recording& recording, StackId stack) {
  const auto frames = recording.table.stack(stack);
  if (frames.empty()) return "no stack";
  std::vector<std::string_view> names;
  for (const FrameId frame : frames) names.push_back(recording.table.function(frame));
  // A lock of the program's own is a lock still: who asked for it is the name.
  const LockSite lock = find_lock_site(names);
  const auto begin = frames.begin() + (lock.api == LockApi::kNone ? 0 : std::min<std::ptrdiff_t>(lock.wait_frame + 1, std::ssize(frames)));
  const auto own = std::find_if(begin, frames.end(), [&](FrameId frame) { return !of_a_library(recording.table.function(frame)); });
  const std::string_view function = recording.table.function(own == frames.end() ? frames.front() : *own);
  return function.empty() ? "?" : std::string(function);
}

std::vector<FunctionCount> functions_of(const Recording& recording, const Dump& dump) {
  std::unordered_map<StackId, std::uint64_t> stacks;  // few of them: each name is looked up once
  for (const ThreadRecord& thread : dump.threads) stacks[thread.stack] += thread.count;
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [stack, threads] : stacks) counts[own_function(recording, stack)] += threads;
  std::vector<FunctionCount> functions;
  for (const auto& [function, threads] : counts) functions.push_back({function, threads});
  std::stable_sort(functions.begin(), functions.end(), [](const FunctionCount& x, const FunctionCount& y) { return x.threads > y.threads; });
  return functions;
}

Series series_of(const Recording& recording, MetricId metric) {
  Series series;
  if (!metric.valid() || recording.samples.empty()) return series;
  const bool monotonic = std::all_of(recording.samples.begin(), recording.samples.end(), [](const Sample& one) { return one.mono_ns != 0; });
  const auto time = [&](const Sample& sample) { return monotonic ? sample.mono_ns : sample.wall_ns; };
  const std::int64_t origin = time(recording.samples.front());
  for (std::size_t i = 0; i < recording.samples.size(); ++i) {
    const std::optional<double> value = recording.samples[i].value(metric);
    if (!value) continue;
    series.seconds.push_back(static_cast<double>(time(recording.samples[i]) - origin) / 1e9);
    series.values.push_back(*value);
    series.samples.push_back(i);
  }
  return series;
}

}  // namespace tailback::replay
