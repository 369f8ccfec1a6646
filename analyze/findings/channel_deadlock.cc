// Senders and receivers that can't meet: a lock held across the channel operation, or senders that nobody is left to serve.
#include <algorithm>
#include <map>
#include <numeric>

#include "analyze/findings/roots.h"
#include "analyze/findings/rules.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

constexpr std::uint64_t kCrowd = 50;   ///< of senders in one place: more than a moment's queue

constexpr std::uint64_t kFewestPuts = 2;

bool on_channel(ActivityKind kind) { return kind == ActivityKind::kChannelSend || kind == ActivityKind::kChannelReceive; }

bool stuck(ActivityKind kind) {
  return on_channel(kind) || kind == ActivityKind::kLock || kind == ActivityKind::kCondition || kind == ActivityKind::kWaitGroup || kind == ActivityKind::kFuture ||
         kind == ActivityKind::kJoin || kind == ActivityKind::kSemaphore;
}

/// What is said of a channel, or of a queue.
struct Words {
  std::string_view noun, operation, send, into, receive, give_up;
};

Words words_for(const Case& dump) {
  constexpr Words kChannels{"channel", "channel operation", "send", "to a channel", "receive from it", "select with a way out"};
  constexpr Words kQueues{"queue", "wait at the queue", "put", "into a queue that is full", "take from it", "offer, put or take with a time limit"};
  return has_queues(dump.recording().info.runtime) ? kQueues : kChannels;
}

/// Every thread that takes part waits for another thread: nothing from outside will wake one.
bool all_stuck(const Case& dump) {
  if (dump.dump().threads_missed != 0) return false;
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    const Activity& activity = dump.activity({i});
    if (wakes_up(dump, {i})) return false;
    if (!stuck(activity.kind) && dump.takes_part({i})) return false;
  }
  return true;
}

void across_a_lock(const Case& dump, bool all, Found& found) {
  for (const Root& root : find_roots(dump)) {
    if (!root.thread.valid() || named(found, root.lock) || !on_channel(dump.activity(root.thread).kind)) continue;
    Finding finding = dump.finding(FindingKind::kChannelDeadlock);
    finding.confidence = Confidence::kLikely;  // what the partner does, the channel does not tell
    add_root(dump, finding, root);
    finding.severity = all ? severity_of(finding.confidence) : FindingSeverity::kStall;
    const std::string holds = root.hold != nullptr ? dump.holds(*root.hold) : dump.waiter(root.thread) + " holds", name = dump.lock(root.lock);
    const auto [noun, operation, send, into, receive, give_up] = words_for(dump);
    finding.title = "lock held across a " + std::string(operation);
    finding.explanation = holds + " " + name + " and " + dump.doing(root.thread) + ". " + dump.threads(finding.blocked_in_all) + (finding.blocked_in_all == 1 ? " waits for " : " wait for ") + name +
                          "; if one of them is the partner on the " + std::string(noun) + ", neither ever goes on.";
    finding.fix = "Give " + name + " back before the " + std::string(operation) + ", or make it one that can give up (" + std::string(give_up) + ").";
    finding.refuted_by = "a partner on the " + std::string(noun) + " that does not need " + name + ", or a later dump in which the holder has gone on";
    if (all) finding.evidence.push_back("every thread that takes part waits for another one");
    found.findings.push_back(std::move(finding));
  }
}

/// Senders by the place that they stand in.
struct Senders {
  ThreadIndex first;
  std::uint64_t count = 0;
};

/// Whether somebody has come by the line on which they stand, and is at work: the channel has room for a few, and those give it back.
bool some_have_passed(const Case& dump, ThreadIndex sender) {
  const ThreadView view = dump.view(sender);
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> lines;
  for (std::size_t i = dump.activity(sender).own_frame; i < view.size(); ++i) {
    if (view.frame(i).line != 0) lines.try_emplace({view.frame(i).function.index, view.frame(i).file.index}, view.frame(i).line);
  }
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    if (stuck(dump.activity({i}).kind)) continue;
    const ThreadView other = dump.view({i});
    for (std::size_t k = dump.activity({i}).own_frame; k < other.size(); ++k) {
      const auto line = lines.find({other.frame(k).function.index, other.frame(k).file.index});
      if (line != lines.end() && other.frame(k).line > line->second) return true;
    }
  }
  return false;
}

std::vector<Senders> senders(const Case& dump, const History& history) {
  std::vector<Senders> all;
  for (const Group& group : dump.groups()) {
    if (group.activity != ActivityKind::kChannelSend || group.threads.empty()) continue;
    if (!history.normal(group.stack, group.count)) all.push_back({group.threads.front(), group.count});
  }
  return all;
}

/// Who makes numbers for those who ask waits at a channel until a connection brings one who does.
bool anybody_accepts(const Case& dump) {
  for (std::uint32_t i = 0; i < dump.dump().threads.size(); ++i) {
    if (dump.accepts({i})) return true;
  }
  return false;
}

/// Whether connections themselves have brought the senders, several: the next one sends as well.
bool handlers_alone(const Case& dump, const std::vector<Senders>& waiting) {
  constexpr std::uint64_t kFewest = 3;
  return std::all_of(waiting.begin(), waiting.end(), [&](const Senders& senders) {
    const ThreadView view = dump.view(senders.first);
    const std::size_t caller = dump.outermost_own(senders.first) + std::size_t{1};
    return senders.count >= kFewest && caller < view.size() && !view.function(caller).starts_with("runtime.");
  });
}

