// An interleaving as a table, a column a thread, and what comes of it.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "analyze/report/locks_page.h"
#include "analyze/words/format.h"

namespace tailback::analyze {

using namespace tailback::replay;

namespace {

constexpr std::size_t kThreadColumns = 5;  // the rest shares one

std::string_view outcome_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kWaits:
      return "waits";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kSleeps:
      return "sleeps";
    case Outcome::kWoke:
      return "wakes by itself";
    case Outcome::kLost:
      return "nobody there";
    default:
      return "";
  }
}

std::string step_text(const Program& program, const Step& step, const Happened& happened, bool with_site = true) {
  std::string text = to_string(program, step, false);
  if (const std::string_view outcome = outcome_text(happened.outcome); !outcome.empty()) text += fmt::format(" ({})", outcome);
  if (step.site != 0 && with_site) text += "  " + program.sites[step.site];
  if (step.assumed) text += "  (assumed)";
  return text;
}

/// What a granted wait says in its thread's column.
std::string cell_text(const Story& story, const Happened& happened, bool waited, bool with_site) {
  const Step& step = story.model->thread_of(happened.instance).steps[happened.step];
  if (waited && happened.outcome == Outcome::kAcquired) return "… granted " + story.program->locks[step.kind == StepKind::kWait ? step.other : step.lock].name;
  return step_text(*story.program, step, happened, with_site);
}

/// "thread 3 (exclusive), thread 7 (exclusive), 233 more".
std::string few(const std::vector<std::string>& parts) {
  constexpr std::size_t kFew = 4;
  if (parts.size() <= kFew) return joined(parts);
  return joined({parts[0], parts[1], fmt::format("{} more", with_separators(parts.size() - 2))});
}

std::string views_text(const Program& program, const std::vector<LockView>& views) {
  std::string text;
  for (const LockView& view : views) {
    if (!text.empty()) text += "; ";
    text += program.locks[view.lock].name + ": " + (view.holders.empty() ? "free" : few(view.holders));
    if (!view.waiting.empty()) text += " | waits: " + few(view.waiting);
  }
  return text;
}

std::string_view kind_text(StoryKind kind) {
  switch (kind) {
    case StoryKind::kRecorded:
      return "as recorded";
    case StoryKind::kShortest:
      return "shortest way into a deadlock";
    case StoryKind::kExample:
      break;
  }
  return "an order in which all finish";
}

/// Steps in one row of the table: one, or a run of equal ones by threads that have no column.
struct StoryRow {
  std::size_t first = 0, last = 0, count = 1;
};

/// What of a story is printed.
struct Selection {
  std::map<std::uint32_t, std::size_t> columns;  // instance → column
  std::vector<std::string> names;
  bool others = false;  // a column more
  std::vector<StoryRow> rows;
  bool whole = true;
};

const Step& step_of(const Story& story, std::size_t index) { return story.model->thread_of(story.way[index].instance).steps[story.way[index].step]; }

/// The locks that somebody who is stuck waits for: the rest of a long recording is beside the point.
std::vector<std::uint32_t> locks_of_the_stuck(const Story& story) {
  std::map<std::uint32_t, std::size_t> last;  // by instance
  for (std::size_t i = 0; i < story.way.size(); ++i) last[story.way[i].instance] = i;
  std::vector<std::uint32_t> locks;
  for (const std::uint32_t instance : story.stuck) {
    const auto found = last.find(instance);
    if (found != last.end()) locks.push_back(step_of(story, found->second).lock);
  }
  std::sort(locks.begin(), locks.end());
  locks.erase(std::unique(locks.begin(), locks.end()), locks.end());
  return locks;
}

std::string row_key(const Story& story, std::size_t index) { return step_text(*story.program, step_of(story, index), story.way[index]); }

void choose_columns(const Story& story, const std::vector<std::size_t>& steps, Selection& selection) {
  std::map<std::uint32_t, std::size_t> rows_of;
  for (const std::size_t i : steps) ++rows_of[story.way[i].instance];
  std::vector<std::string> lone;  // what threads with one row and a column do
  for (const std::size_t i : steps) {
    const std::uint32_t instance = story.way[i].instance;
    if (selection.columns.contains(instance)) continue;
    const bool once = rows_of[instance] == 1 && story.way[i].outcome == Outcome::kWaits;
    const std::string key = once ? row_key(story, i) : "";
    if (selection.columns.size() >= kThreadColumns || (once && std::find(lone.begin(), lone.end(), key) != lone.end())) {
      selection.others = true;
      continue;
    }
    if (once) lone.push_back(key);
    selection.columns.emplace(instance, selection.names.size());
    selection.names.push_back(story.model->name(instance));
  }
  if (selection.others) selection.names.push_back("others");
}

