#include "analyze/report/json.h"

#include <algorithm>
#include <tuple>

#include "analyze/report/json_parts.h"

namespace tailback::analyze {
namespace {

/// Writes `"name":[` … `]`, one element a line.
template <class Elements, class Write>
void append_array(std::string& out, std::string_view name, const Elements& elements, Write&& write) {
  out += ",\n\"";
  out += name;
  out += "\":[";
  bool first = true;
  for (const auto& element : elements) {
    out += first ? "\n  " : ",\n  ";
    first = false;
    out += write(element);
  }
  out += ']';
}

std::string dump_json(const ReportPart& part, const DumpAnalysis& analysis, const LockIds& locks, std::size_t top) {
  const Dump& dump = part.recording.dumps[analysis.dump];
  std::string out = "{" + dump_members_json(part.recording, dump, locks, analysis.dump);
  out += ",\"group_count\":" + std::to_string(analysis.groups.size());
  const std::size_t shown = top == 0 ? analysis.groups.size() : std::min(top, analysis.groups.size());
  append_array(out, "groups", std::span(analysis.groups).first(shown), [&](const Group& group) {
    return group_json(part.recording, dump, group, locks.id(analysis.dump, group.lock));
  });
  return out + '}';
}

/// Groups that come and go are many; those that grow are the large ones, which come first.
constexpr std::size_t kMostTrends = 50;

/// Gravest first, then by line: whatever the order in which they were met or stored.
std::vector<Diagnostic> ordered(std::vector<Diagnostic> diagnostics) {
  std::sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(b.severity, a.line, a.reason, a.file) < std::tie(a.severity, b.line, b.reason, b.file);
  });
  return diagnostics;
}

/// The members of a report on one recording, without braces.
std::string part_json(const ReportPart& part, const ReportOptions& options) {
  const Recording& recording = part.recording;
  std::vector<DumpAnalysis const*> dumps;
  std::vector<std::size_t> indices;
  for (const std::size_t chosen : chosen_dumps(part, options.dumps)) {
    dumps.push_back(&part.analysis.dumps[chosen]);
    indices.push_back(dumps.back()->dump);
  }
  const LockIds locks(recording, part.analysis, indices);
  std::string out = "\"recording\":" + recording_json(recording);
  append_array(out, "dumps", dumps, [&](const DumpAnalysis* dump) { return dump_json(part, *dump, locks, options.top); });
  append_array(out, "locks", locks.entries(), [&](const LockIds::Entry& lock) { return lock_json(recording, lock); });
  append_array(out, "findings", part.analysis.findings,
               [&](const Finding& finding) { return finding_json(recording, finding, locks); });
  append_array(out, "not_evaluated", part.analysis.not_evaluated, not_evaluated_json);
  const std::size_t trends = std::min<std::size_t>(part.analysis.trends.size(), options.top == 0 ? kMostTrends : options.top);
  append_array(out, "trends", std::span(part.analysis.trends).first(trends),
               [&](const GroupTrend& trend) { return trend_json(part, trend, locks); });
  append_array(out, "metrics", metric_summaries(recording),
               [&](const MetricSummary& metric) { return metric_json(recording, metric); });
  append_array(out, "breaches", recording.breaches, breach_json);
  append_array(out, "diagnostics", ordered(recording.diagnostics), diagnostic_json);
  return out;
}

}  // namespace

std::string json_report(std::span<const ReportPart> parts, const ReportOptions& options) {
  const std::size_t main = main_part(parts);
  std::string out = "{\"schema\":\"tailback.report/1\",\n" + part_json(parts[main], options);
  std::vector<const ReportPart*> others;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != main) others.push_back(&parts[i]);
  }
  if (!others.empty()) {
    append_array(out, "others", others, [&](const ReportPart* part) { return "{" + part_json(*part, options) + "}"; });
  }
  return out + "}\n";
}

}  // namespace tailback::analyze
