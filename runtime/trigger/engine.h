// Decides, from samples alone, when a breach opens and closes and when to dump.
//
// Pure: no clock (time comes with the samples), no I/O, no process. The live recorder and the replay of a recording run this
// same code, so what a log would have triggered is what the service would have triggered.
//
// States of a trigger, and what takes it from one to the next:
//
//   quiet ──condition true──▶ pending ──held for `duration`──▶ open ──below 90 % of the threshold──▶ quiet
//              pending ──condition false, metric missing or stale──▶ quiet
//
// `for d` over irregular samples: with j the latest sample at or before t − d, the condition must have been true in every
// sample from j to now; that is, the run of true samples began at or before t − d.
//
// While a breach is open it asks for a dump
//   - at once when it opens, unless one of the same trigger was taken within the cool-down (a flapping metric);
//   - when the metric has doubled since the high-water mark, the farthest value that a dump was taken at;
//   - when it has gone 10 % of its limit beyond that mark (doubling alone is blind between 8,000 and 15,999);
//   - when the cool-down has passed since its last dump.
// The high-water mark is forgotten after an hour, so that a spike at start doesn't mute what comes later. Dumps are limited for
// each breach and for any hour. A sample gives one dump at most; triggers that want it together share it.
// Every sample at which a trigger's condition was true and it did not dump is counted, by reason.
//
// For `<` and `<=` all of this is mirrored: halved instead of doubled, closing above the threshold / 0.9.
//
// Thread safety: none; one thread drives an engine.
// Cost: about 10 ns a trigger and sample; allocates only when the list of metrics has grown.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/incident/model.h"
#include "runtime/trigger/trigger.h"

namespace tailback {

struct TriggerPolicy {
  std::chrono::nanoseconds cool_down = std::chrono::seconds(60);
  std::uint32_t dumps_per_breach = 10;
  std::uint32_t dumps_per_hour = 30;
  double close_ratio = 0.9;         ///< of the threshold
  double growth_factor = 2;         ///< of the high-water mark
  double limit_step_ratio = 0.1;    ///< of the metric's limit, where the samples have it
  std::chrono::nanoseconds high_water_reset = std::chrono::hours(1);
  std::chrono::nanoseconds staleness = std::chrono::minutes(5);  ///< a gap longer than this breaks a run; 0: never
};

/// Why a trigger whose condition was true did not dump at a sample, or why it could not be evaluated.
enum class NoDump : std::uint8_t {
  kHoldingFor,     ///< not for as long as its `for` asks
  kCoolingDown,    ///< one was taken a moment ago and the metric has not grown enough since
  kBreachBudget,   ///< the breach has had all its dumps
  kHourlyBudget,   ///< the recorder has had all its dumps of this hour
  kShared,         ///< another trigger's dump of the same sample serves it
  kMetricMissing,  ///< the sample does not have the metric, or only a value older than `staleness`
  kLimitUnknown,   ///< the sample does not have the limit, or it is not finite
  kNoPrevious,     ///< a rate or prediction without a sample before this one
};
inline constexpr std::size_t kNoDumpReasons = 8;

/// Stable words: "holding_for", "cooling_down", …
[[nodiscard]] std::string_view to_string(NoDump);

enum class DumpCause : std::uint8_t { kOpened, kGrown, kLimitStep, kCoolDownOver };

/// Stable words: "opened", "grown", "limit_step", "cool_down_over".
[[nodiscard]] std::string_view to_string(DumpCause);

struct Decision {
  enum class Kind : std::uint8_t { kOpen, kClose, kDump };
  Kind kind = Kind::kOpen;
  std::uint32_t trigger = 0;               ///< index into triggers()
  std::int64_t breach_id = 0;              ///< ascending from 1
  double value = 0, threshold = 0;         ///< at this sample
  DumpCause cause = DumpCause::kOpened;    ///< of a kDump
  bool dumps = false;                      ///< of a kOpen: a dump of this sample serves it
  NoDump no_dump = NoDump::kCoolingDown;   ///< of a kOpen that is not served: why
};

class TriggerEngine {
 public:
  explicit TriggerEngine(std::vector<Trigger> triggers, TriggerPolicy policy = {}, std::int64_t first_breach_id = 1);

  /// Takes the next sample. `metrics` is the list that the sample's ids refer to (Recording::metrics); it may grow between calls.
  /// Returns what is to be done, openings and closings first, at most one dump last; valid until the next call.
  /// Time is the sample's mono_ns where it has one, else its wall_ns; a step back in time starts all runs anew.
  std::span<const Decision> observe(const Sample& sample, const std::vector<MetricInfo>& metrics);

  [[nodiscard]] std::span<const Trigger> triggers() const { return triggers_; }

  /// Breaches that are open now, for closing a recording.
  [[nodiscard]] bool is_open(std::size_t trigger) const { return states_[trigger].open; }

  /// How often the trigger did not dump for that reason.
  [[nodiscard]] std::uint64_t count(std::size_t trigger, NoDump reason) const;
  /// The same over all triggers.
  [[nodiscard]] std::uint64_t count(NoDump reason) const;

  /// The breach that an opening or closing decision tells of, as the incident file stores it.
  [[nodiscard]] Breach breach(const Decision& decision, const Sample& sample) const;

 private:
  struct State {
    MetricId metric, limit;          // resolved from names; none until the metric appears
    bool running = false;            // the condition was true in the previous sample
    bool open = false;
    std::int64_t run_since_ns = 0;
    std::int64_t breach_id = 0;
    std::int64_t opened_wall_ns = 0;
    double opened_value = 0, opened_threshold = 0;
    std::uint32_t dumps = 0;         // of the open breach
    bool dumped = false;             // ever; the next two mean something then
    std::int64_t last_dump_ns = 0;
    bool marked = false;             // the high-water mark stands
    double high_water = 0;
    std::int64_t high_water_ns = 0;
    bool has_previous = false;
    double previous = 0;
    std::int64_t previous_ns = 0;
    std::array<std::uint64_t, kNoDumpReasons> counts{};
  };
  struct Reading {
    double value = 0, threshold = 0;
    double limit = 0;  // 0: unknown
  };

  void resolve(const std::vector<MetricInfo>& metrics);
  [[nodiscard]] std::optional<double> fresh_value(const Sample& sample, MetricId metric) const;
  std::optional<Reading> read(std::size_t index, const Sample& sample, std::int64_t now_ns);
  void step(std::size_t index, const Reading& reading, const Sample& sample, std::int64_t now_ns);
  /// Nothing where a dump of this sample serves the trigger, else why not.
  std::optional<NoDump> consider_dump(std::size_t index, const Reading& reading, std::int64_t now_ns);
  [[nodiscard]] std::optional<DumpCause> due(std::size_t index, const Reading& reading, std::int64_t now_ns) const;
  [[nodiscard]] bool hourly_budget_spent(std::int64_t now_ns) const;
  void note_dump_time(std::int64_t now_ns);
  static void note(State& state, NoDump reason) { ++state.counts[static_cast<std::size_t>(reason)]; }

  std::vector<Trigger> triggers_;
  std::vector<State> states_;
  TriggerPolicy policy_;
  std::int64_t next_breach_id_;
  std::size_t resolved_metrics_ = 0;
  std::int64_t last_ns_ = 0;
  bool started_ = false;
  std::vector<Decision> decisions_;
  std::optional<Decision> dump_;          // of the sample at hand
  std::vector<std::int64_t> dump_times_;  // ring of the last dumps_per_hour
  std::size_t dump_cursor_ = 0;
};

}  // namespace tailback
