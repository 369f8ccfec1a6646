// Threads wait for a condition or a count, and nobody is left who could signal it.
#include <algorithm>
#include <map>

#include "analyze/findings/rules.h"
#include "analyze/holders/bystanders.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kFewestWaiters = 2;

bool for_a_signal(ActivityKind kind) { return kind == ActivityKind::kCondition || kind == ActivityKind::kWaitGroup; }

struct Crowd {
  std::vector<ThreadIndex> members;
  std::uint64_t count = 0;
};

/// By the condition where it has an identity, else by the place.
std::map<std::string, Crowd> crowds(const Case& dump) {
  std::map<std::string, Crowd> all;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    if (!for_a_signal(dump.activity({i}).kind)) continue;
    if (!takes_part(dump.recording().table, dump.rules(), dump.view({i}), dump.activity({i}))) continue;
    const Wait* wait = dump.graph().wait_of({i});
    const std::string key = wait != nullptr ? "lock " + std::to_string(wait->lock.index) : "at " + dump.waiter({i});
    Crowd& crowd = all[key];
    crowd.members.push_back({i});
    crowd.count += dump.dump().threads[i].count;
  }
  return all;
}

/// Whether a thread that is not of the crowd could still signal.
bool somebody_left(const Case& dump, const Crowd& crowd) {
  if (dump.dump().threads_missed != 0) return true;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    if (std::binary_search(crowd.members.begin(), crowd.members.end(), ThreadIndex{i})) continue;
    if (takes_part(dump.recording().table, dump.rules(), dump.view({i}), dump.activity({i}))) return true;
  }
  return false;
}

}  // namespace

void find_lost_signal(const Case& dump, const History& history, Found& found) {
  const std::string missing = dump.missing_threads();
  if (!missing.empty()) found.not_evaluated.push_back({FindingKind::kLostSignal, missing + ": one of them may be the one that signals"});
  for (const auto& [key, crowd] : crowds(dump)) {
    if (crowd.count < kFewestWaiters || somebody_left(dump, crowd)) continue;
    if (history.normal(dump.dump().threads[crowd.members.front().index].stack, crowd.count)) continue;
    Finding finding = dump.finding(FindingKind::kLostSignal);
    finding.confidence = Confidence::kPossible;
    finding.severity = FindingSeverity::kStall;
    const ThreadIndex first = crowd.members.front();
    const Wait* wait = dump.graph().wait_of(first);
    ChainLink link = dump.link(first, nullptr, wait);
    if (link.wait_function.empty()) link.wait_function = link.function;
    link.note = dump.doing(first);
    link.others = crowd.count - 1;
    finding.chain.push_back(std::move(link));
    if (wait != nullptr) finding.locks.push_back(wait->lock);
    for (const ThreadIndex member : crowd.members) finding.oldest_wait_ns = std::max(finding.oldest_wait_ns, dump.dump().threads[member.index].waited_ns);
    finding.blocked_directly = finding.blocked_in_all = crowd.count;
    finding.title = "a condition that nobody is left to signal";
    finding.explanation = dump.threads(crowd.count) + " wait for a condition in " + dump.waiter(first) +
                          ", and no other thread of the dump takes part. A signal that came before they waited is lost.";
    finding.fix = "Wait in a loop over what the signal stands for (wait(lock, predicate)), and change that under the same lock before signalling.";
    finding.refuted_by = "a thread that comes into being later and signals, or workers that wait for work as they should";
    found.findings.push_back(std::move(finding));
  }
}

}  // namespace tailback::analyze
