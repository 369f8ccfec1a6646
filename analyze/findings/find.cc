#include "analyze/findings/find.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "analyze/findings/rules.h"

namespace tailback::analyze {
namespace {

/// What makes a finding of one dump that of another: the kind, and the lock or, where there is none, the function that waits.
std::string identity(const History& history, const Finding& finding) {
  std::string key(to_string(finding.kind));
  std::vector<std::uint32_t> locks;
  for (const LockId lock : finding.locks) locks.push_back(history.locks.identity(finding.dump, lock));
  const bool known = !finding.locks.empty() && history.recording.dumps[finding.dump].locks[finding.locks.front().index].address != 0;
  if (known) return key + " " + std::to_string(*std::min_element(locks.begin(), locks.end()));
  return key + " " + (finding.chain.empty() ? std::string() : finding.chain.front().function + " " + finding.chain.front().wait_function);
}

/// What a later dump no longer shows: a deadlock was none then; of the rest it is told that it has ended, unless another finding has taken
/// the lock over (a holder that stalled in one dump and a convoy in the next are one thing).
bool keep_past(const History& history, Finding& finding, const std::map<std::string, Finding>& latest) {
  const std::size_t last = history.dumps.back().dump;
  if (finding.dump == last) return true;
  if (finding.severity == FindingSeverity::kDeadlock || finding.confidence == Confidence::kPossible) return false;
  for (const auto& [key, other] : latest) {
    if (other.dump <= finding.dump) continue;
    for (const LockId mine : finding.locks) {
      for (const LockId theirs : other.locks) {
        if (history.locks.identity(finding.dump, mine) == history.locks.identity(other.dump, theirs)) return false;
      }
    }
  }
  finding.severity = FindingSeverity::kInfo;
  finding.evidence.push_back("seen up to dump " + std::to_string(history.recording.dumps[finding.dump].id) + "; no longer so in the last one");
  return true;
}

void learn_healthy(const Dump& dump, History& history) {
  std::unordered_map<std::uint32_t, std::uint64_t> counts;
  for (const ThreadRecord& thread : dump.threads) counts[thread.stack.index] += thread.count;
  for (const auto& [stack, count] : counts) {
    std::uint64_t& most = history.healthy[stack];
    most = std::max(most, count);
  }
}

void rank(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    if (a.severity != b.severity) return a.severity < b.severity;
    if (a.blocked_in_all != b.blocked_in_all) return a.blocked_in_all > b.blocked_in_all;
    return a.confidence > b.confidence;
  });
}

/// A rule may lack data in the first dump and have it in the next: it says so only when it never had it.
void merge_not_evaluated(std::vector<NotEvaluated> last, std::vector<NotEvaluated>& all) {
  for (NotEvaluated& entry : last) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const NotEvaluated& other) { return other.kind == entry.kind && other.reason == entry.reason; });
    if (!known) all.push_back(std::move(entry));
  }
}

}  // namespace

std::vector<Finding> find(const Recording& recording, const std::vector<DumpAnalysis>& dumps, const AnalyzeOptions&, std::vector<NotEvaluated>& not_evaluated) {
  const LockDirectory locks(recording);
  History history{recording, dumps, locks, {}};
  // The same finding in several dumps is told once, as the last of them shows it.
  std::map<std::string, Finding> latest;
  for (const DumpAnalysis& analysis : dumps) {
    const Case dump(recording, analysis);
    Found found;
    note_what_is_lacking(dump, found);
    for (const Rule& rule : rules()) rule.apply(dump, history, found);
    if (found.findings.empty()) learn_healthy(recording.dumps[analysis.dump], history);
    for (Finding& finding : found.findings) {
      const auto [known, added] = latest.try_emplace(identity(history, finding));
      if (!added) finding.first_seen_wall_ns = known->second.first_seen_wall_ns;
      known->second = std::move(finding);
    }
    if (&analysis == &dumps.back()) merge_not_evaluated(std::move(found.not_evaluated), not_evaluated);
  }
  std::vector<Finding> findings;
  for (auto& [key, finding] : latest) {
    if (keep_past(history, finding, latest)) findings.push_back(finding);
  }
  rank(findings);
  return findings;
}

}  // namespace tailback::analyze
