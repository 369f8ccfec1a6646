// Threads that wait for ever, one group growing.
#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "analyze/findings/rules.h"
#include "analyze/holders/bystanders.h"
#include "analyze/words/format.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kFewestGrown = 10;
constexpr double kGrowthRatio = 1.5;
constexpr double kStayedRatio = 0.9;      ///< of the members of the dump before: a pool that breathes changes them
constexpr std::uint64_t kCrowd = 1000;    ///< in a single dump, where growth can't be seen
constexpr double kCrowdShare = 0.5;
constexpr std::uint64_t kPools = 200;     ///< idle workers of one kind of executor, each alone at a queue of its own

/// A leaked thread waits for something of its own, so the lock's identity must not count: the stack alone does.
struct Crowd {
  ThreadIndex first;
  std::uint64_t count = 0;
};

bool can_leak(ActivityKind kind) {
  switch (kind) {
    case ActivityKind::kChannelSend:
    case ActivityKind::kChannelReceive:
    case ActivityKind::kSelect:
    case ActivityKind::kCondition:
    case ActivityKind::kWaitGroup:
    case ActivityKind::kFuture:
    case ActivityKind::kSemaphore:
    case ActivityKind::kSystemCall: return true;
    default: return false;
  }
}

std::unordered_map<std::uint32_t, Crowd> crowds(const Case& dump) {
  std::unordered_map<std::uint32_t, Crowd> all;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    if (!can_leak(dump.activity({i}).kind) || dump.explained({i})) continue;
    Crowd& crowd = all[dump.dump().threads[i].stack.index];
    if (crowd.count == 0) crowd.first = {i};
    crowd.count += dump.dump().threads[i].count;
  }
  return all;
}

struct Before {
  std::uint64_t count = 0, stayed = 0, rows = 0;
};

/// Those of the same stack in an earlier dump, and how many of them are still there.
Before in_dump(const Dump& earlier, const Dump& now, std::uint32_t stack) {
  std::unordered_set<std::string_view> ids;
  for (const ThreadRecord& thread : now.threads) {
    if (thread.stack.index == stack) ids.insert(thread.id);
  }
  Before before;
  for (const ThreadRecord& thread : earlier.threads) {
    if (thread.stack.index != stack) continue;
    before.count += thread.count;
    ++before.rows;
    before.stayed += ids.contains(thread.id) ? 1 : 0;
  }
  return before;
}

void report(const Case& dump, const Crowd& crowd, const Before* before, Found& found) {
  Finding finding = dump.finding(FindingKind::kLeak);
  finding.severity = FindingSeverity::kSlow;
  finding.confidence = before != nullptr ? Confidence::kLikely : Confidence::kPossible;
  ChainLink link = dump.link(crowd.first, nullptr, nullptr);
  link.wait_function = link.function;
  link.wait_place = link.place;
  link.note = dump.doing(crowd.first);
  link.others = crowd.count - 1;
  finding.chain.push_back(std::move(link));
  finding.blocked_directly = finding.blocked_in_all = crowd.count;
  finding.oldest_wait_ns = dump.dump().threads[crowd.first.index].waited_ns;
  const std::string where = dump.waiter(crowd.first);
  finding.title = "threads that wait for ever pile up";
  finding.explanation = dump.threads(crowd.count) + " stand in " + where + " and " + (before != nullptr ? "their number only grows." : "make up most of the process.") +
                        " Each keeps its stack and all that it refers to.";
  finding.fix = "Give the wait in " + where + " a way out (a time limit, a cancellation), and end the thread when nobody wants its result any more.";
  finding.refuted_by = "a later dump in which those threads have ended";
  if (before != nullptr) {
    finding.evidence.push_back(with_separators(before->count) + " in the dump before, " + with_separators(crowd.count) + " now; " + with_separators(before->stayed) + " of " +
                               with_separators(before->rows) + " are still there");
  }
  found.findings.push_back(std::move(finding));
}

/// Executors that nobody shuts down: their workers have nothing to do, and each waits at another queue. A pool's workers share theirs.
void find_idle_pools(const Case& dump, Found& found) {
  struct Workers {
    Crowd crowd;
    std::unordered_set<std::uint32_t> queues;
  };
  std::map<std::uint32_t, Workers> by_stack;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const Wait* wait = dump.graph().wait_of({i});
    if (dump.activity({i}).kind != ActivityKind::kIdle || wait == nullptr || dump.dump().locks[wait->lock.index].address == 0) continue;
    Workers& workers = by_stack[dump.dump().threads[i].stack.index];
    if (workers.crowd.count == 0) workers.crowd.first = {i};
    workers.crowd.count += dump.dump().threads[i].count;
    workers.queues.insert(wait->lock.index);
  }
  const auto all = static_cast<double>(dump.dump().thread_count());
  for (const auto& [stack, workers] : by_stack) {
    if (workers.queues.size() < kPools || workers.queues.size() != workers.crowd.count || static_cast<double>(workers.crowd.count) < kCrowdShare * all) continue;
    report(dump, workers.crowd, nullptr, found);
    Finding& finding = found.findings.back();
    // The queue's method, behind what it is built of.
    const std::size_t take = dump.activity(workers.crowd.first).wait_frame + std::size_t{1};
    const ThreadView view = dump.view(workers.crowd.first);
    if (take < view.size()) finding.chain.front().function = finding.chain.front().wait_function = std::string(view.function(take));
    const std::string where = dump.function(workers.crowd.first, take);
    finding.title = "executors that nobody shuts down pile up";
    finding.explanation = dump.threads(workers.crowd.count) + " have nothing to do, each alone at a queue of its own (" + where +
                          "): every one is an executor of one thread that was used and left.";
    finding.fix = "Make the executor once and share it, or shut it down when its work is done (shutdown in a finally, try-with-resources).";
    finding.evidence.push_back(with_separators(workers.queues.size()) + " queues with one idle worker each");
  }
}

}  // namespace

void find_leak(const Case& dump, const History& history, Found& found) {
  const std::uint64_t all = dump.dump().thread_count();
  const bool alone = dump.index() == 0;
  find_idle_pools(dump, found);
  if (alone) found.not_evaluated.push_back({FindingKind::kLeak, "growth needs two dumps; only crowds were looked at"});
  std::map<std::uint32_t, Crowd> sorted;
  for (const auto& [stack, crowd] : crowds(dump)) sorted.emplace(stack, crowd);
  for (const auto& [stack, crowd] : sorted) {
    if (alone) {
      if (crowd.count >= kCrowd && !told(dump, found, {stack}) && static_cast<double>(crowd.count) >= kCrowdShare * static_cast<double>(all)) report(dump, crowd, nullptr, found);
      continue;
    }
    if (crowd.count < kFewestGrown) continue;
    const Before before = in_dump(history.recording.dumps[dump.index() - 1], dump.dump(), stack);
    const bool grown = crowd.count >= before.count + kFewestGrown && static_cast<double>(crowd.count) >= kGrowthRatio * static_cast<double>(before.count);
    const bool stayed = before.rows > 0 && static_cast<double>(before.stayed) >= kStayedRatio * static_cast<double>(before.rows);
    if (grown && stayed) report(dump, crowd, &before, found);
  }
}

}  // namespace tailback::analyze