Selection select(const Story& story, std::size_t rows) {
  Selection selection;
  std::vector<std::size_t> steps(story.way.size());
  std::iota(steps.begin(), steps.end(), std::size_t{0});
  if (rows != 0 && steps.size() > rows && !story.stuck.empty()) {
    const std::vector<std::uint32_t> locks = locks_of_the_stuck(story);
    std::erase_if(steps, [&](std::size_t i) { return !std::binary_search(locks.begin(), locks.end(), step_of(story, i).lock); });
  }
  // Columns for the threads of the rows that will be there, which are fewer than the steps where runs are taken together.
  const std::size_t looked_at = rows != 0 && steps.size() > rows * 64 ? rows * 64 : steps.size();
  steps.erase(steps.begin(), steps.end() - static_cast<std::ptrdiff_t>(looked_at));
  choose_columns(story, steps, selection);
  for (const std::size_t i : steps) {
    const bool own_column = selection.columns.contains(story.way[i].instance), waits = story.way[i].outcome == Outcome::kWaits;
    if (!own_column && waits && !selection.rows.empty()) {
      StoryRow& before = selection.rows.back();
      if (!selection.columns.contains(story.way[before.last].instance) && row_key(story, before.last) == row_key(story, i)) {
        before.last = i;
        ++before.count;
        continue;
      }
    }
    selection.rows.push_back({i, i, 1});
  }
  if (rows != 0 && selection.rows.size() > rows) selection.rows.erase(selection.rows.begin(), selection.rows.end() - static_cast<std::ptrdiff_t>(rows));
  std::size_t shown = 0;
  for (const StoryRow& row : selection.rows) shown += row.count;
  selection.whole = shown == story.way.size();
  return selection;
}

/// The table's rows, and for each the locks after it.
struct StoryTable {
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> labels, locks;
};

std::vector<Cell> table_row(const Story& story, const Selection& selection, const StoryRow& row, bool granted, bool with_sites) {
  const Happened& happened = story.way[row.last];
  const auto within = [&](std::size_t step) { return step >= row.first && step <= row.last; };
  const bool no_return = story.no_return && within(*story.no_return), caught = !story.stuck.empty() && within(story.deadlock_at);
  std::vector<Cell> cells;
  cells.push_back({row.count == 1 ? std::to_string(row.first + 1) : fmt::format("{}–{}", row.first + 1, row.last + 1), Style::kDim, true});
  cells.push_back({caught ? "deadlock" : no_return ? "no return" : "", Style::kAlarm});
  const auto column = selection.columns.find(happened.instance);
  for (std::size_t i = 0; i < selection.names.size(); ++i) {
    const bool own = column == selection.columns.end() ? selection.others && i + 1 == selection.names.size() : i == column->second;
    std::string text = own ? cell_text(story, happened, granted, with_sites) : "";
    if (own && column == selection.columns.end()) {
      text = story.model->name(story.way[row.first].instance) + (row.count > 1 ? fmt::format(" and {} more", with_separators(row.count - 1)) : "") + ": " + text;
    }
    cells.push_back({text, happened.outcome == Outcome::kWaits ? Style::kWarning : Style::kPlain});
  }
  return cells;
}

StoryTable table_of(const Story& story, const Selection& selection, bool with_sites) {
  StoryTable table;
  std::vector<std::vector<Cell>>& rows = table.rows;
  rows.push_back({{"step", Style::kDim, true}, {"", Style::kPlain}});
  for (const std::string& name : selection.names) rows[0].push_back({name, Style::kBold});
  table.locks.push_back("locks after it");
  table.labels.emplace_back();
  std::vector<bool> granted(story.way.size(), false), waited(story.model->instances().size(), false);
  for (std::size_t i = 0; i < story.way.size(); ++i) {
    const Happened& happened = story.way[i];
    granted[i] = waited[happened.instance];
    waited[happened.instance] = happened.outcome == Outcome::kWaits || happened.outcome == Outcome::kSleeps || (granted[i] && happened.outcome == Outcome::kWoke);
  }
  std::size_t next = 0;
  const auto wanted = [&](std::size_t step) { return next < selection.rows.size() && selection.rows[next].last == step; };
  walk(story, wanted, [&](std::size_t, const std::vector<LockView>& views) {
    const StoryRow& row = selection.rows[next++];
    rows.push_back(table_row(story, selection, row, granted[row.last], with_sites));
    table.labels.push_back(rows.back()[0].text);
    const std::uint32_t site = step_of(story, row.last).site;
    const std::string place = with_sites || site == 0 ? "" : "at " + story.program->sites[site] + (views.empty() ? "" : "; then ");
    table.locks.push_back(place + views_text(*story.program, views));
  });
  return table;
}

