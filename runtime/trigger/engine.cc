#include "runtime/trigger/engine.h"

#include <algorithm>
#include <cmath>

#include "runtime/metrics/metric_names.h"

namespace tailback {
namespace {

constexpr std::int64_t kHourNs = std::chrono::nanoseconds(std::chrono::hours(1)).count();

bool holds(Comparison comparison, double value, double threshold) {
  switch (comparison) {
    case Comparison::kAbove:
      return value > threshold;
    case Comparison::kAtLeast:
      return value >= threshold;
    case Comparison::kBelow:
      return value < threshold;
    case Comparison::kAtMost:
      return value <= threshold;
  }
  return false;
}

bool upward(const Trigger& trigger) {
  return trigger.comparison == Comparison::kAbove || trigger.comparison == Comparison::kAtLeast;
}

// A margin of a share of the threshold means nothing where the threshold is not positive: there the condition itself decides.
bool has_left(const Trigger& trigger, double value, double threshold, double close_ratio) {
  if (threshold <= 0) return !holds(trigger.comparison, value, threshold);
  return upward(trigger) ? value < threshold * close_ratio : value > threshold / close_ratio;
}

}  // namespace

std::string_view to_string(NoDump reason) {
  static constexpr std::array<std::string_view, kNoDumpReasons> kWords{
      "holding_for", "cooling_down", "breach_budget", "hourly_budget", "shared", "metric_missing", "limit_unknown", "no_previous"};
  return kWords.at(static_cast<std::size_t>(reason));
}

std::string_view to_string(DumpCause cause) {
  static constexpr std::array<std::string_view, 4> kWords{"opened", "grown", "limit_step", "cool_down_over"};
  return kWords.at(static_cast<std::size_t>(cause));
}

TriggerEngine::TriggerEngine(std::vector<Trigger> triggers, TriggerPolicy policy, std::int64_t first_breach_id)
    : triggers_(std::move(triggers)), states_(triggers_.size()), policy_(policy), next_breach_id_(first_breach_id) {
  decisions_.reserve(triggers_.size() + 1);
  dump_times_.reserve(policy_.dumps_per_hour);
}

std::span<const Decision> TriggerEngine::observe(const Sample& sample, const std::vector<MetricInfo>& metrics) {
  if (metrics.size() != resolved_metrics_) resolve(metrics);
  const std::int64_t now_ns = sample.mono_ns != 0 ? sample.mono_ns : sample.wall_ns;
  const bool gap = policy_.staleness.count() > 0 && now_ns - last_ns_ > policy_.staleness.count();
  if (started_ && (now_ns < last_ns_ || gap)) {
    for (State& state : states_) state.running = state.has_previous = false;
  }
  started_ = true;
  last_ns_ = now_ns;

  decisions_.clear();
  dump_.reset();
  for (std::size_t i = 0; i < triggers_.size(); ++i) {
    if (const std::optional<Reading> reading = read(i, sample, now_ns)) {
      step(i, *reading, sample, now_ns);
    } else {
      states_[i].running = false;
    }
  }
  if (dump_) decisions_.push_back(*dump_);
  return decisions_;
}

void TriggerEngine::resolve(const std::vector<MetricInfo>& metrics) {
  const auto find = [&metrics](std::string_view name) {
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      if (metrics[i].name == name) return MetricId{static_cast<std::uint32_t>(i)};
    }
    return MetricId{};
  };
  for (std::size_t i = 0; i < triggers_.size(); ++i) {
    const KnownMetric* const known = find_known_metric(triggers_[i].metric);
    // The limit serves the threshold where the trigger names one, and the step of 10 % in any case.
    const std::string_view limit = !triggers_[i].limit_metric.empty() ? std::string_view(triggers_[i].limit_metric)
                                   : known != nullptr                 ? known->limit
                                                                      : std::string_view();
    states_[i].metric = find(triggers_[i].metric);
    states_[i].limit = find(limit);
    // A captured log may have the cgroup's limit and not the one that tailback derives from it.
    if (!states_[i].limit && limit == "memory_limit") states_[i].limit = find("cgroup_limit");
  }
  resolved_metrics_ = metrics.size();
}

/// A value that nobody has been able to read anew for longer than a gap may be is none.
std::optional<double> TriggerEngine::fresh_value(const Sample& sample, MetricId metric) const {
  if (!metric) return std::nullopt;
  for (const MetricValue& value : sample.values) {
    if (value.metric != metric) continue;
    const bool stale = policy_.staleness.count() > 0 && value.age_ns > policy_.staleness.count();
    return stale ? std::nullopt : std::optional(value.value);
  }
  return std::nullopt;
}

std::optional<TriggerEngine::Reading> TriggerEngine::read(std::size_t index, const Sample& sample, std::int64_t now_ns) {
  const Trigger& trigger = triggers_[index];
  State& state = states_[index];
  const std::optional<double> current = fresh_value(sample, state.metric);
  if (!current || !std::isfinite(*current)) {
    note(state, NoDump::kMetricMissing);
    state.has_previous = false;
    return std::nullopt;
  }
  Reading reading;
  reading.value = *current;
  if (const std::optional<double> limit = fresh_value(sample, state.limit)) {
    if (std::isfinite(*limit) && *limit > 0) reading.limit = *limit;
  }

  const bool had_previous = state.has_previous && now_ns > state.previous_ns;
  const double growth = *current - state.previous;
  const double seconds = static_cast<double>(now_ns - state.previous_ns) * 1e-9;
  state.has_previous = true;
  state.previous = *current;
  state.previous_ns = now_ns;
  if (trigger.derivation != Derivation::kValue) {
    if (!had_previous) {
      note(state, NoDump::kNoPrevious);
      return std::nullopt;
    }
    reading.value = trigger.derivation == Derivation::kRate ? growth / seconds : *current + growth;
  }

  if (!trigger.limit_metric.empty() && reading.limit == 0) {
    note(state, NoDump::kLimitUnknown);
    return std::nullopt;
  }
  reading.threshold = trigger.fraction * reading.limit + trigger.offset;
  if (trigger.derivation == Derivation::kRate) reading.limit = 0;  // it limits the value, not the rate
  return reading;
}

