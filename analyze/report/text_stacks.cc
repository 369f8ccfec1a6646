#include <fmt/core.h>

#include <algorithm>

#include "analyze/report/text_sections.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

constexpr std::size_t kGroupsShown = 12;
constexpr std::size_t kFramesShown = 4;

/// "1 min", "1–8 min": how long the threads of a group have waited.
std::string wait_range(const Group& group) {
  if (group.longest_wait_ns < 0) return {};
  const std::string longest = duration_text(group.longest_wait_ns), shortest = duration_text(group.shortest_wait_ns);
  return shortest == longest ? longest : shortest + " – " + longest;
}

/// "+58/s" for a group that grew over the dumps before; empty for one that did not, or of which that is not known.
std::string growth_of(const Analysis& analysis, std::size_t dump, std::size_t group) {
  for (const GroupTrend& trend : analysis.trends) {
    if (trend.dump != dump || trend.group != group) continue;
    return trend.growth_per_second && *trend.growth_per_second > 0 ? rate_text(*trend.growth_per_second) : std::string();
  }
  return {};
}

std::string joined(const std::string& a, const std::string& b) { return a + (a.empty() || b.empty() ? "" : ", ") + b; }

std::string missing_stack(const Recording& recording, const ThreadRecord& thread) {
  const std::string_view reason = recording.table.text(thread.absence_reason);
  return reason.empty() ? "no stack" : fmt::format("no stack: {}", reason);
}

std::string with_names(std::string text, const std::string& names) { return names.empty() ? text : text + " · " + names; }

void print_dump(Page& page, const TextContext& context, const DumpAnalysis& analysis) {
  const Recording& recording = context.part.recording;
  const Dump& dump = recording.dumps[analysis.dump];
  const std::uint64_t all = dump.thread_count();
  page.blank();
  std::string heading = fmt::format("  {}", counted(analysis.groups.size(), "group", "groups"));
  heading += fmt::format(" of {}", counted(all, thread_word(recording.info.runtime), threads_word(recording.info.runtime)));
  if (recording.dumps.size() > 1) heading += fmt::format(" · dump {}", dump.id);
  if (dump.wall_ns != 0) heading += " · " + time_text(dump.wall_ns);
  if (dump.reason.valid() && !recording.table.text(dump.reason).empty()) heading += fmt::format(" · {}", recording.table.text(dump.reason));
  page.add("STACKS", Style::kBold).add(heading).end_line();

  const std::size_t shown = std::min(analysis.groups.size(), context.options.top ? context.options.top : kGroupsShown);
  const bool wide = page.width() >= 110, narrow = page.width() < 60;
  const std::size_t bar_width = wide ? 20 : narrow ? 1 : 10;  // on a narrow page the names need the room
  std::vector<std::vector<Cell>> rows;
  for (std::size_t i = 0; i < shown; ++i) {
    const Group& group = analysis.groups[i];
    const std::size_t own = analysis.activities.empty() ? 0 : analysis.activities[group.threads.front().index].own_frame;
    std::string frames = own_frames(recording, group.stack, own, kFramesShown);
    if (frames.empty()) frames = missing_stack(recording, dump.threads[group.threads.front().index]);
    const std::string what = cut(harmless(group_activity(recording, dump, group)), wide ? 40 : 44);
    const std::string waited = joined(wait_range(group), growth_of(context.part.analysis, analysis.dump, i));
    const std::string names = harmless(group_names(recording, dump, group));
    rows.push_back({{with_separators(group.count), Style::kPlain, true},
                    {share_text(group.count, all), Style::kPlain, true},
                    {bar(all ? static_cast<double>(group.count) / static_cast<double>(all) : 0, bar_width), Style::kAlarm}});
    if (wide) {
      rows.back().insert(rows.back().end(), {{what}, {waited, Style::kDim}, {with_names(harmless(frames), names)}});
    } else {
      rows.back().push_back({with_names(joined(what, waited), names)});
      rows.push_back({{}, {}, {std::string(bar_width, ' ')}, {harmless(frames), Style::kDim}});
    }
  }
  page.table(2, rows);
  if (shown == analysis.groups.size()) return;
  std::uint64_t rest = 0;
  for (std::size_t i = shown; i < analysis.groups.size(); ++i) rest += analysis.groups[i].count;
  page.line(fmt::format("  … and {} with {} (--top {} shows them)", counted(analysis.groups.size() - shown, "smaller group", "smaller groups"),
                        counted(rest, thread_word(recording.info.runtime), threads_word(recording.info.runtime)), analysis.groups.size()),
            Style::kDim);
}

}  // namespace

void print_stacks(Page& page, const TextContext& context) {
  for (const std::size_t dump : context.shown) print_dump(page, context, context.part.analysis.dumps[dump]);
}

}  // namespace tailback::analyze
