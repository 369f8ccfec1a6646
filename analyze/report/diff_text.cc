#include <fmt/core.h>

#include <algorithm>

#include "analyze/group/lock_directory.h"
#include "analyze/report/diff_report.h"
#include "analyze/report/page.h"
#include "analyze/words/format.h"
#include "analyze/words/names.h"

namespace tailback::analyze {
namespace {

constexpr std::size_t kShown = 12;

std::string side_label(const DiffSide& side) {
  const Dump& dump = side.get();
  std::string text = fmt::format("{}#{}", short_place(side.recording->info.file.empty() ? "input" : side.recording->info.file), dump.id);
  if (dump.wall_ns != 0) text += "  " + date_time_text(dump.wall_ns);
  return text + fmt::format("  {}", counted(dump.thread_count(), thread_word(side.recording->info.runtime), threads_word(side.recording->info.runtime)));
}

std::string signed_count(std::uint64_t before, std::uint64_t after) {
  return after >= before ? "+" + with_separators(after - before) : "-" + with_separators(before - after);
}

/// What a group does, and where.
std::pair<std::string, std::string> group_text(const Diff& diff, const GroupChange& change) {
  const bool after = change.group_after != GroupChange::kNone;
  const DiffSide& side = after ? diff.after : diff.before;
  const DumpAnalysis& analysed = side.analysed();
  const Group& group = analysed.groups[after ? change.group_after : change.group_before];
  const std::size_t own = analysed.activities.empty() ? 0 : analysed.activities[group.threads.front().index].own_frame;
  std::string frames = own_frames(*side.recording, group.stack, own, 3);
  if (frames.empty()) frames = "no stack";
  return {harmless(group_activity(*side.recording, side.get(), group)), harmless(frames)};
}

Style style_of(ChangeKind kind) {
  if (kind == ChangeKind::kNew || kind == ChangeKind::kGrown) return Style::kAlarm;
  return kind == ChangeKind::kSame ? Style::kDim : Style::kGood;
}

void print_groups(Page& page, const Diff& diff, std::size_t top) {
  std::vector<std::vector<Cell>> rows;
  const std::size_t most = top ? top : kShown;
  std::size_t changed = 0;
  for (const GroupChange& change : diff.groups) {
    if (change.kind == ChangeKind::kSame || ++changed > most) continue;
    rows.push_back({{std::string(to_string(change.kind)), style_of(change.kind)},
                    {signed_count(change.before, change.after), Style::kPlain, true},
                    {with_separators(change.before) + " → " + with_separators(change.after)},
                    {}});
    const auto [what, frames] = group_text(diff, change);
    rows.back().back().text = what;
    if (diff.seconds && *diff.seconds > 0) {
      const double rate = (static_cast<double>(change.after) - static_cast<double>(change.before)) / *diff.seconds;
      rows.back().insert(rows.back().begin() + 2, Cell{rate_text(rate), Style::kDim, true});
    }
    rows.emplace_back(rows.back().size() - 1);
    rows.back().push_back({frames, Style::kDim});
  }
  page.blank();
  const auto same = static_cast<std::size_t>(std::count_if(diff.groups.begin(), diff.groups.end(), [](const GroupChange& c) { return c.kind == ChangeKind::kSame; }));
  page.add("GROUPS", Style::kBold).add(fmt::format("  {} changed, {} as before", changed, same)).end_line();
  page.table(2, rows);
  if (changed > most) page.line(fmt::format("  … and {} more (--top {} shows them)", changed - most, changed), Style::kDim);
}

void print_locks(Page& page, const Diff& diff) {
  if (diff.locks.empty()) return;
  page.blank();
  page.line("LOCKS whose queue moved", Style::kBold);
  std::vector<std::vector<Cell>> rows;
  for (std::size_t i = 0; i < std::min(diff.locks.size(), kShown); ++i) {
    const LockChange& change = diff.locks[i];
    const DiffSide& side = change.after.valid() ? diff.after : diff.before;
    const Lock& lock = side.get().locks[(change.after.valid() ? change.after : change.before).index];
    rows.push_back({{signed_count(change.waiting_before, change.waiting_after), Style::kPlain, true},
                    {with_separators(change.waiting_before) + " → " + with_separators(change.waiting_after) + " waiting"},
                    {harmless(lock_label(*side.recording, lock))}});
  }
  page.table(2, rows);
}

void print_threads(Page& page, const Diff& diff, std::size_t top) {
  const Runtime runtime = diff.after.recording->info.runtime;
  page.blank();
  page.line("THREADS", Style::kBold);
  if (!diff.same_process) {
    page.paragraph("", 2, fmt::format("not compared: these seem to be two processes ({})", diff.identity_reason));
    return;
  }
  page.line(fmt::format("  {} started, {} ended; {} made no progress", with_separators(diff.threads_started), with_separators(diff.threads_ended),
                        counted(diff.threads_unmoved, thread_word(runtime), threads_word(runtime))));
  std::vector<const GroupChange*> stuck;
  for (const GroupChange& change : diff.groups) {
    if (change.unmoved != 0) stuck.push_back(&change);
  }
  std::stable_sort(stuck.begin(), stuck.end(), [](const GroupChange* a, const GroupChange* b) { return a->unmoved > b->unmoved; });
  std::vector<std::vector<Cell>> rows;
  for (std::size_t i = 0; i < std::min(stuck.size(), top ? top : kShown); ++i) {
    rows.push_back({{with_separators(stuck[i]->unmoved), Style::kPlain, true}, {}});
    const auto [what, frames] = group_text(diff, *stuck[i]);
    rows.back().back().text = what + "  " + frames;
  }
  page.table(2, rows);
}

}  // namespace

std::string diff_text(const Diff& diff, const TextOptions& options) {
  Page page(options.width, options.colour);
  page.add("before  ", Style::kDim).add(side_label(diff.before)).end_line();
  page.add("after   ", Style::kDim).add(side_label(diff.after));
  if (diff.seconds) {
    const bool backwards = *diff.seconds < 0;
    page.add(fmt::format("  {} {}", duration_text(static_cast<std::int64_t>((backwards ? -1 : 1) * *diff.seconds * 1e9)), backwards ? "earlier" : "later"));
  }
  page.end_line();
  print_groups(page, diff, options.top);
  print_locks(page, diff);
  print_threads(page, diff, options.top);
  return page.take();
}

}  // namespace tailback::analyze
