#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "analyze/report/timeline_report.h"
#include "analyze/words/format.h"

namespace tailback::analyze {

using namespace tailback::replay;

namespace {

constexpr std::size_t kMetricsInLine = 4;
constexpr std::size_t kTextColumn = 11;
constexpr std::int64_t kSecond = 1'000'000'000;

std::string when(std::int64_t wall_ns) { return wall_ns == 0 ? "--:--:--" : time_text(wall_ns); }

std::string signed_duration(double seconds) {
  const std::string text = duration_text(static_cast<std::int64_t>(std::fabs(seconds) * 1e9));
  return seconds < 0 ? text + " after it" : text;
}

std::string sample_line(const Recording& recording, const Sample& sample) {
  std::string line = "sample  ";
  std::size_t shown = 0;
  for (const MetricValue& value : sample.values) {
    if (shown++ == kMetricsInLine) return line + fmt::format("  and {} more", sample.values.size() - kMetricsInLine);
    const MetricInfo& metric = recording.metrics[value.metric.index];
    line += fmt::format("{}{} {}", shown > 1 ? "  " : "", metric.name, value_text(value.value, metric.unit));
  }
  return line;
}

std::string dump_line(const Recording& recording, const Dump& dump) {
  std::string line = fmt::format("dump {}  {}", dump.id, counted(dump.thread_count(), "thread", "threads"));
  const std::vector<FunctionCount> functions = functions_of(recording, dump);
  if (!functions.empty()) line += fmt::format("  {} in {}", with_separators(functions.front().threads), functions.front().function);
  if (const std::string_view reason = recording.table.text(dump.reason); !reason.empty()) line += fmt::format("  ({})", reason);
  return line;
}

void counts(Page& page, const Recording& recording, const Summary& summary) {
  page.add(recording.info.file.empty() ? "recording" : recording.info.file, Style::kBold);
  page.add(fmt::format(" · {}, {}, {}", counted(summary.samples, "sample", "samples"), counted(summary.dumps, "dump", "dumps"),
                       counted(summary.breaches, "breach", "breaches")));
  if (summary.lock_events > 0) page.add(fmt::format(", {}", counted(summary.lock_events, "lock event", "lock events")));
  if (summary.from_wall_ns != 0) page.add(fmt::format(" · {} – {}", date_time_text(summary.from_wall_ns), time_text(summary.to_wall_ns)));
  page.end_line();
  page.blank();
}

void growth(Page& page, const Summary& summary) {
  std::vector<std::vector<Cell>> rows;
  for (const Growth& metric : summary.growing) {
    rows.push_back({{metric.metric, Style::kBold},
                    {when(metric.began_wall_ns)},
                    {value_text(metric.before, metric.unit), Style::kPlain, true},
                    {"→ " + value_text(metric.after, metric.unit)},
                    {metric.unit == "bytes" ? byte_text(std::fabs(metric.per_second)) + "/s" : rate_text(metric.per_second)},
                    {metric.r ? fmt::format("r = {:.2f} with threads", *metric.r) : "", Style::kDim}});
  }
  if (rows.empty()) {
    page.line("  No metric grew beyond its noise.", Style::kGood);
  } else {
    page.line("  GREW, and since when", Style::kWarning);
    page.table(4, rows);
  }
  page.blank();
}

void largest_group(Page& page, const Summary& summary) {
  if (summary.group.empty()) return;
  std::string counts_text;
  for (const auto& [wall_ns, threads] : summary.group_over_time) counts_text += (counts_text.empty() ? "" : " → ") + with_separators(threads);
  page.paragraph("Group", kTextColumn, summary.group + ": " + counts_text + " threads" + (summary.group_per_second ? ", " + rate_text(*summary.group_per_second) : ""));
  if (summary.first_stuck_wall_ns != 0) {
    page.paragraph("First", kTextColumn, "its first thread has been there since " + when(summary.first_stuck_wall_ns) +
                                             (summary.first_stuck_before_recording ? ", before the recording began" : ""));
  }
}

void time_there_was(Page& page, const Summary& summary) {
  const std::int64_t began = summary.began_wall_ns();
  if (began == 0) return;
  const auto since = [&](std::int64_t wall_ns) { return signed_duration(static_cast<double>(wall_ns - began) / static_cast<double>(kSecond)); };
  std::string text = "it began at " + date_time_text(began);
  if (summary.first_breach_wall_ns != 0) text += "; the first breach (" + summary.first_breach + ") came " + since(summary.first_breach_wall_ns) + " later";
  text += "; the recording ends " + since(summary.to_wall_ns) + " later";
  page.paragraph("Time", kTextColumn, text);
}

std::string lead_text(const std::optional<double>& seconds) { return seconds ? signed_duration(*seconds) : ""; }

std::string fired_text(const TriggerOutcome& outcome) {
  if (!outcome.metric_known) return "no sample has its metric";
  if (outcome.firings.empty()) return "never";
  const Firing* first = outcome.first_of_incident();
  const std::size_t early = static_cast<std::size_t>(std::count_if(outcome.firings.begin(), outcome.firings.end(), [](const Firing& firing) { return firing.before_it_began; }));
  std::string text = first ? when(first->opened_wall_ns) : "only before it began";
  if (early > 0) text += fmt::format(" ({} before it began)", early);
  return text;
}

}  // namespace

std::string event_line(const Recording& recording, const TimelineEntry& entry) {
  std::string line = when(entry.wall_ns) + "  ";
  switch (entry.kind) {
    case EntryKind::kSample:
      return line + sample_line(recording, recording.samples[entry.index]);
    case EntryKind::kDump:
      return line + dump_line(recording, recording.dumps[entry.index]);
    case EntryKind::kBreachOpened:
      return line + fmt::format("breach  {}  at {:g}", recording.breaches[entry.index].trigger, recording.breaches[entry.index].value);
    case EntryKind::kBreachClosed:
      break;
  }
  return line + fmt::format("over    {}", recording.breaches[entry.index].trigger);
}

void summary_text(Page& page, const Recording& recording, const Summary& summary) {
  counts(page, recording, summary);
  growth(page, summary);
  largest_group(page, summary);
  time_there_was(page, summary);
  page.blank();
}

void what_if_text(Page& page, const WhatIf& what_if) {
  page.line("WHAT IF", Style::kBold);
  std::vector<std::vector<Cell>> rows{{{"trigger", Style::kDim}, {"fires", Style::kDim}, {"dumps", Style::kDim, true}, {"useful", Style::kDim, true}, {"before the end", Style::kDim}}};
  const bool to_limit = what_if.limit && what_if.limit->wall_ns != 0;
  if (to_limit) rows[0].push_back({"before limit", Style::kDim});
  for (const TriggerOutcome& outcome : what_if.outcomes) {
    rows.push_back({{outcome.trigger, Style::kBold}, {fired_text(outcome)}, {std::to_string(outcome.dumps.size()), Style::kPlain, true},
                    {std::to_string(outcome.useful()), Style::kPlain, true}, {lead_text(outcome.lead_to_end_seconds)}});
    if (to_limit) rows.back().push_back({(outcome.lead_to_limit_seconds && what_if.limit->extrapolated ? "≈ " : "") + lead_text(outcome.lead_to_limit_seconds)});
  }
  page.table(2, rows);
  page.blank();
  if (what_if.limit_bytes > 0) {
    const std::string limit = byte_text(what_if.limit_bytes);
    page.paragraph("Limit", kTextColumn, !what_if.limit ? "no sample has a metric of memory" : what_if.limit->wall_ns == 0
                                             ? what_if.limit_metric + " against " + limit + ": " + what_if.limit->how
                                             : what_if.limit_metric + " reaches " + limit + " at " + date_time_text(what_if.limit->wall_ns) + ", " + what_if.limit->how);
  }
  if (what_if.began_wall_ns == 0) page.paragraph("Note", kTextColumn, "nothing grew in this recording, so no firing can be told from a false one");
  page.blank();
}

void sweep_text(Page& page, const Sweep& sweep) {
  page.add("SWEEP", Style::kBold);
  page.add(fmt::format("  {} > …{}", sweep.metric, sweep.for_seconds > 0 ? " for " + duration_text(static_cast<std::int64_t>(sweep.for_seconds * 1e9)) : ""));
  page.end_line();
  std::vector<std::vector<Cell>> rows{{{"threshold", Style::kDim, true}, {"first fires", Style::kDim}, {"before the end", Style::kDim}, {"firings", Style::kDim, true},
                                       {sweep.calm_seconds > 0 ? "false a day" : "", Style::kDim, true}}};
  for (const SweepRow& row : sweep.rows) {
    const bool chosen = sweep.recommendation.threshold && row.threshold == *sweep.recommendation.threshold;
    rows.push_back({{value_text(row.threshold, sweep.unit), chosen ? Style::kGood : Style::kPlain, true},
                    {row.sample ? when(row.fires_wall_ns) : "never"},
                    {row.sample ? signed_duration(row.lead_seconds) : ""},
                    {std::to_string(row.firings), Style::kPlain, true},
                    {sweep.calm_seconds > 0 ? fmt::format("{:.1f}", sweep.false_per_day(row)) : "", row.false_firings > 0 ? Style::kWarning : Style::kPlain, true},
                    {chosen ? "← recommended" : "", Style::kGood}});
  }
  page.table(2, rows);
  page.blank();
  if (!sweep.calm_source.empty()) {
    page.paragraph("Calm", kTextColumn, sweep.calm_source + ", " + signed_duration(sweep.calm_seconds) + (sweep.calm_highest ? ", highest " + value_text(*sweep.calm_highest, sweep.unit) : ""));
  }
  page.paragraph("Choose", kTextColumn,
                 sweep.recommendation.threshold ? fmt::format("{} > {}: {}", sweep.metric, value_text(*sweep.recommendation.threshold, sweep.unit), sweep.recommendation.why)
                                                : "no threshold: " + sweep.recommendation.why);
  page.blank();
}

std::string timeline_text(const std::vector<TimelineReport>& reports, std::size_t width, bool colour) {
  Page page(width, colour);
  for (const TimelineReport& report : reports) {
    if (report.events) {
      for (const TimelineEntry& entry : timeline_of(*report.recording)) page.line(event_line(*report.recording, entry));
      page.blank();
    }
    summary_text(page, *report.recording, summarise(*report.recording));
    if (report.what_if) what_if_text(page, *report.what_if);
    for (const Sweep& sweep : report.sweeps) sweep_text(page, sweep);
  }
  return page.take();
}

}  // namespace tailback::analyze