/// "(*Planner).Schedule and (*Scheduler).Report": where the finding's senders stand.
std::string places_of(const Case& dump, const Finding& finding) {
  std::vector<std::string> places;
  for (const ChainLink& link : finding.chain) {
    if (dump.activity(link.thread).kind != ActivityKind::kChannelSend) continue;
    const std::string place = dump.waiter(link.thread);
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  }
  std::string text;
  for (std::size_t i = 0; i < places.size(); ++i) text += (i == 0 ? "" : i + 1 == places.size() ? " and " : ", ") + places[i];
  return text;
}

/// The loop that all of several senders began in, where that is a function of its own and not the one that sends; empty: none.
std::string common_entry(const Case& dump, const Finding& finding) {
  std::string common;
  std::uint64_t senders = 0;
  for (const ChainLink& link : finding.chain) {
    if (dump.activity(link.thread).kind != ActivityKind::kChannelSend) continue;
    const std::uint16_t own = dump.outermost_own(link.thread);
    const std::string entry = own == dump.activity(link.thread).own_frame ? std::string() : dump.function(link.thread, own);
    if (entry.empty() || dump.view(link.thread).function(own).find(".func") != std::string_view::npos || (!common.empty() && entry != common)) return {};
    common = entry;
    senders += link.others + 1;
  }
  return senders > 1 ? common : std::string();
}

void without_partner(const Case& dump, const History& history, bool all, Found& found) {
  const std::vector<Senders> waiting = senders(dump, history);
  const auto crowd = std::find_if(waiting.begin(), waiting.end(), [&](const Senders& s) { return s.count >= kCrowd && !some_have_passed(dump, s.first); });
  if (all && crowd == waiting.end() && !waiting.empty() && anybody_accepts(dump) && !handlers_alone(dump, waiting)) return;
  if (waiting.empty() || (!all && crowd == waiting.end())) return;
  Finding finding = dump.finding(FindingKind::kChannelDeadlock);
  finding.confidence = Confidence::kPossible;
  finding.severity = FindingSeverity::kStall;
  std::uint64_t count = 0;
  for (const Senders& s : waiting) {
    if (!all && (s.count < kCrowd || some_have_passed(dump, s.first))) continue;
    if (finding.chain.size() < 4) finding.chain.push_back(channel_link(dump, s.first, s.count));
    count += s.count;
  }
  // Who receives, if anybody does, or stands before a lock instead.
  for (const Group& group : dump.groups()) {
    const bool other = group.activity == ActivityKind::kChannelReceive || group.activity == ActivityKind::kLock;
    if (!other || group.threads.empty() || finding.chain.size() >= 6) continue;
    if (!dump.takes_part(group.threads.front())) continue;
    finding.chain.push_back(channel_link(dump, group.threads.front(), group.count));
  }
  finding.blocked_directly = finding.blocked_in_all = count;
  for (const Senders& s : waiting) finding.oldest_wait_ns = std::max(finding.oldest_wait_ns, dump.dump().threads[s.first.index].waited_ns);
  finding.title = "senders that nobody serves";
  const auto [noun, operation, send, into, receive, give_up] = words_for(dump);
  finding.explanation = dump.threads(count) + " " + std::string(send) + (count == 1 ? "s" : "") + " " + std::string(into) + " in " + places_of(dump, finding) + ", and no thread of the dump is seen to " + std::string(receive) + ".";
  if (const std::string entry = common_entry(dump, finding); !entry.empty()) finding.explanation += " All of them run " + entry + ": if that is who receives, too, nobody is left to.";
  finding.fix = "Let the receiver drain the " + std::string(noun) + " to its end, whatever fails on the way, give it room for the last result, or let the sender give up (" + std::string(give_up) + ").";
  finding.refuted_by = "a receiver that comes back to the " + std::string(noun) + ": other senders in a later dump";
  if (all) finding.evidence.push_back("every thread that takes part waits for another one");
  found.findings.push_back(std::move(finding));
}

}  // namespace

void find_channel_deadlock(const Case& dump, const History& history, Found& found) {
  const bool all = all_stuck(dump);
  const std::size_t before = found.findings.size();
  across_a_lock(dump, all, found);
  if (found.findings.size() != before) return;
  // A crowd of senders alone is what a queue of a fixed size is for, where it is no channel; and one thread at one is nothing yet.
  const auto puts = [](std::uint64_t sum, const Group& group) { return sum + (group.activity == ActivityKind::kChannelSend ? group.count : 0); };
  const bool several = std::accumulate(dump.groups().begin(), dump.groups().end(), std::uint64_t{0}, puts) >= kFewestPuts;
  if (dump.recording().info.runtime == Runtime::kGo || (all && several)) return without_partner(dump, history, all, found);
  const bool queues = std::any_of(dump.groups().begin(), dump.groups().end(), [](const Group& group) { return on_channel(group.activity); });
  if (queues) found.not_evaluated.push_back({FindingKind::kChannelDeadlock, "the dump does not tell which threads put into and take from one queue; only locks held across one were looked at"});
}

}  // namespace tailback::analyze
