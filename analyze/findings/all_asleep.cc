// The runtime has stopped the program because no goroutine can go on, and no other rule tells why: who waits at a channel then, main() too, waits for ever.
#include "analyze/findings/rules.h"
#include "analyze/holders/bystanders.h"

namespace tailback::analyze {

void find_all_asleep(const Case& dump, const History&, Found& found) {
  if (!found.findings.empty() || !states_a_deadlock(dump.recording().table, dump.dump())) return;
  constexpr std::size_t kMostLinks = 6;
  Finding finding = dump.finding(FindingKind::kChannelDeadlock);
  finding.confidence = Confidence::kLikely;
  finding.severity = severity_of(finding.confidence);
  for (const Group& group : dump.groups()) {
    const bool waits = group.activity == ActivityKind::kChannelSend || group.activity == ActivityKind::kChannelReceive || group.activity == ActivityKind::kSelect;
    if (!waits || group.threads.empty() || dump.activity(group.threads.front()).own_frame >= dump.view(group.threads.front()).size()) continue;
    if (finding.chain.size() < kMostLinks) finding.chain.push_back(channel_link(dump, group.threads.front(), group.count));
    finding.blocked_in_all += group.count;
  }
  if (finding.chain.empty()) return;
  finding.blocked_directly = finding.blocked_in_all;
  finding.title = "channels to whose other end nobody comes";
  finding.explanation = dump.threads(finding.blocked_in_all) + " at a channel, first in " + dump.waiter(finding.chain.front().thread) +
                        "; the runtime has stopped the program because no goroutine is left that could come to the other end.";
  finding.fix = "Close the channel when nothing more comes, receive as often as is sent, or give the operation a way out (select).";
  finding.refuted_by = "another goroutine that the dump lacks; the runtime looks at all before it says so";
  finding.evidence.push_back("the runtime says that all goroutines are asleep");
  found.findings.push_back(std::move(finding));
}

}  // namespace tailback::analyze
