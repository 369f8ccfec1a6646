#include "replay/timeline/evaluate_triggers.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tailback::replay {
namespace {

void set_value(Sample& sample, MetricId metric, double value) {
  const auto known = std::find_if(sample.values.begin(), sample.values.end(), [&](const MetricValue& v) { return v.metric == metric; });
  if (known != sample.values.end()) {
    *known = {metric, value, 0};
  } else {
    sample.values.push_back({metric, value, 0});
  }
}

class Evaluation {
 public:
  Evaluation(Recording& recording, std::vector<Trigger> triggers, const std::vector<std::uint64_t>& deadlocks)
      : recording_(recording), deadlocks_(deadlocks), engine_(std::move(triggers)), metrics_(recording.metrics) {
    threads_ = metric("threads");
    deadlock_ = metric("deadlock");
  }

  TriggerEvaluation run() {
    std::size_t sample = 0;
    for (std::size_t dump = 0; dump < recording_.dumps.size(); ++dump) {
      while (sample < recording_.samples.size() && sample_comes_first(recording_.samples[sample], recording_.dumps[dump])) {
        take(recording_.samples[sample++]);
      }
      take(dump);
    }
    while (sample < recording_.samples.size()) take(recording_.samples[sample++]);
    for (std::size_t i = 0; i < kNoDumpReasons; ++i) {
      const auto reason = static_cast<NoDump>(i);
      if (engine_.count(reason) != 0) result_.not_dumped.emplace_back("not_dumped_" + std::string(to_string(reason)), engine_.count(reason));
    }
    return std::move(result_);
  }

 private:
  MetricId metric(std::string_view name) {
    for (std::uint32_t i = 0; i < metrics_.size(); ++i) {
      if (metrics_[i].name == name) return {i};
    }
    metrics_.push_back({std::string(name), "count", false});
    return {static_cast<std::uint32_t>(metrics_.size() - 1)};
  }

  void take(const Sample& sample) {
    observe(sample);
    last_ = sample;
  }

  void take(std::size_t index) {
    Dump& dump = recording_.dumps[index];
    Sample sample = last_;
    if (dump.wall_ns != 0) sample.wall_ns = dump.wall_ns;
    // The engine goes by the monotonic clock where there is one: both or neither.
    sample.mono_ns = last_.mono_ns != 0 && dump.mono_ns != 0 ? dump.mono_ns : last_.mono_ns;
    set_value(sample, threads_, static_cast<double>(dump.thread_count()));
    if (index < deadlocks_.size()) set_value(sample, deadlock_, static_cast<double>(deadlocks_[index]));
    observe(sample);
    if (open_.empty()) return;
    const auto& [breach, trigger] = *open_.rbegin();
    if (dump.breach_id == 0) dump.breach_id = breach;
    if (recording_.table.text(dump.reason).empty()) dump.reason = recording_.table.intern(engine_.triggers()[trigger].text);
  }

  void observe(const Sample& sample) {
    for (const Decision& decision : engine_.observe(sample, metrics_)) {
      switch (decision.kind) {
        case Decision::Kind::kOpen:
          open_.emplace(decision.breach_id, decision.trigger);
          result_.breaches.push_back(engine_.breach(decision, sample));
          break;
        case Decision::Kind::kClose: {
          open_.erase(decision.breach_id);
          const auto opened = std::find_if(result_.breaches.begin(), result_.breaches.end(), [&](const Breach& b) { return b.id == decision.breach_id; });
          if (opened != result_.breaches.end()) opened->closed_wall_ns = sample.wall_ns;
          break;
        }
        case Decision::Kind::kDump: ++result_.dumps_asked; break;
      }
    }
  }

  Recording& recording_;
  const std::vector<std::uint64_t>& deadlocks_;
  TriggerEngine engine_;
  std::vector<MetricInfo> metrics_;  // the recording's, and those that dumps tell of
  MetricId threads_, deadlock_;
  Sample last_;
  std::map<std::int64_t, std::uint32_t> open_;  // breach → trigger
  TriggerEvaluation result_;
};

}  // namespace

bool sample_comes_first(const Sample& sample, const Dump& dump) {
  return sample.wall_ns == 0 || dump.wall_ns == 0 || sample.wall_ns <= dump.wall_ns;
}

TriggerEvaluation evaluate_triggers(Recording& recording, std::vector<Trigger> triggers, const std::vector<std::uint64_t>& deadlocks) {
  return Evaluation(recording, std::move(triggers), deadlocks).run();
}

}  // namespace tailback::replay
