// Permits of which none is left: connections of a pool, tokens of a semaphore. Who has one waits for another, or nobody gave them back.
//
//     conn <- InTx:41 <- order                                   waits for its first
//     conn <- Query <- order.func1 <- InTx:46 <- order           has passed that line, and waits for a second
//     Go <- mirror <- mirror.func1 <- Go.func1                   runs in what Go has begun, and waits in it again
#include <algorithm>
#include <map>
#include <set>

#include "analyze/findings/rules.h"
#include "analyze/holders/bystanders.h"
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

/// The function that waits, without the runtime's part: a pool's own where a library has one, so that all who ask are one crowd.
std::uint16_t asking_frame(const Case& dump, ThreadIndex thread) {
  constexpr std::string_view kRuntime[] = {"runtime.", "sync.", "internal/"};
  const std::uint16_t own = dump.activity(thread).own_frame;
  if (dump.recording().info.runtime != Runtime::kGo) return own;
  std::uint16_t at = 0;
  while (at < own && starts_with_any(dump.view(thread).function(at), kRuntime)) ++at;
  return at;
}

/// By the semaphore, else by the function that waits: a channel may stand for one.
std::map<std::string, Crowd> crowds(const Case& dump) {
  std::map<std::string, Crowd> all;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const ActivityKind kind = dump.activity({i}).kind;
    const bool semaphore = kind == ActivityKind::kSemaphore;
    if (!semaphore && kind != ActivityKind::kSelect && kind != ActivityKind::kChannelReceive && kind != ActivityKind::kChannelSend && kind != ActivityKind::kCondition) continue;
    if (dump.activity({i}).own_frame >= dump.view({i}).size()) continue;
    const Wait* wait = dump.graph().wait_of({i});
    Crowd& crowd = all[semaphore && wait != nullptr ? "lock " + std::to_string(wait->lock.index) : "at " + dump.function({i}, asking_frame(dump, {i}))];
    crowd.members.push_back({i});
    crowd.count += dump.dump().threads[i].count;
    crowd.semaphore = semaphore;
  }
  return all;
}

/// The program's own frames of a stack from the one that asks outwards, by function: its line, and how many frames out it is.
struct Way {
  std::uint32_t line = 0, depth = 0;
};
using Ways = std::map<std::pair<std::uint32_t, std::uint32_t>, Way>;

Ways ways_of(const Case& dump, ThreadIndex thread) {
  Ways ways;
  const ThreadView view = dump.view(thread);
  const StackTable& table = dump.recording().table;
  const std::size_t asks = asking_frame(dump, thread);
  for (std::size_t i = asks + 1; i < view.size(); ++i) {
    const Frame& frame = view.frame(i);
    if (frame.line == 0 || dump.rules().library(table.text(frame.function), table.text(frame.file), table.text(frame.module))) continue;
    ways.try_emplace({frame.function.index, frame.file.index}, Way{frame.line, static_cast<std::uint32_t>(i - asks)});
  }
  return ways;
}

/// Whether all run in a closure which the function that they ask in has made: it began them when they were given a permit.
bool begun_by_it(const Case& dump, const Crowd& crowd) {
  const ThreadIndex first = crowd.members.front();
  const std::string closure = std::string(dump.view(first).function(asking_frame(dump, first))) + ".func";
  return std::all_of(crowd.members.begin(), crowd.members.end(), [&](ThreadIndex member) {
    const ThreadView view = dump.view(member);
    for (std::size_t i = asking_frame(dump, member) + std::size_t{1}; i < view.size(); ++i) {
      if (view.function(i).starts_with(closure)) return true;
    }
    return false;
  });
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

/// Stands at the top of what it runs and waits there: a loop with nothing to do, which has taken no permit on the way.
bool at_its_top(const Case& dump, ThreadIndex thread, const std::set<std::uint32_t>& functions) {
  const ActivityKind kind = dump.activity(thread).kind;
  if (kind != ActivityKind::kSelect && kind != ActivityKind::kChannelReceive && kind != ActivityKind::kSleep) return false;
  const ThreadView view = dump.view(thread);
  const std::uint16_t own = dump.activity(thread).own_frame;
  return own < view.size() && own == dump.outermost_own(thread) && !functions.contains(view.frame(own).function.index);
}

/// Whether somebody who does not ask may have a permit, and give it back.
bool somebody_acts(const Case& dump, const Crowd& crowd, bool permits_told) {
  if (dump.dump().threads_missed != 0) return true;
  std::set<std::uint32_t> functions;
  for (const ThreadIndex member : crowd.members) {
    for (const auto& [function, way] : ways_of(dump, member)) functions.insert(function.first);
  }
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const ThreadIndex thread{i};
    if (std::binary_search(crowd.members.begin(), crowd.members.end(), thread) || !acts(dump, thread)) continue;
    if (!permits_told || !at_its_top(dump, thread, functions)) return true;
  }
  return false;
}

