// Permits of which none is left: connections of a pool, tokens of a semaphore. Who has one waits for another, or nobody gave them back.
//
//     conn <- InTx:41 <- order                                   waits for its first
//     conn <- Query <- order.func1 <- InTx:46 <- order           has passed that line, and waits for a second
#include <algorithm>
#include <map>

#include "analyze/findings/rules.h"
#include "analyze/words/format.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kFewestWaiters = 3;
constexpr std::size_t kFewestEach = 2;   ///< of those with a permit and of those without, where nothing says that it is one

struct Crowd {
  std::vector<ThreadIndex> members;  ///< ascending
  std::uint64_t count = 0;
  bool semaphore = false;
};

/// By the semaphore, else by the function that waits: a channel may stand for one.
std::map<std::string, Crowd> crowds(const Case& dump) {
  std::map<std::string, Crowd> all;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const ActivityKind kind = dump.activity({i}).kind;
    const bool semaphore = kind == ActivityKind::kSemaphore;
    if (!semaphore && kind != ActivityKind::kSelect && kind != ActivityKind::kChannelReceive) continue;
    if (dump.activity({i}).own_frame >= dump.view({i}).size()) continue;
    const Wait* wait = dump.graph().wait_of({i});
    Crowd& crowd = all[semaphore && wait != nullptr ? "lock " + std::to_string(wait->lock.index) : "at " + dump.waiter({i})];
    crowd.members.push_back({i});
    crowd.count += dump.dump().threads[i].count;
    crowd.semaphore = semaphore;
  }
  return all;
}

/// Frames of a stack from the one that asks outwards, by function: its line, and how many frames out it is.
struct Way {
  std::uint32_t line = 0, depth = 0;
};

std::map<std::pair<std::uint32_t, std::uint32_t>, Way> ways_of(const Case& dump, ThreadIndex thread) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, Way> ways;
  const ThreadView view = dump.view(thread);
  for (std::size_t i = dump.activity(thread).own_frame + std::size_t{1}; i < view.size(); ++i) {
    const Frame& frame = view.frame(i);
    if (frame.line != 0) ways.try_emplace({frame.function.index, frame.file.index}, Way{frame.line, static_cast<std::uint32_t>(i - dump.activity(thread).own_frame)});
  }
  return ways;
}

/// Members that stand past a line on which another asks, and ask again further in, ascending. One stack is looked at once.
std::vector<ThreadIndex> asking_again(const Case& dump, const Crowd& crowd) {
  std::map<std::uint32_t, std::vector<ThreadIndex>> by_stack;
  for (const ThreadIndex member : crowd.members) by_stack[dump.dump().threads[member.index].stack.index].push_back(member);
  constexpr std::size_t kMostStacks = 64;
  if (by_stack.size() > kMostStacks) return {};
  std::vector<ThreadIndex> again;
  for (const auto& [stack, members] : by_stack) {
    const auto ways = ways_of(dump, members.front());
    bool past = false;
    for (const auto& [other_stack, others] : by_stack) {
      if (other_stack == stack) continue;
      for (const auto& [function, first] : ways_of(dump, others.front())) {
        const auto mine = ways.find(function);
        past = past || (mine != ways.end() && mine->second.line > first.line && mine->second.depth > first.depth);
      }
    }
    if (past) again.insert(again.end(), members.begin(), members.end());
  }
  std::sort(again.begin(), again.end());
  return again;
}

bool somebody_acts(const Case& dump, const Crowd& crowd) {
  return dump.dump().threads_missed != 0 || others_act(dump, crowd.members, [](ActivityKind) { return false; });
}

ChainLink link_of(const Case& dump, ThreadIndex thread, std::uint64_t count) {
  ChainLink link = dump.link(thread, nullptr, dump.graph().wait_of(thread));
  if (link.wait_function.empty()) link.wait_function = link.function;
  link.note = dump.doing(thread);
  link.others = count - 1;
  return link;
}

void report(const Case& dump, const Crowd& crowd, const std::vector<ThreadIndex>& again, Found& found) {
  Finding finding = dump.finding(FindingKind::kPoolExhaustion);
  finding.confidence = crowd.semaphore && !again.empty() ? Confidence::kLikely : Confidence::kPossible;
  finding.severity = severity_of(finding.confidence);
  const std::string where = dump.waiter(crowd.members.front());
  if (!again.empty()) finding.chain.push_back(link_of(dump, again.front(), again.size()));
  const auto first = std::find_if(crowd.members.begin(), crowd.members.end(), [&](ThreadIndex member) { return !std::binary_search(again.begin(), again.end(), member); });
  if (first != crowd.members.end()) finding.chain.push_back(link_of(dump, *first, crowd.count - again.size()));
  if (const Wait* wait = dump.graph().wait_of(crowd.members.front()); wait != nullptr && crowd.semaphore) finding.locks.push_back(wait->lock);
  finding.blocked_directly = finding.blocked_in_all = crowd.count;
  for (const ThreadIndex member : crowd.members) finding.oldest_wait_ns = std::max(finding.oldest_wait_ns, dump.dump().threads[member.index].waited_ns);
  if (again.empty()) {
    finding.title = "permits that nobody is left to give back";
    finding.explanation = dump.threads(crowd.count) + " wait for a permit in " + where + ", and no other thread takes part that could give one back.";
    finding.fix = "Give the permit back on every way out of the function that takes it (a guard, try/finally), errors too.";
  } else {
    finding.title = "those who have a permit wait for another";
    finding.explanation = with_separators(again.size()) + " of " + dump.threads(crowd.count) + " that wait in " + where +
                          " have passed the line on which the others ask, so they have one already, and ask for a second. Once they have all, nobody gets any.";
    finding.fix = "Don't ask for a second permit while holding one: pass the first on, or take all at once.";
    finding.evidence.push_back(dump.function(again.front(), dump.activity(again.front()).own_frame) + " is called again from past the line on which others wait for it");
  }
  finding.refuted_by = "a later dump in which one of them has gone on";
  found.findings.push_back(std::move(finding));
}

}  // namespace

void find_exhausted_permits(const Case& dump, const History& history, Found& found) {
  for (const auto& [key, crowd] : crowds(dump)) {
    if (crowd.count < kFewestWaiters || somebody_acts(dump, crowd)) continue;
    if (history.normal(dump.dump().threads[crowd.members.front().index].stack, crowd.count)) continue;
    const std::vector<ThreadIndex> again = asking_again(dump, crowd);
    const bool both = again.size() >= kFewestEach && crowd.members.size() >= again.size() + kFewestEach;
    if (crowd.semaphore || both) report(dump, crowd, again, found);
  }
}

}  // namespace tailback::analyze
