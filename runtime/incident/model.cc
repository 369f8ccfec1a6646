#include "runtime/incident/model.h"

#include <array>
#include <numeric>

namespace tailback {
namespace {

template <class Enum>
struct Words;

template <>
struct Words<Runtime> {
  static constexpr std::array<std::string_view, 6> kAll{"unknown", "native", "go", "java", "python", "kernel"};
};
template <>
struct Words<ThreadState> {
  static constexpr std::array<std::string_view, 7> kAll{"unknown", "running", "blocked", "sleeping", "io", "idle", "dead"};
};
template <>
struct Words<LockKind> {
  static constexpr std::array<std::string_view, 14> kAll{"unknown",   "mutex",      "recursive_mutex", "rwlock",  "monitor",
                                                         "semaphore", "condition",  "wait_group",      "barrier", "once",
                                                         "channel",   "future",     "join",            "futex"};
};
template <>
struct Words<LockPolicy> {
  static constexpr std::array<std::string_view, 6> kAll{"unknown", "prefer-readers", "prefer-writers", "fifo", "reentrant", "either"};
};
template <>
struct Words<LockMode> {
  static constexpr std::array<std::string_view, 2> kAll{"exclusive", "shared"};
};
template <>
struct Words<Basis> {
  static constexpr std::array<std::string_view, 2> kAll{"observed", "inferred"};
};
template <>
struct Words<StackQuality> {
  static constexpr std::array<std::string_view, 4> kAll{"complete", "recovered", "partial", "missing"};
};
template <>
struct Words<LockOperation> {
  static constexpr std::array<std::string_view, 13> kAll{"create", "destroy", "request", "acquire",      "release",   "try_fail",
                                                         "wait",   "notify",  "notify_all", "thread_start", "thread_end", "thread_join", "try_acquire"};
};
template <>
struct Words<Severity> {
  static constexpr std::array<std::string_view, 3> kAll{"information", "data_loss", "error"};
};

template <class Enum>
std::string_view word_of(Enum value) {
  return Words<Enum>::kAll.at(static_cast<std::size_t>(value));
}

}  // namespace

std::uint64_t Dump::thread_count() const {
  return std::accumulate(threads.begin(), threads.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const ThreadRecord& thread) { return sum + thread.count; });
}

std::size_t Dump::asking_frame(const Wait& wait) const {
  if (wait.frame == Wait::kNoFrame) return 0;
  const bool entered = wait.lock.index < locks.size() && locks[wait.lock.index].kind == LockKind::kMonitor;
  return wait.frame + std::size_t{entered ? 0u : 1u};
}

bool can_be_held(LockKind kind) {
  switch (kind) {
    case LockKind::kUnknown:
    case LockKind::kMutex:
    case LockKind::kRecursiveMutex:
    case LockKind::kRwlock:
    case LockKind::kMonitor:
    case LockKind::kOnce: return true;
    default: return false;
  }
}

std::optional<double> Sample::value(MetricId metric) const {
  for (const MetricValue& candidate : values) {
    if (candidate.metric == metric) return candidate.value;
  }
  return std::nullopt;
}

MetricId Recording::metric(std::string_view name, std::string_view unit, bool counter) {
  if (const MetricId found = find_metric(name)) return found;
  metrics.push_back({std::string(name), std::string(unit), counter});
  return {static_cast<std::uint32_t>(metrics.size() - 1)};
}

MetricId Recording::find_metric(std::string_view name) const {
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (metrics[i].name == name) return {static_cast<std::uint32_t>(i)};
  }
  return {};
}

std::string_view to_string(Runtime value) { return word_of(value); }
std::string_view to_string(ThreadState value) { return word_of(value); }
std::string_view to_string(LockKind value) { return word_of(value); }
std::string_view to_string(LockPolicy value) { return word_of(value); }
std::string_view to_string(LockMode value) { return word_of(value); }
std::string_view to_string(Basis value) { return word_of(value); }
std::string_view to_string(StackQuality value) { return word_of(value); }
std::string_view to_string(LockOperation value) { return word_of(value); }
std::string_view to_string(Severity value) { return word_of(value); }

template <class Enum>
std::optional<Enum> from_string(std::string_view word) {
  for (std::size_t i = 0; i < Words<Enum>::kAll.size(); ++i) {
    if (Words<Enum>::kAll[i] == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

template std::optional<Runtime> from_string<Runtime>(std::string_view);
template std::optional<ThreadState> from_string<ThreadState>(std::string_view);
template std::optional<LockKind> from_string<LockKind>(std::string_view);
template std::optional<LockPolicy> from_string<LockPolicy>(std::string_view);
template std::optional<LockMode> from_string<LockMode>(std::string_view);
template std::optional<Basis> from_string<Basis>(std::string_view);
template std::optional<StackQuality> from_string<StackQuality>(std::string_view);
template std::optional<LockOperation> from_string<LockOperation>(std::string_view);
template std::optional<Severity> from_string<Severity>(std::string_view);

}  // namespace tailback