/// "for (*Renderer).Layer, shop.go:20": the own frame that called the function which asks; that function may be everybody's.
std::string asked_by(const Case& dump, ThreadIndex thread) {
  const ThreadView view = dump.view(thread);
  const std::size_t asks = asking_frame(dump, thread), own = own_frame(dump.rules(), dump.recording().table, view, asks + 1);
  if (own >= view.size()) return dump.doing(thread);
  const std::string_view file = view.file(own);
  const std::string place = view.frame(own).line == 0 ? std::string() : ", " + std::string(file.substr(file.rfind('/') + 1)) + ":" + std::to_string(view.frame(own).line);
  return "for " + dump.function(thread, own) + place;
}

ChainLink link_of(const Case& dump, ThreadIndex thread, std::uint64_t count) {
  ChainLink link = dump.link(thread, nullptr, dump.graph().wait_of(thread));
  if (link.wait_function.empty()) link.wait_function = link.function;
  if (link.wait_place.empty()) link.wait_place = link.place;
  link.note = asked_by(dump, thread);
  link.others = count - 1;
  return link;
}

void report(const Case& dump, const Crowd& crowd, const std::vector<ThreadIndex>& again, bool begun, Found& found) {
  Finding finding = dump.finding(FindingKind::kPoolExhaustion);
  finding.confidence = crowd.semaphore && !again.empty() ? Confidence::kLikely : Confidence::kPossible;
  finding.severity = severity_of(finding.confidence);
  const std::string where = dump.function(crowd.members.front(), asking_frame(dump, crowd.members.front()));
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
  } else if (begun) {
    finding.title = "those who have a permit wait for another";
    finding.explanation = "All " + dump.threads(crowd.count) + " that wait in " + where + " run in what " + where +
                          " itself has begun, so they have a permit, and ask for a second. None gets any before one of them has ended.";
    finding.fix = "Don't call " + where + " from what it runs: hand the work to whoever waits for the whole, run it in place, or give inner tasks a limit of their own.";
    finding.evidence.push_back(where + " is called again from a closure of its own, by all that run one");
  } else {
    finding.title = "those who have a permit wait for another";
    finding.explanation = with_separators(again.size()) + " of " + dump.threads(crowd.count) + " that wait in " + where +
                          " have passed the line on which the others ask, so they have one already, and ask for a second. Once they have all, nobody gets any.";
    finding.fix = "Don't ask for a second permit while holding one: pass the first on, or take all at once.";
    finding.evidence.push_back(where + " is called again from past the line on which others wait for it");
  }
  finding.refuted_by = "a later dump in which one of them has gone on";
  found.findings.push_back(std::move(finding));
}

}  // namespace

void find_exhausted_permits(const Case& dump, const History& history, Found& found) {
  for (const auto& [key, crowd] : crowds(dump)) {
    if (crowd.members.size() < kFewestEach && crowd.count < kFewestWaiters) continue;
    const bool begun = !crowd.semaphore && begun_by_it(dump, crowd);
    const std::vector<ThreadIndex> again = begun ? crowd.members : asking_again(dump, crowd);
    const bool told = begun || (again.size() >= kFewestEach && crowd.members.size() >= again.size() + kFewestEach);
    if (!(told || (crowd.semaphore && crowd.count >= kFewestWaiters)) || somebody_acts(dump, crowd, told)) continue;
    if (history.normal(dump.dump().threads[crowd.members.front().index].stack, crowd.count)) continue;
    report(dump, crowd, again, begun, found);
  }
}

}  // namespace tailback::analyze