void TriggerEngine::step(std::size_t index, const Reading& reading, const Sample& sample, std::int64_t now_ns) {
  const Trigger& trigger = triggers_[index];
  State& state = states_[index];
  const bool holding = holds(trigger.comparison, reading.value, reading.threshold);
  if (holding && !state.running) state.run_since_ns = now_ns;
  state.running = holding;

  if (!state.open) {
    if (!holding) return;
    if (now_ns - state.run_since_ns < trigger.duration.count()) return note(state, NoDump::kHoldingFor);
    state.open = true;
    state.dumps = 0;
    state.breach_id = next_breach_id_++;
    state.opened_wall_ns = sample.wall_ns;
    state.opened_value = reading.value;
    state.opened_threshold = reading.threshold;
    decisions_.push_back({Decision::Kind::kOpen, static_cast<std::uint32_t>(index), state.breach_id, reading.value, reading.threshold});
  } else if (has_left(trigger, reading.value, reading.threshold, policy_.close_ratio)) {
    state.open = false;
    decisions_.push_back({Decision::Kind::kClose, static_cast<std::uint32_t>(index), state.breach_id, reading.value, reading.threshold});
    return;
  }
  const std::optional<NoDump> refused = consider_dump(index, reading, now_ns);
  if (refused) note(state, *refused);
  if (!decisions_.empty() && decisions_.back().kind == Decision::Kind::kOpen && decisions_.back().trigger == index) {
    decisions_.back().dumps = !refused;
    if (refused) decisions_.back().no_dump = *refused;
  }
}

std::optional<NoDump> TriggerEngine::consider_dump(std::size_t index, const Reading& reading, std::int64_t now_ns) {
  State& state = states_[index];
  if (state.marked && now_ns - state.high_water_ns >= policy_.high_water_reset.count()) state.marked = false;
  const std::optional<DumpCause> cause = due(index, reading, now_ns);
  if (!cause) return NoDump::kCoolingDown;
  if (state.dumps >= policy_.dumps_per_breach) return NoDump::kBreachBudget;
  if (dump_) {
    note(state, NoDump::kShared);
  } else if (hourly_budget_spent(now_ns)) {
    return NoDump::kHourlyBudget;
  } else {
    dump_ = Decision{Decision::Kind::kDump, static_cast<std::uint32_t>(index), state.breach_id, reading.value, reading.threshold, *cause};
    note_dump_time(now_ns);
  }
  const bool farther = upward(triggers_[index]) ? reading.value > state.high_water : reading.value < state.high_water;
  if (!state.marked || farther || *cause == DumpCause::kOpened) {
    state.marked = true;
    state.high_water = reading.value;
    state.high_water_ns = now_ns;
  }
  ++state.dumps;
  state.dumped = true;
  state.last_dump_ns = now_ns;
  return std::nullopt;
}

std::optional<DumpCause> TriggerEngine::due(std::size_t index, const Reading& reading, std::int64_t now_ns) const {
  const State& state = states_[index];
  const bool cooled = !state.dumped || now_ns < state.last_dump_ns || now_ns - state.last_dump_ns >= policy_.cool_down.count();
  if (cooled) return state.dumps == 0 ? DumpCause::kOpened : DumpCause::kCoolDownOver;
  if (!state.marked) return std::nullopt;
  const bool up = upward(triggers_[index]);
  const bool grown = up ? reading.value >= state.high_water * policy_.growth_factor : reading.value * policy_.growth_factor <= state.high_water;
  if (state.high_water > 0 && grown) return DumpCause::kGrown;
  const double beyond = up ? reading.value - state.high_water : state.high_water - reading.value;
  if (reading.limit > 0 && beyond >= reading.limit * policy_.limit_step_ratio) return DumpCause::kLimitStep;
  return std::nullopt;
}

bool TriggerEngine::hourly_budget_spent(std::int64_t now_ns) const {
  if (dump_times_.size() < policy_.dumps_per_hour) return false;
  if (dump_times_.empty()) return true;
  const std::int64_t oldest = dump_times_[dump_cursor_];
  return now_ns >= oldest && now_ns - oldest < kHourNs;
}

void TriggerEngine::note_dump_time(std::int64_t now_ns) {
  if (dump_times_.size() < policy_.dumps_per_hour) {
    dump_times_.push_back(now_ns);
    return;
  }
  dump_times_[dump_cursor_] = now_ns;
  dump_cursor_ = (dump_cursor_ + 1) % dump_times_.size();
}

std::uint64_t TriggerEngine::count(std::size_t trigger, NoDump reason) const {
  return states_[trigger].counts[static_cast<std::size_t>(reason)];
}

std::uint64_t TriggerEngine::count(NoDump reason) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < states_.size(); ++i) sum += count(i, reason);
  return sum;
}

Breach TriggerEngine::breach(const Decision& decision, const Sample& sample) const {
  const State& state = states_[decision.trigger];
  Breach breach;
  breach.id = decision.breach_id;
  breach.trigger = triggers_[decision.trigger].text;
  breach.metric = triggers_[decision.trigger].metric;
  breach.value = state.opened_value;
  breach.threshold = state.opened_threshold;
  breach.opened_wall_ns = state.opened_wall_ns;
  if (decision.kind == Decision::Kind::kClose) breach.closed_wall_ns = sample.wall_ns;
  return breach;
}

}  // namespace tailback