std::size_t width_of(const std::vector<std::vector<Cell>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text) + 2);
  }
  return std::accumulate(widths.begin(), widths.end(), std::size_t{2});
}

/// Beside the steps where the page is wide enough, below them where it is not.
void story_rows(Page& page, const Story& story, std::size_t rows) {
  const Selection selection = select(story, rows);
  if (!selection.whole) {
    page.line(fmt::format("  {} of {} steps{} (--rows 0 shows all)", counted(selection.rows.size(), "row", "rows"), with_separators(story.way.size()),
                          story.stuck.empty() ? ", the last" : ", the last on the locks of the deadlock"), Style::kDim);
  }
  StoryTable table = table_of(story, selection, true);
  if (width_of(table.rows) > page.width()) table = table_of(story, selection, false);
  const std::size_t steps_width = width_of(table.rows);
  std::size_t locks_width = 0;
  for (const std::string& locks : table.locks) locks_width = std::max(locks_width, display_width(locks));
  const bool beside = steps_width + locks_width <= page.width();
  for (std::size_t i = 0; i < table.rows.size() && beside; ++i) table.rows[i].push_back({table.locks[i], Style::kDim});
  page.table(2, table.rows);
  page.blank();
  if (beside) return;
  page.line("  locks after each step", Style::kDim);
  for (std::size_t i = 1; i < table.locks.size(); ++i) page.paragraph(padded_left(table.labels[i], 6), kLabelColumn, table.locks[i], Style::kDim);
  page.blank();
}

void conclusion(Page& page, const Story& story) {
  if (story.stuck.empty()) {
    if (story.kind == StoryKind::kRecorded) {
      page.line("  Nobody was stuck at the end of what was recorded.");
    } else if (!story.bound.empty()) {
      page.paragraph("", 2, "No deadlock was found within " + story.bound + "; beyond that nothing is known.");
    } else {
      page.line("  No interleaving of these threads ends in a deadlock: all were searched.", Style::kGood);
    }
    return;
  }
  std::vector<std::string> names;
  for (const std::uint32_t instance : story.stuck) {
    if (names.size() < 6) names.push_back(story.model->name(instance));
  }
  if (story.stuck.size() > names.size()) names.push_back(fmt::format("{} more", story.stuck.size() - names.size()));
  page.paragraph("Stuck", kLabelColumn, joined(names), Style::kAlarm);
  if (story.caught > story.stuck.size()) {
    page.paragraph("Behind", kLabelColumn, fmt::format("{} were stuck in all at the end of what was recorded", counted(story.caught, "thread", "threads")));
  }
  if (story.no_return) {
    page.paragraph("From", kLabelColumn,
                   fmt::format("step {} on not every thread can finish, whatever the others do; the deadlock is there at step {}.", *story.no_return + 1,
                               story.deadlock_at + 1));
  } else if (!story.no_return_known) {
    page.paragraph("From", kLabelColumn, "which step on it could not be avoided was not decided within the limit.");
  }
  if (story.divergences > 0) {
    page.paragraph("Note", kLabelColumn, fmt::format("{} as recorded did not fit the model and were left out.", counted(story.divergences, "move", "moves")));
  }
}

}  // namespace

std::string way_text(const Program& program, const std::vector<Happened>& way) {
  const Model model(program);
  std::string text;
  for (const Happened& happened : way) {
    if (!text.empty()) text += " · ";
    text += model.name(happened.instance) + " " + to_string(program, model.thread_of(happened.instance).steps[happened.step], false);
    if (const std::string_view outcome = outcome_text(happened.outcome); !outcome.empty()) text += fmt::format(" ({})", outcome);
  }
  return text;
}

std::string story_text(const LocksInput& input, const Story& story, const LocksReportOptions& options) {
  Page page(options.text.width, options.text.colour);
  print_locks_head(page, input, kind_text(story.kind));
  story_rows(page, story, options.rows);
  conclusion(page, story);
  return page.take();
}

std::string explain_text(const LocksInput& input, const Story& story, const LocksReportOptions& options) {
  Page page(options.text.width, options.text.colour);
  print_locks_head(page, input, story.predicted ? "did not happen here; the shortest way into it" : kind_text(story.kind));
  if (!story.stuck.empty()) {
    page.paragraph("Way", kLabelColumn, counted(story.way.size(), "step", "steps") + ": " + way_text(*story.program, story.way));
    page.blank();
    story_rows(page, story, 0);
  }
  conclusion(page, story);
  return page.take();
}

}  // namespace tailback::analyze
