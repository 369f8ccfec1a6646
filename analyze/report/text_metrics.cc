#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analyze/report/metric_summary.h"
#include "analyze/report/text_sections.h"
#include "analyze/trend/sample_at.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

/// In the order in which they explain an incident.
constexpr std::array<std::string_view, 8> kFirst{"threads", "blocked_threads", "heap_in_use", "rss", "heap_sys", "longest_lock_wait", "cgroup_usage", "open_files"};

std::size_t rank(std::string_view name) {
  return static_cast<std::size_t>(std::find(kFirst.begin(), kFirst.end(), name) - kFirst.begin());
}

/// The metrics worth a column: the known ones first, then those that changed most.
std::vector<MetricSummary> columns_of(const Recording& recording, std::size_t most) {
  std::vector<MetricSummary> metrics = metric_summaries(recording);
  const auto weight = [&](const MetricSummary& metric) {
    const double change = metric.max - metric.min;
    const double relative = change <= 0 ? 0 : change / std::max(std::fabs(metric.min), 1.0);
    return std::pair(rank(recording.metrics[metric.metric.index].name), -relative);
  };
  std::stable_sort(metrics.begin(), metrics.end(), [&](const auto& a, const auto& b) { return weight(a) < weight(b); });
  std::erase_if(metrics, [&](const MetricSummary& metric) {
    // Blocked threads are counted for instrumented locks alone: a column of zeros beside a queue would deny the queue.
    if (metric.max == 0 && metric.min == 0) return true;
    return rank(recording.metrics[metric.metric.index].name) == kFirst.size() && (metric.max == metric.min || recording.metrics[metric.metric.index].counter);
  });
  if (metrics.size() > most) metrics.resize(most);
  return metrics;
}

struct Moment {
  const Sample* sample;
  const Dump* dump;  ///< null: the first or last sample
};

/// The first sample, those of the dumps, the last.
std::vector<Moment> moments_of(const Recording& recording) {
  constexpr std::size_t kMostDumps = 10, kBetween = 4;
  std::vector<Moment> moments;
  const std::size_t dumps = recording.dumps.size();
  for (std::size_t i = 0; i < dumps; ++i) {
    // Of many dumps the first, the last and some between: growth shows in ten rows as well as in a hundred.
    const bool shown = dumps <= kMostDumps || i * (kMostDumps - 1) / (dumps - 1) != (i == 0 ? kMostDumps : (i - 1) * (kMostDumps - 1) / (dumps - 1));
    if (!shown) continue;
    if (const Sample* sample = sample_at(recording, recording.dumps[i].wall_ns)) moments.push_back({sample, &recording.dumps[i]});
  }
  if (moments.empty() || moments.front().sample != &recording.samples.front()) {
    moments.insert(moments.begin(), {&recording.samples.front(), nullptr});
  }
  if (moments.back().sample != &recording.samples.back()) moments.push_back({&recording.samples.back(), nullptr});
  if (moments.size() > 2 || recording.samples.size() < kBetween + 2) return moments;
  // No dump to go by: some samples between the first and the last, evenly.
  std::vector<Moment> filled{moments.front()};
  for (std::size_t i = 1; i <= kBetween; ++i) filled.push_back({&recording.samples[i * (recording.samples.size() - 1) / (kBetween + 1)], nullptr});
  if (moments.size() == 2) filled.push_back(moments.back());
  std::stable_sort(filled.begin(), filled.end(), [](const Moment& a, const Moment& b) { return a.sample < b.sample; });
  return filled;
}

void print_breaches(Page& page, const Recording& recording) {
  constexpr std::size_t kMost = 6;
  for (std::size_t i = 0; i < std::min(recording.breaches.size(), kMost); ++i) {
    const Breach& breach = recording.breaches[i];
    const MetricId metric = recording.find_metric(breach.metric);
    const std::string_view unit = metric.valid() ? std::string_view(recording.metrics[metric.index].unit) : "count";
    page.line(fmt::format("  {}  breach of  {}  at {}{}", time_text(breach.opened_wall_ns), breach.trigger, value_text(breach.value, unit),
                          breach.closed_wall_ns ? ", over at " + time_text(breach.closed_wall_ns) : ", not over"));
  }
  if (recording.breaches.size() > kMost) page.line(fmt::format("  … and {} more breaches", recording.breaches.size() - kMost));
}

}  // namespace

void print_metrics(Page& page, const TextContext& context) {
  const Recording& recording = context.part.recording;
  if (recording.samples.empty() && recording.breaches.empty()) return;
  page.blank();
  page.line("METRICS", Style::kBold);
  print_breaches(page, recording);
  if (recording.samples.empty()) return;
  const std::vector<MetricSummary> metrics = columns_of(recording, page.width() >= 110 ? 7 : 4);
  std::vector<std::vector<Cell>> rows(1);
  rows[0].push_back({"time", Style::kDim});
  for (const MetricSummary& metric : metrics) rows[0].push_back({metric_words(recording.metrics[metric.metric.index].name), Style::kDim, true});
  // How many stood where the first finding says, beside what the metrics said then.
  const std::vector<Finding>& findings = context.part.analysis.findings;
  const std::vector<std::uint64_t>* stuck = !findings.empty() && findings.front().over_time.size() == recording.dumps.size() ? &findings.front().over_time : nullptr;
  if (stuck) rows[0].push_back({"stuck", Style::kDim, true});
  rows[0].push_back({});
  for (const Moment& moment : moments_of(recording)) {
    std::vector<Cell>& row = rows.emplace_back();
    row.push_back({time_text(moment.sample->wall_ns)});
    for (const MetricSummary& metric : metrics) {
      const std::optional<double> value = moment.sample->value(metric.metric);
      row.push_back({value ? value_text(*value, recording.metrics[metric.metric.index].unit) : "-", Style::kPlain, true});
    }
    if (stuck) row.push_back({moment.dump ? with_separators((*stuck)[static_cast<std::size_t>(moment.dump - recording.dumps.data())]) : "", Style::kAlarm, true});
    row.push_back({moment.dump ? fmt::format("dump {}", moment.dump->id) : "", Style::kDim});
  }
  page.table(2, rows);
}

}  // namespace tailback::analyze
