#include "analyze/report/report.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace tailback::analyze {

std::size_t main_part(std::span<const ReportPart> parts) {
  // Findings are ranked, so each recording's first is its gravest. Without any, dumps say more than samples alone.
  const auto weight = [](const ReportPart& part) {
    if (part.analysis.findings.empty()) return std::tuple(-1, std::uint64_t{0}, !part.analysis.dumps.empty());
    const Finding& finding = part.analysis.findings.front();
    return std::tuple(static_cast<int>(FindingSeverity::kInfo) - static_cast<int>(finding.severity), finding.blocked_in_all, true);
  };
  const auto best = std::max_element(parts.begin(), parts.end(),
                                     [&](const ReportPart& a, const ReportPart& b) { return weight(a) < weight(b); });
  return static_cast<std::size_t>(best - parts.begin());
}

std::vector<std::size_t> chosen_dumps(const ReportPart& part, const DumpChoice& choice) {
  const std::vector<DumpAnalysis>& dumps = part.analysis.dumps;
  std::vector<std::size_t> chosen;
  if (dumps.empty()) return chosen;
  switch (choice.kind) {
    case DumpChoice::Kind::kTop: {
      std::size_t top = dumps.size() - 1;
      if (!part.analysis.findings.empty()) {
        const auto found = std::find_if(dumps.begin(), dumps.end(), [&](const DumpAnalysis& dump) {
          return dump.dump == part.analysis.findings.front().dump;
        });
        if (found != dumps.end()) top = static_cast<std::size_t>(found - dumps.begin());
      }
      chosen.push_back(top);
      break;
    }
    case DumpChoice::Kind::kLast: chosen.push_back(dumps.size() - 1); break;
    case DumpChoice::Kind::kAll:
      for (std::size_t i = 0; i < dumps.size(); ++i) chosen.push_back(i);
      break;
    case DumpChoice::Kind::kId:
      for (std::size_t i = 0; i < dumps.size(); ++i) {
        if (part.recording.dumps[dumps[i].dump].id == choice.id) chosen.push_back(i);
      }
      break;
  }
  return chosen;
}

std::vector<AbsentStacks> absent_stacks(const Recording& recording, const Dump& dump) {
  std::map<std::pair<bool, std::string_view>, std::uint64_t> by_reason;
  for (const ThreadRecord& thread : dump.threads) {
    if (thread.quality != StackQuality::kMissing && thread.quality != StackQuality::kPartial) continue;
    const std::string_view reason = recording.table.text(thread.absence_reason);
    by_reason[{thread.quality == StackQuality::kPartial, reason.empty() ? "no reason recorded" : reason}] += thread.count;
  }
  std::vector<AbsentStacks> absent;
  for (const auto& [key, threads] : by_reason) absent.push_back({std::string(key.second), threads, key.first});
  std::stable_sort(absent.begin(), absent.end(), [](const auto& a, const auto& b) { return a.threads > b.threads; });
  return absent;
}

}  // namespace tailback::analyze
