#include "replay/timeline/merge.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace tailback::replay {
namespace {

/// Translates the ids of one recording's tables into another's.
class Translation {
 public:
  Translation(const Recording& from, Recording& to) : from_(from), to_(to) {}

  StringId text(StringId id) {
    return id.valid() ? cached(texts_, id, [&] { return to_.table.intern(from_.table.text(id)); }) : id;
  }

  StackId stack(StackId id) {
    if (!id.valid()) return id;
    return cached(stacks_, id, [&] {
      std::vector<FrameId> frames;
      for (const FrameId frame : from_.table.stack(id)) frames.push_back(this->frame(frame));
      return to_.table.intern(frames);
    });
  }

  ArgumentsId arguments(ArgumentsId id) {
    if (!id.valid()) return id;
    return cached(arguments_, id, [&] {
      const auto span = from_.table.arguments(id);
      std::vector<Argument> words(span.begin(), span.end());
      for (Argument& word : words) word.name = text(word.name);
      return to_.table.intern(words);
    });
  }

  MetricId metric(MetricId id) {
    const MetricInfo& info = from_.metrics[id.index];
    return cached(metrics_, id, [&] { return to_.metric(info.name, info.unit, info.counter); });
  }

  Dump dump(Dump dump) {
    dump.reason = text(dump.reason);
    for (StringId& statement : dump.statements) statement = text(statement);
    for (Lock& lock : dump.locks) lock.name = text(lock.name);
    for (Hold& hold : dump.holds) hold.evidence = text(hold.evidence);
    for (ThreadRecord& thread : dump.threads) {
      thread.name = text(thread.name);
      thread.stack = stack(thread.stack);
      thread.absence_reason = text(thread.absence_reason);
      thread.state_text = text(thread.state_text);
      thread.label = text(thread.label);
      thread.created_by = text(thread.created_by);
      thread.arguments = arguments(thread.arguments);
    }
    return dump;
  }

  Sample sample(Sample sample) {
    std::erase_if(sample.values, [&](const MetricValue& value) { return value.metric.index >= from_.metrics.size(); });
    for (MetricValue& value : sample.values) value.metric = metric(value.metric);
    return sample;
  }

 private:
  FrameId frame(FrameId id) {
    return cached(frames_, id, [&] {
      Frame frame = from_.table.frame(id);
      frame.function = text(frame.function);
      frame.file = text(frame.file);
      frame.module = text(frame.module);
      return to_.table.intern(frame);
    });
  }

  template <class Id, class Make>
  Id cached(std::unordered_map<Id, Id>& known, Id id, Make&& make) {
    if (const auto found = known.find(id); found != known.end()) return found->second;
    const Id made = make();
    known.emplace(id, made);
    return made;
  }

  const Recording& from_;
  Recording& to_;
  std::unordered_map<StringId, StringId> texts_;
  std::unordered_map<FrameId, FrameId> frames_;
  std::unordered_map<StackId, StackId> stacks_;
  std::unordered_map<ArgumentsId, ArgumentsId> arguments_;
  std::unordered_map<MetricId, MetricId> metrics_;
};

/// Sorts by time; an event without one stays behind the event that it came after.
template <class Event>
void sort_by_time(std::vector<Event>& events) {
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].wall_ns != 0) last = events[i].wall_ns;
    order.emplace_back(last, i);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Event> sorted;
  sorted.reserve(events.size());
  for (const auto& [time, index] : order) sorted.push_back(std::move(events[index]));
  events = std::move(sorted);
}

void number_if_needed(std::vector<Dump>& dumps) {
  std::set<std::int64_t> ids;
  bool ascending = true;
  for (std::size_t i = 0; i < dumps.size(); ++i) {
    ascending = ascending && (i == 0 || dumps[i - 1].id < dumps[i].id);
    ids.insert(dumps[i].id);
  }
  if (ascending && ids.size() == dumps.size()) return;
  for (std::size_t i = 0; i < dumps.size(); ++i) dumps[i].id = static_cast<std::int64_t>(i) + 1;
}

/// First and last moment on record; {0, 0}: no times.
template <class Event>
std::pair<std::int64_t, std::int64_t> span_of(const std::vector<Event>& events) {
  std::pair<std::int64_t, std::int64_t> span{0, 0};
  for (const Event& event : events) {
    if (event.wall_ns == 0) continue;
    if (span.first == 0 || event.wall_ns < span.first) span.first = event.wall_ns;
    span.second = std::max(span.second, event.wall_ns);
  }
  return span;
}

}  // namespace

void merge_into(Recording& into, const Recording& from) {
  Translation translation(from, into);
  for (const Dump& dump : from.dumps) into.dumps.push_back(translation.dump(dump));
  for (const Sample& sample : from.samples) into.samples.push_back(translation.sample(sample));
  for (LockEvent event : from.lock_events) {
    event.place = translation.text(event.place);
    into.lock_events.push_back(event);
  }
  for (Lock lock : from.instrumented_locks) {
    lock.name = translation.text(lock.name);
    into.instrumented_locks.push_back(std::move(lock));
  }
  into.breaches.insert(into.breaches.end(), from.breaches.begin(), from.breaches.end());
  into.modules.insert(into.modules.end(), from.modules.begin(), from.modules.end());
  into.diagnostics.insert(into.diagnostics.end(), from.diagnostics.begin(), from.diagnostics.end());
  into.counters.insert(into.counters.end(), from.counters.begin(), from.counters.end());
  sort_by_time(into.dumps);
  sort_by_time(into.samples);
  number_if_needed(into.dumps);
}

std::vector<Recording> merge_metrics(std::vector<Recording> recordings) {
  std::vector<Recording> merged, metrics;
  for (Recording& recording : recordings) {
    const bool only_metrics = recording.dumps.empty() && recording.lock_events.empty() && !recording.samples.empty();
    (only_metrics ? metrics : merged).push_back(std::move(recording));
  }
  const std::size_t with_dumps = merged.size();
  for (Recording& recording : metrics) {
    bool placed = false;
    const auto samples = span_of(recording.samples);
    for (std::size_t i = 0; i < with_dumps; ++i) {
      const auto dumps = span_of(merged[i].dumps);
      const bool overlaps = dumps.first != 0 && samples.first <= dumps.second && dumps.first <= samples.second;
      if (!overlaps && with_dumps != 1) continue;
      merge_into(merged[i], recording);
      placed = true;
    }
    if (!placed) merged.push_back(std::move(recording));
  }
  return merged;
}

Recording merge_all(std::vector<Recording> recordings) {
  const auto first = std::find_if(recordings.begin(), recordings.end(), [](const Recording& r) { return !r.dumps.empty(); });
  const auto main = static_cast<std::size_t>(first == recordings.end() ? 0 : first - recordings.begin());
  for (std::size_t i = 0; i < recordings.size(); ++i) {
    if (i != main) merge_into(recordings[main], recordings[i]);
  }
  return std::move(recordings[main]);
}

}  // namespace tailback::replay
